/** The real command in a child process, in a place of its own: what a user would type, and what came of it. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { RunRecord, RunResult } from '../../src/model/run.ts'

/** The command itself. */
export const launcher = join(resolve(import.meta.dirname, '../..'), 'quarry')

/** What a command printed as JSON. */
export function jsonOf<T>({ stdout, stderr, exitCode }: Ended): T {
  try {
    return JSON.parse(stdout) as T
  } catch {
    throw new Error(`no JSON (exit ${exitCode}):\n${stdout}\n${stderr}`)
  }
}

export interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly pid: number
  readonly done: Promise<Ended>
  /** Resolves when standard error has matched. */
  saw(pattern: RegExp): Promise<void>
  kill(signal: NodeJS.Signals): void
}

/** A workplace with a state directory and a runs directory of its own; disposing removes it. */
export interface Workplace extends Disposable {
  readonly path: string
  readonly runs: string
  write(name: string, text: string): string
  start(...words: string[]): Started
  /** As `start`, in front of it the words of another command, such as setpriv. */
  startUnder(wrapper: readonly string[], ...words: string[]): Started
  quarry(...words: string[]): Promise<Ended>
  /** `quarry run --json`: the printed object and the exit code. */
  run(
    ...words: string[]
  ): Promise<{ readonly result: RunResult; readonly exitCode: number | null; readonly stderr: string }>
  /** Records of all runs made here, oldest first. */
  records(): RunRecord[]
}

/** Makes a workplace; `environment` is added to that of every command. */
export function workplace(environment: Readonly<Record<string, string>> = {}): Workplace {
  const path = mkdtempSync(join(tmpdir(), 'quarry-test-'))
  const runs = join(path, 'runs')
  const env = { ...process.env, XDG_STATE_HOME: join(path, 'state'), QUARRY_RUNS: runs, ...environment }
  const startUnder = (wrapper: readonly string[], ...words: string[]): Started => {
    const [program = '', ...args] = [...wrapper, launcher, ...words]
    const child = spawn(program, args, { cwd: path, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    const waiting: { pattern: RegExp; resolve: () => void }[] = []
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      for (const one of waiting) if (one.pattern.test(stderr)) one.resolve()
    })
    const done = new Promise<Ended>((settle, reject) => {
      child.once('error', reject)
      child.once('close', (exitCode, signal) => settle({ exitCode, signal, stdout, stderr }))
    })
    return {
      pid: child.pid ?? 0,
      done,
      saw: async (pattern) => {
        const seen = new Promise<void>((resolve) => {
          waiting.push({ pattern, resolve })
          if (pattern.test(stderr)) resolve()
        })
        const ended = done.then((end) => {
          if (!pattern.test(end.stderr))
            throw new Error(`quarry ended without ${pattern}:\n${end.stderr}\n${end.stdout}`)
        })
        await Promise.race([seen, ended])
      },
      kill: (signal) => child.kill(signal),
    }
  }
  const start = (...words: string[]): Started => startUnder([], ...words)
  return {
    path,
    runs,
    start,
    startUnder,
    write: (name, text) => {
      writeFileSync(join(path, name), text)
      return join(path, name)
    },
    quarry: (...words) => start(...words).done,
    run: async (...words) => {
      const ended = await start('run', ...words, '--json').done
      return { result: jsonOf<RunResult>(ended), exitCode: ended.exitCode, stderr: ended.stderr }
    },
    records: () =>
      (existsSync(runs) ? readdirSync(runs) : [])
        .toSorted((a, b) => a.localeCompare(b))
        .map((id) => JSON.parse(readFileSync(join(runs, id, 'run.json'), 'utf8')) as RunRecord),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}
