/** Reference from the past: what the ladder saw on the healthy system of an earlier run that passed. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EvidenceWriter } from '../evidence/writer.ts'
import type { CaptureRecord } from '../model/run.ts'
import { latestRun } from '../store/run-directory.ts'
import { copyEvidence } from './copy-evidence.ts'
import type { Journal } from './journal.ts'

/** What a run saw itself: what it took over from an earlier one would be handed on for ever, and grow. */
const isOwn = ({ id }: CaptureRecord): boolean => id.startsWith('reference-')

/**
 * Lays the references of the latest passing run of the same definition beside this run's own; says so when there is none.
 * The same definition is a file of the same name and text, wherever it lies and whatever its parameters were.
 */
export async function importPassingRun(
  journal: Journal,
  writer: EvidenceWriter,
  root: string,
): Promise<void> {
  const { definition, id } = journal.record
  const text = await definitionOf(join(root, id))
  const passing = await latestRun(
    root,
    definition,
    async ({ verdict, captures }, directory) =>
      verdict === 'pass' && captures.some(isOwn) && (await definitionOf(directory)) === text,
  )
  if (passing === undefined) {
    journal.event('note', 'passing-runs', `no earlier run of ${definition} passed and left a reference`)
    return
  }
  const captures = passing.record.captures.filter(isOwn)
  // Only what the ladder saw: metrics of another time would be taken for this run's own.
  const rows = { directory: passing.directory, captures, node: null, from: 1n, to: 0n }
  await copyEvidence(rows, 'passing-1', 0n, writer)
  const [first] = captures
  if (first === undefined) return
  const rungs = captures.flatMap((capture) => capture.rungs)
  journal.update({ captures: [...journal.record.captures, { ...first, id: 'passing-1', rungs }] })
  journal.event('note', 'passing-1', `the reference of run ${passing.record.id}`)
}

/** The text of a run's definition, before its parameters were filled in; empty when there is none. */
const definitionOf = (directory: string): Promise<string> =>
  readFile(join(directory, 'definition.yaml'), 'utf8').catch(() => '')
