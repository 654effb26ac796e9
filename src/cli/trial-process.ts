/** A trial of a hunt as a process of its own: `quarry run`, so that whoever reads its directory sees a run as any other. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProcess } from '../base/process.ts'
import { PARENT } from './parent.ts'

/** Time for collecting and tearing down after it was stopped. */
const GRACE_MS = 120_000

export interface TrialRun {
  readonly definition: string
  /** `name=value`. */
  readonly parameters: readonly string[]
  readonly secrets: string | undefined
  /** Where its run directory is made. */
  readonly directory: string
}

/** Resolves when the run has ended; what it printed is beside it, in `output.txt`. */
export async function runTrial(
  { definition, parameters, secrets, directory }: TrialRun,
  signal: AbortSignal,
): Promise<void> {
  mkdirSync(directory, { recursive: true })
  const words = ['run', definition, '--runs', directory, '--as-is', '--plain', '--json']
  const given = parameters.flatMap((parameter) => ['-p', parameter])
  const secret = secrets === undefined ? [] : ['--secrets', secrets]
  const main = join(import.meta.dirname, 'main.ts')
  await using running = await startProcess([process.execPath, main, ...words, ...given, ...secret], {
    signal,
    env: { [PARENT]: String(process.pid) },
    graceMs: GRACE_MS,
    maxBytes: 2 ** 20,
  })
  const { stderr, exitCode } = await running.done
  writeFileSync(join(directory, 'output.txt'), stderr)
  const last = stderr.trim().split('\n').at(-1) ?? ''
  // It says so itself when it could not even begin.
  if (exitCode === 64 || exitCode === 70) throw new Error(last)
}
