/** Undoing whatever killed runs left behind, and ending their records as `unknown` with what was saved. */
import { existsSync } from 'node:fs'
import { readdir, readlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { readLedger, settleLedger } from '../node/ledger.ts'
import { openRunsDirectory, readRunRecord } from '../store/run-directory.ts'

export interface Swept {
  readonly run: string
  readonly directory: string
  /** `alive`: its process still runs and it was left alone. */
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
    const directory = await readlink(link)
    const result = await sweepRun(run, directory)
    if (result.status === 'swept' || result.status === 'gone') await unlink(link)
    results.push(result)
  }
  return results
}

async function sweepRun(run: string, directory: string): Promise<Swept> {
  const ledger = join(directory, 'undo.jsonl')
  // Killed before its first effect, or removed by its owner.
  const state = existsSync(ledger) ? readLedger(ledger) : undefined
  if (state?.alive === true) return { run, directory, status: 'alive', sentences: [] }
  const sentences = state === undefined ? [] : await settleLedger(ledger, state)
  if (!existsSync(directory)) return { run, directory, status: 'gone', sentences }
  if (sentences.some((sentence) => sentence.startsWith('could not'))) {
    return { run, directory, status: 'failed', sentences }
  }
  await endRecord(directory)
  return { run, directory, status: 'swept', sentences }
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
  writeFileSync(join(directory, 'run.json'), `${JSON.stringify(ended, null, 2)}\n`)
}
