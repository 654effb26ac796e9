import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { load } from '../../test/harness/definition.ts'
import { systemClock } from '../base/clock.ts'
import { openEvidence } from '../evidence/query.ts'
import { openEvidenceWriter } from '../evidence/writer.ts'
import type { CaptureRecord } from '../model/run.ts'
import type { Verdict } from '../model/verdict.ts'
import { createRunDirectory } from '../store/run-directory.ts'
import { openJournal } from './journal.ts'
import { importPassingRun } from './passing-run.ts'

const clock = systemClock()
const text = 'workload: {phases: [{wait: {module: sleep, properties: {duration: 1s}}}]}\n'
const { definition, problems } = load(text)

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'quarry-passing-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function openRun(id: string, file: string, source: string) {
  if (definition === undefined) throw new Error(`no definition: ${problems[0]?.message}`)
  const directory = await createRunDirectory(root, id, (error) => {
    throw error
  })
  directory.write('definition.yaml', source)
  const journal = openJournal(directory, { ...definition, file }, clock, () => undefined)
  return { directory, journal }
}

/** A run that ended, with one row in each of its captures: the id of its run. */
async function leave(
  id: string,
  verdict: Verdict,
  captures: readonly string[],
  file = 'd.yaml',
  source = text,
) {
  const { directory, journal } = await openRun(id, file, source)
  await using writer = openEvidenceWriter(directory.path, { clock })
  for (const capture of captures)
    writer
      .sink({ node: 'server/0', collector: 'facts', capture })
      .add('facts', { ts: 1n, key: `${capture} of ${id}`, value: '' })
  const role = 'reference'
  const captured = captures.map((capture): CaptureRecord => ({
    id: capture,
    role,
    symptom: null,
    from: '0',
    to: '2',
    targets: [],
    rungs: [],
  }))
  journal.update({ verdict, captures: captured })
}

/** What the next run takes over. */
async function imported(file = 'd.yaml'): Promise<{ captures: string[]; keys: string[] }> {
  const { directory, journal } = await openRun('20261121-130000-d-ffff', file, text)
  {
    await using writer = openEvidenceWriter(directory.path, { clock })
    await importPassingRun(journal, writer, root)
  }
  await using evidence = await openEvidence(directory.path)
  const rows = await evidence.rows<{ key: string }>(
    `SELECT key FROM facts WHERE capture = 'passing-1' ORDER BY key`,
  )
  return { captures: journal.record.captures.map(({ id }) => id), keys: rows.map(({ key }) => key) }
}

test('what the latest passing run saw itself is taken over, not what it had taken over', async () => {
  await leave('20261121-100000-d-0001', 'pass', ['reference-1'])
  await leave('20261121-110000-d-0002', 'pass', ['reference-1', 'passing-1'])
  await leave('20261121-120000-d-0003', 'fail', ['reference-1'])
  expect(await imported()).toEqual({
    captures: ['passing-1'],
    keys: ['reference-1 of 20261121-110000-d-0002'],
  })
})

test('a definition is known by its name and text, from wherever it was run', async () => {
  await leave('20261121-100000-d-0001', 'pass', ['reference-1'], 'nightly/d.yaml')
  await leave('20261121-110000-d-0002', 'pass', ['reference-1'], 'd.yaml', `# Of another system.\n${text}`)
  await leave('20261121-120000-d-d-0003', 'pass', ['reference-1'], 'd-d.yaml')
  expect((await imported('../d.yaml')).keys).toEqual(['reference-1 of 20261121-100000-d-0001'])
})

test('without such a run nothing is taken over, and the timeline says so', async () => {
  await leave('20261121-100000-d-0001', 'pass', ['passing-1'])
  expect(await imported()).toEqual({ captures: [], keys: [] })
  const events = await readFile(join(root, '20261121-130000-d-ffff', 'events.jsonl'), 'utf8')
  expect(events).toContain('no earlier run of d.yaml passed and left a reference')
})
