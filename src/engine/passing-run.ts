/** Reference from the past: what the ladder saw on the healthy system of an earlier run that passed. */
import type { EvidenceWriter } from '../evidence/writer.ts'
import { latestRun } from '../store/run-directory.ts'
import { copyEvidence } from './copy-evidence.ts'
import type { Journal } from './journal.ts'

/** Lays the references of the latest passing run of the same definition beside this run's own; says so when there is none. */
export async function importPassingRun(
  journal: Journal,
  writer: EvidenceWriter,
  root: string,
): Promise<void> {
  const { definition } = journal.record
  const passing = await latestRun(
    root,
    definition,
    ({ verdict, captures }) => verdict === 'pass' && captures.some(({ role }) => role === 'reference'),
  )
  if (passing === undefined) {
    journal.event('note', 'passing-runs', `no earlier run of ${definition} passed and left a reference`)
    return
  }
  const captures = passing.record.captures.filter(({ role }) => role === 'reference')
  // Only what the ladder saw: metrics of another time would be taken for this run's own.
  const rows = { directory: passing.directory, captures, node: null, from: 1n, to: 0n }
  await copyEvidence(rows, 'passing-1', 0n, writer)
  const [first] = captures
  if (first === undefined) return
  const rungs = captures.flatMap((capture) => capture.rungs)
  journal.update({ captures: [...journal.record.captures, { ...first, id: 'passing-1', rungs }] })
  journal.event('note', 'passing-1', `the reference of run ${passing.record.id}`)
}
