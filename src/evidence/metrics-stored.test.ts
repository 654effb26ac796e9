import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SeriesSource } from '../model/series.ts'
import { createMetricStore } from './metrics.ts'
import { seriesFromEvidence } from './metrics-stored.ts'
import { evaluate, parsePromql, type Value } from './promql/index.ts'
import { labelsKey } from './promql/labels.ts'
import { openEvidence } from './query.ts'
import { openEvidenceWriter } from './writer.ts'

const startMs = 1_700_000_000_000
const clock = { now: () => BigInt(startMs) * 1_000_000n, nowMs: () => startMs }

let run: string
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'quarry-metrics-'))
})
afterEach(() => rm(run, { recursive: true }))

/** Samples in the order of their labels. */
function value(source: SeriesSource, text: string, second: number): Value {
  const parsed = parsePromql(text)
  if ('problems' in parsed) throw new Error('it is valid')
  const result = evaluate(parsed.expr, source, startMs + second * 1000)
  if (result.type === 'scalar') return result
  const samples = result.samples.toSorted((a, b) => (labelsKey(a.labels) < labelsKey(b.labels) ? -1 : 1))
  return { type: 'vector', samples }
}

test('what was drained gives the same answers as what is in memory', async () => {
  const store = createMetricStore({ retentionMs: 3_600_000 })
  await using writer = openEvidenceWriter(run, { clock })
  for (const node of ['server/0', 'server/1']) {
    const tick = store.source({ node })
    const handles = ['a"b', '日本', ''].map((mode) =>
      tick.sink.series('work_total', { mode, __proto__x: '1' }),
    )
    const brief = tick.sink.series('brief')
    for (let second = 0; second <= 120; second++) {
      tick.begin(startMs + second * 1000 + 0.25)
      for (const [index, handle] of handles.entries()) handle.set(second * (index + 1))
      if (second < 30 || second > 100) brief.set(second === 5 ? Number.NaN : second)
      tick.end()
      if (second % 50 === 0) {
        store.drain((of) => writer.sink({ node: of, collector: 'sampler', capture: '' }))
        await writer.flush()
      }
    }
  }
  store.drain((of) => writer.sink({ node: of, collector: 'sampler', capture: '' }))
  await writer.flush()

  await using evidence = await openEvidence(run)
  const stored = await seriesFromEvidence(evidence, { silenceMs: 3000 })
  for (const [text, second] of [
    ['sum by (mode, node) (rate(work_total[1m]))', 90],
    ['work_total', 120],
    ['avg_over_time(brief[2m]) or brief', 29],
    ['brief', 40],
    ['brief', 110],
    ['count(brief) or vector(0)', 110],
  ] as const) {
    expect(value(stored, text, second + 0.5)).toEqual(value(store, text, second + 0.5))
  }

  const some = await seriesFromEvidence(evidence, {
    metrics: ['brief'],
    fromMs: startMs + 10_000,
    toMs: startMs + 20_000,
  })
  expect(value(some, 'count_over_time({__name__=~".+", node="server/0"}[5m])', 121)).toMatchObject({
    samples: [{ value: 10 }],
  })
  expect(value(await seriesFromEvidence(evidence, { metrics: [] }), '{node=~".+"}', 60)).toMatchObject({
    samples: [],
  })

  await using several = await openEvidence([{ name: 'one', directory: run }])
  expect(value(await seriesFromEvidence(several), 'count by (run) (work_total)', 120)).toEqual({
    type: 'vector',
    samples: [{ labels: { run: 'one' }, value: 6 }],
  })
})
