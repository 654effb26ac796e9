import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { openEvidence } from '../evidence/query.ts'
import { openEvidenceWriter } from '../evidence/writer.ts'
import type { CaptureRecord } from '../model/run.ts'
import { copyEvidence } from './copy-evidence.ts'

const clock = systemClock()
let place = ''
const from = (): string => join(place, 'from')

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'quarry-copy-'))
  await using writer = openEvidenceWriter(from(), { clock })
  for (const [node, capture, key] of [
    ['server/0', 'sick-1', 'captured'],
    ['server/1', 'sick-1', 'captured elsewhere'],
    ['server/0', "o'clock", 'captured under a strange id'],
    ['server/0', '', 'observed'],
  ] as const)
    writer.sink({ node, collector: 'facts', capture }).add('facts', { ts: 10n, key, value: '' })
})
afterAll(() => rm(place, { recursive: true, force: true }))

const captureOf = (id: string): CaptureRecord => ({
  id,
  role: 'sick',
  symptom: null,
  from: '0',
  to: null,
  targets: [],
  rungs: [],
})

async function copied(ids: readonly string[], node: string | null, window: readonly [bigint, bigint]) {
  const to = await mkdtemp(join(place, 'to-'))
  const rows = { directory: from(), captures: ids.map(captureOf), node, from: window[0], to: window[1] }
  let count = 0
  {
    await using writer = openEvidenceWriter(to, { clock })
    count = await copyEvidence(rows, 'reference-1', 5n, writer)
  }
  await using evidence = await openEvidence(to)
  const found = await evidence.rows('SELECT ts, capture, key FROM facts ORDER BY key')
  expect(found).toHaveLength(count)
  return found
}

test('rows of captures get the new capture id, those of continuous observation none, and both are moved', async () => {
  expect(await copied(['sick-1'], 'server/0', [0n, 20n])).toEqual([
    { ts: 15n, capture: 'reference-1', key: 'captured' },
    { ts: 15n, capture: '', key: 'observed' },
  ])
})

test('a stretch of time without rows gives none', async () => {
  expect(await copied([], null, [11n, 20n])).toEqual([])
})

test('ids and nodes of a run.json are data, not SQL', async () => {
  expect(await copied(["o'clock"], null, [1n, 0n])).toMatchObject([{ key: 'captured under a strange id' }])
  expect(await copied(["') OR true --"], null, [1n, 0n])).toEqual([])
  expect(await copied(['sick-1'], "' OR ''='", [1n, 0n])).toEqual([])
})
