/** Series that exercise what PromQL is particular about: resets, gaps, staleness, odd values, odd labels. */
import type { Labels, SeriesData } from '../../src/model/series.ts'
import { seededRandom } from '../../src/base/random.ts'

/** All samples lie in the half hour from here; off every round number. */
export const samplesFromMs = 1_700_000_000_123
export const samplesToMs = samplesFromMs + 30 * 60_000

/** Prometheus' stale marker, which arithmetic would turn into another NaN. */
const stale = new Float64Array(Uint32Array.of(2, 0x7ff00000).buffer)

class Recording {
  readonly series: SeriesData[] = []
  private readonly random = seededRandom(20260901)

  /** One sample every `everyMs`, some of them off by `jitterMs`; `undefined` leaves a gap, `stale` ends the series. */
  add(
    labels: Labels,
    everyMs: number,
    jitterMs: number,
    valueAt: (index: number) => number | 'stale' | undefined,
  ): void {
    const length = Math.floor((samplesToMs - samplesFromMs) / everyMs)
    const times = new Float64Array(length)
    const values = new Float64Array(length)
    let kept = 0
    for (let index = 0; index < length; index++) {
      const value = valueAt(index)
      if (value === undefined) continue
      times[kept] = samplesFromMs + index * everyMs + (jitterMs === 0 ? 0 : this.random.below(jitterMs))
      if (value === 'stale') values.set(stale, kept)
      else values[kept] = value
      kept++
    }
    this.series.push({ labels, times, values, length: kept })
  }

  /** A walk of steps between -1 and 1, to four digits so that few sums depend on their order. */
  walk(start: number): () => number {
    let value = start
    return () => {
      value += Math.round((this.random.next() * 2 - 1) * 1e4) / 1e4
      return value
    }
  }

  /** Grows by up to `most`, and starts over every `lifetime` samples. */
  count(most: number, lifetime: number): (index: number) => number {
    let value = 0
    return (index) => {
      if (index > 0 && index % lifetime === 0) value = 0
      value += this.random.below(most)
      return value
    }
  }
}

const special = [
  Number.NaN,
  1,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e300,
  -1e300,
  1e-300,
  2.5,
  Number.NaN,
  -7,
]

/** The order in which Prometheus goes through series: by label names and values, in the order of the names. */
function compareLabels(a: Labels, b: Labels): number {
  const [left, right] = [a, b].map((labels) =>
    Object.entries(labels)
      .toSorted(([x], [y]) => (x < y ? -1 : 1))
      .flat(),
  )
  for (const [index, text] of left?.entries() ?? []) {
    const other = right?.[index] ?? ''
    if (text !== other) return text < other ? -1 : 1
  }
  return -1
}

/** The same in every run; series are in the order in which Prometheus goes through them. */
export function promqlSamples(): readonly SeriesData[] {
  const recording = new Recording()
  for (const instance of ['a', 'b', 'c']) {
    for (const mode of ['user', 'system', 'idle']) {
      const labels = { __name__: 'cpu_seconds_total', instance, mode }
      recording.add(
        labels,
        10_000,
        0,
        recording.count(mode === 'idle' ? 1000 : 40, instance === 'b' ? 37 : 1e9),
      )
    }
    const walk = recording.walk(100)
    recording.add({ __name__: 'load', instance }, 15_000, 3000, walk)
    recording.add(
      { __name__: 'info', instance, version: instance === 'c' ? '2' : '1', zone: `z${instance}` },
      30_000,
      0,
      () => 1,
    )
    recording.add({ __name__: 'limit', instance }, 20_000, 5000, () => 101)
  }
  for (const probe of ['web', 'api']) {
    const walk = recording.walk(5)
    recording.add({ __name__: 'probe_duration_seconds', probe, node: 'n/0' }, 1000, 0, walk)
    recording.add({ __name__: 'probe_success', probe, node: 'n/0' }, 5000, 0, (index) =>
      Number(index % 7 > 2),
    )
  }
  recording.add({ __name__: 'sparse', kind: 'slow' }, 240_000, 0, recording.walk(3))
  recording.add({ __name__: 'sparse', kind: 'slower' }, 301_000, 0, recording.walk(3))
  recording.add({ __name__: 'gaps', kind: 'regular' }, 10_000, 0, (index) =>
    index % 50 < 30 ? index * 1.5 : undefined,
  )
  recording.add({ __name__: 'gaps', kind: 'ended' }, 10_000, 0, (index) =>
    index < 90 ? index : index === 90 ? 'stale' : undefined,
  )
  recording.add({ __name__: 'gaps', kind: 'silent' }, 10_000, 0, (index) =>
    index < 100 ? -index : undefined,
  )
  recording.add({ __name__: 'gaps', kind: 'flapping' }, 7000, 0, (index) =>
    index % 12 === 5 ? 'stale' : index % 12 === 6 ? undefined : index % 5,
  )
  recording.add({ __name__: 'once', kind: 'single' }, 10_000, 0, (index) => (index === 60 ? 42.5 : undefined))
  recording.add({ __name__: 'odd', kind: 'special' }, 10_000, 0, (index) => special[index % special.length])
  recording.add({ __name__: 'odd', kind: 'nan' }, 10_000, 0, () => Number.NaN)
  recording.add({ __name__: 'odd', kind: 'inf' }, 10_000, 0, () => Number.POSITIVE_INFINITY)
  recording.add({ __name__: 'odd', kind: 'tiny' }, 10_000, 0, (index) => index * 1e-300)
  recording.add({ __name__: 'odd', kind: 'plain' }, 10_000, 0, (index) => 3 - index / 7)
  recording.add({ __name__: 'twin_a', kind: 'x' }, 10_000, 0, (index) => index)
  recording.add({ __name__: 'twin_b', kind: 'x' }, 10_000, 0, (index) => index + 0.25)
  recording.add(
    { __name__: 'weird', path: 'a"b\\c\nd', tongue: '日本語 🎉', __proto__x: '1' },
    10_000,
    0,
    (index) => index,
  )
  recording.add(
    { __name__: 'weird', path: 'x=1,y:2', constructor: 'c', Upper: 'Ü' },
    10_000,
    0,
    (index) => index * 2,
  )
  return recording.series.toSorted((a, b) => compareLabels(a.labels, b.labels))
}
