/** Runs the kernel's own makefiles, and says how far they are. */
import { availableParallelism } from 'node:os'
import { formatDuration } from '../../base/duration.ts'
import { UserError } from '../../base/errors.ts'
import { linesOf } from '../../base/lines.ts'
import { runProcess, startProcess } from '../../base/process.ts'
import { abortReason } from '../../base/abort.ts'
import type { KernelOptions } from './options.ts'

/** The same kernel from the same source on any day and any host. */
const REPRODUCIBLE = {
  KBUILD_BUILD_USER: 'quarry',
  KBUILD_BUILD_HOST: 'quarry',
  KBUILD_BUILD_VERSION: '1',
  KBUILD_BUILD_TIMESTAMP: 'Mon Jan  1 00:00:00 UTC 2024',
  LC_ALL: 'C',
  // Those of a make around this process are not for us.
  MAKEFLAGS: '',
}

/** Least time between two reports of progress, in ms. */
const REPORT_MS = 5000

/** Lines kept of what went wrong. */
const MOST_LINES = 400

export interface MakeOptions extends KernelOptions {
  readonly directory: string
  /** Appended to the version, such as `-3fa9c1d2`. */
  readonly suffix: string
}

/** Makes targets without a word. Throws with what make said when they fail. */
export async function makeQuietly(
  targets: readonly string[],
  { directory, suffix, signal }: MakeOptions,
): Promise<string> {
  const command = ['make', '-s', `LOCALVERSION=${suffix}`, ...targets]
  const result = await runProcess(command, { cwd: directory, env: REPRODUCIBLE, signal })
  if (result.ok) return result.stdout
  throw new UserError(`${command.join(' ')} failed: ${lastWords(result.stderr.split('\n'))}`, {
    code: 'QUARRY_KERNEL_BUILD',
    remedy: `see all of it: make -C ${directory} ${targets.join(' ')}`,
  })
}

/** How many files a build from nothing compiles: what make would do, had it to. A little less than there will be. */
export async function countSteps(targets: readonly string[], options: MakeOptions): Promise<number> {
  const command = ['make', '-n', `LOCALVERSION=${options.suffix}`, ...targets]
  const { directory, signal } = options
  // It fails at the first target that only exists once others have been made; by then most have been named.
  const { stdout } = await runProcess(command, {
    cwd: directory,
    env: REPRODUCIBLE,
    signal,
    maxBytes: 128 * 2 ** 20,
  })
  return stdout.match(/echo '\s+(?:CC|AS)\s/g)?.length ?? 0
}

/** Compiles. `steps` is how many files that are expected to be, where it is known. Gives how many there were. */
export async function compile(
  targets: readonly string[],
  steps: number | undefined,
  options: MakeOptions,
): Promise<number> {
  const { directory, suffix, signal, progress } = options
  // One more than there are processors: some always wait for a file or for each other.
  const command = ['make', `-j${availableParallelism() + 1}`, `LOCALVERSION=${suffix}`, ...targets]
  const startedMs = performance.now()
  const running = await startProcess(command, { cwd: directory, env: REPRODUCIBLE, signal })
  let count = 0
  let reportedMs = startedMs
  const errors: string[] = []
  const readOutput = async (): Promise<void> => {
    for await (const lines of linesOf(running.stdout, 1000)) {
      count += lines.filter((line) => /^\s+(?:CC|AS)\s/.test(line)).length
      if (performance.now() - reportedMs < REPORT_MS) continue
      reportedMs = performance.now()
      const of = steps === undefined ? '' : ` of about ${Math.max(steps, count)}`
      progress(`compiled ${count}${of} files in ${formatDuration(reportedMs - startedMs)}`)
    }
  }
  const readErrors = async (): Promise<void> => {
    for await (const lines of linesOf(running.stderr, 1000)) {
      if (errors.length < MOST_LINES) errors.push(...lines)
    }
  }
  await Promise.all([readOutput(), readErrors()])
  const { ok } = await running.done
  if (signal.aborted) throw abortReason(signal)
  if (ok) return count
  throw new UserError(`the kernel does not build: ${lastWords(errors)}`, {
    code: 'QUARRY_KERNEL_BUILD',
    remedy: `see all of it: make -C ${directory} ${targets.join(' ')}`,
  })
}

/** The errors of compilers, or else the last lines. */
function lastWords(lines: readonly string[]): string {
  const spoken = lines.filter((line) => line.trim() !== '')
  const errors = spoken.filter((line) => /\berror\b|undefined reference/i.test(line))
  return (errors.length > 0 ? errors.slice(0, 5) : spoken.slice(-5)).join('; ')
}
