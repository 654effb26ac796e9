/** Undoing whatever killed runs left behind, and ending their records as `unknown` with what was saved. */
import { existsSync } from 'node:fs'
import { readdir, readlink, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf } from '../base/errors.ts'
import { readLedger, settleLedger } from '../node/ledger.ts'
import type { LedgerState } from '../node/ledger.ts'
import { cgroupFor } from '../node/run-cgroup.ts'
import { openRunsDirectory, readRunRecord } from '../store/run-directory.ts'
import { keptGroups, keptId, keptLedger, undoKept } from '../store/kept-groups.ts'
import { releaseSpace, runFiles } from '../store/run-files.ts'

export interface Swept {
  readonly run: string
  readonly directory: string
  /** `alive`: its process still runs, or cannot be seen from here, and it was left alone. */
  readonly status: 'swept' | 'alive' | 'failed' | 'gone'
  /** One sentence for each effect. */
  readonly sentences: readonly string[]
}

/** Sweeps every run that this user ever began and whose process is gone. Doing it twice does no harm. */
export async function sweep(): Promise<Swept[]> {
  const open = openRunsDirectory()
  const results: Swept[] = []
  for (const run of (await readdir(open).catch((): string[] => [])).toSorted()) {
    const link = join(open, run)
    const directory = await readlink(link).catch(() => undefined)
    // Not ours, or swept by somebody else meanwhile.
    if (directory === undefined) continue
    const result = await sweepRun(run, directory).catch((error: unknown): Swept => {
      return { run, directory, status: 'failed', sentences: [`could not sweep: ${messageOf(error)}`] }
    })
    if (result.status === 'swept' || result.status === 'gone') await rm(link, { force: true })
    results.push(result)
  }
  return results
}

/** Takes down every node group that was kept and that no run is using, without its managers. */
export async function sweepKept(): Promise<Swept[]> {
  const results: Swept[] = []
  for (const { cluster } of keptGroups()) {
    const named = { run: keptId(cluster), directory: dirname(keptLedger(cluster)) }
    const sentences = await undoKept(cluster)
    const failed = sentences?.some((sentence) => sentence.startsWith('could not')) === true
    const status = sentences === undefined ? 'alive' : failed ? 'failed' : 'swept'
    results.push({ ...named, status, sentences: sentences ?? [] })
  }
  return results
}

async function sweepRun(run: string, directory: string): Promise<Swept> {
  const ledger = join(directory, 'undo.jsonl')
  const state = existsSync(ledger) ? readLedger(ledger) : undefined
  if (state !== undefined && state.run !== run) throw new Error(`${ledger} is that of run ${state.run}`)
  if (state?.alive === true) {
    return { run, directory, status: 'alive', sentences: state.reason === undefined ? [] : [state.reason] }
  }
  const sentences = await settleLedger(ledger, state ?? withoutLedger(run))
  if (!existsSync(directory)) return { run, directory, status: 'gone', sentences }
  releaseSpace(directory)
  await endRecord(directory).catch((error: unknown) => {
    sentences.push(`could not end the record of the run: ${messageOf(error)}`)
  })
  const failed = sentences.some((sentence) => sentence.startsWith('could not'))
  return { run, directory, status: failed ? 'failed' : 'swept', sentences }
}

/** Somebody removed the directory of a run, or its ledger: what carries the name of the run can still be found. */
function withoutLedger(run: string): LedgerState {
  const cgroup = cgroupFor(run)
  const effect = { type: 'processes', run, ...(cgroup === undefined ? {} : { cgroup }) } as const
  return { run, alive: false, left: [{ id: 0, effect }] }
}

/** The run ended when its process died: `unknown`, and marked as partial. */
async function endRecord(directory: string): Promise<void> {
  const record = await readRunRecord(directory).catch(() => undefined)
  if (record === undefined || record.state === 'ended') return
  const message = `Quarry was killed in state ${record.state}; the evidence so far is kept`
  const remedy = `quarry diagnose ${directory}`
  const verdict = record.symptoms.some(({ expected }) => !expected) ? 'fail' : 'unknown'
  const ended = {
    ...record,
    verdict,
    state: 'ended',
    partial: true,
    failedDuring: record.failedDuring ?? record.state,
    errors: [...record.errors, { state: record.state, message, remedy }],
  }
  runFiles(directory, (error) => {
    throw error
  }).write('run.json', `${JSON.stringify(ended, null, 2)}\n`)
}
