/** Every command that there is: what it is for, and where its code is. Loaded one at a time, so that a start is fast. */
import type { AnyCommand } from './command.ts'

/** A verb, whose code is loaded when it is typed. */
export interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<{ readonly command: AnyCommand }>
}

/** A noun with verbs of its own, as in `quarry kernel list`. */
export interface CommandGroup {
  readonly summary: string
  readonly commands: Readonly<Record<string, CommandEntry>>
}

const kernelCommands: CommandGroup['commands'] = {
  list: {
    summary: 'what Debian offers here, and what has been fetched or built',
    load: () => import('./kernel/list.ts'),
  },
  fetch: {
    summary: 'bring a kernel of Debian into the cache; nothing is installed',
    load: () => import('./kernel/fetch.ts'),
  },
  build: {
    summary: "build a kernel from Debian's source, a configuration and patches",
    load: () => import('./kernel/build.ts'),
  },
  boot: {
    summary: 'a shell in a guest with that kernel',
    load: () => import('./kernel/boot.ts'),
  },
}

export const commands: Readonly<Record<string, CommandEntry | CommandGroup>> = {
  run: {
    summary: 'execute a definition once, here: provision, run, capture, diagnose, report',
    load: () => import('./run.ts'),
  },
  hunt: {
    summary: 'many runs until a question is answered: how often, is it gone, which version brought it',
    load: () => import('./hunt.ts'),
  },
  watch: {
    summary: 'observe until Ctrl-C, or until a symptom stops it: a flight recorder with triggers',
    load: () => import('./watch.ts'),
  },
  capture: {
    summary: 'climb the ladder now, on this host',
    load: () => import('./capture.ts'),
  },
  compare: {
    summary: 'sick against healthy: two runs, captures, nodes or windows',
    load: () => import('./compare.ts'),
  },
  diagnose: {
    summary: 'evidence to findings again, for a run that has ended or was killed',
    load: () => import('./diagnose.ts'),
  },
  sql: {
    summary: 'any question to the evidence tables of a run',
    load: () => import('./sql.ts'),
  },
  report: {
    summary: 'the case file of a run as HTML, Markdown, JSON, JUnit, or for other tools',
    load: () => import('./report.ts'),
  },
  performance: {
    summary: 'throughput and latencies of runs out of their histogram logs, side by side, with a verdict',
    load: () => import('./performance.ts'),
  },
  failures: {
    summary: 'failed runs by bug: which failed in the same way, and how often each comes',
    load: () => import('./failures.ts'),
  },
  trend: {
    summary: 'change points in the results of many nights, with what else changed there',
    load: () => import('./trend.ts'),
  },
  kernel: {
    summary: 'list, fetch, build and boot the kernels of guests',
    commands: kernelCommands,
  },
  doctor: {
    summary: 'what this host can collect and run, and what to install for the rest',
    load: () => import('./doctor.ts'),
  },
  sweep: {
    summary: 'undo whatever killed runs left behind',
    load: () => import('./sweep.ts'),
  },
  validate: {
    summary: 'every problem of a definition, with file, line and column',
    load: () => import('./validate.ts'),
  },
  schema: {
    summary: 'the JSON Schema of a definition, for editors',
    load: () => import('./schema.ts'),
  },
  docs: {
    summary: 'the reference of every component, table and command',
    load: () => import('./docs.ts'),
  },
}

/** Every command by all its words, as `kernel list`. */
export const allCommands = (): (readonly [string, CommandEntry])[] =>
  Object.entries(commands).flatMap(([name, entry]) =>
    'load' in entry
      ? [[name, entry] as const]
      : Object.entries(entry.commands).map(([verb, inner]) => [`${name} ${verb}`, inner] as const),
  )
