/**
 * Error rates of the performance verdict, beside those that it promises: how often equal systems are called different at the
 * 5 % level, for each metric; how often any of them is, after Holm's correction, which is what the verdict says; and how
 * often the interval of 95 % holds the truth. First one run of each, whose intervals resemble each other by an
 * autoregression, then several runs, each with a level of its own, judged by the runs, and, for comparison, the first of
 * each by its stretches. Seeded: the same figures on every machine. Give the number of pairs (200) as an argument.
 */
import { holm } from '../../src/diagnosis/stats/multiple.ts'
import { normal } from '../../src/diagnosis/synthetic-run.ts'
import { differencesBetweenRuns } from '../../src/report/performance/between-runs.ts'
import { differences, type Difference, type Unjudged } from '../../src/report/performance/difference.ts'
import { metrics } from '../../src/report/performance/metrics.ts'
import type { Series } from '../../src/report/performance/series.ts'
import { sketchSeries } from '../../test/harness/histogram-series.ts'

const PAIRS = Number(process.argv[2] ?? 200)
const LEVEL = 0.05
const CENTRE = 2000
const judgedMetrics = metrics.filter(({ beyond }) => beyond > 0).map(({ id }) => id)

const print = (...words: readonly string[]): void =>
  void process.stdout.write(
    `${(words[0] ?? '').padEnd(34)} ${words
      .slice(1)
      .map((word) => word.padStart(10))
      .join(' ')}\n`,
  )
const share = (part: number, of: number): string => (of === 0 ? '-' : `${((100 * part) / of).toFixed(1)} %`)

/** Prints a row of what became of all pairs. */
function row(name: string, judge: (pair: number) => readonly (Difference | Unjudged)[]): void {
  const said = new Map<string, { alarms: number; inside: number; of: number }>()
  let [families, falseFamilies] = [0, 0]
  for (let pair = 1; pair <= PAIRS; pair++) {
    const found = judge(pair).flatMap((one) => ('p' in one ? [one] : []))
    for (const { metric, p, low, high } of found) {
      const { alarms, inside, of } = said.get(metric.id) ?? { alarms: 0, inside: 0, of: 0 }
      const holds = low <= 0 && high >= 0
      said.set(metric.id, { alarms: alarms + Number(p < LEVEL), inside: inside + Number(holds), of: of + 1 })
    }
    families += Number(found.length > 0)
    falseFamilies += Number(holm(found.map(({ p }) => p)).some((p) => p < LEVEL))
  }
  const all = [...said.values()]
  const sum = (of: (one: (typeof all)[number]) => number): number =>
    all.reduce((total, one) => total + of(one), 0)
  print(
    name,
    share(families, PAIRS),
    share(falseFamilies, families),
    share(
      sum(({ inside }) => inside),
      sum(({ of }) => of),
    ),
    ...judgedMetrics.map((id) => share(said.get(id)?.alarms ?? 0, said.get(id)?.of ?? 0)),
  )
}

print('equal systems', 'judged', 'any (Holm)', 'in 95 %', ...judgedMetrics)
print('promised', '', `<= ${100 * LEVEL} %`, '95 %', ...judgedMetrics.map(() => `${100 * LEVEL} %`))

const single = [
  { intervals: 60, operations: 100, memory: 0 },
  { intervals: 60, operations: 100, memory: 0.3 },
  { intervals: 120, operations: 100, memory: 0.5 },
  { intervals: 200, operations: 60, memory: 0.5 },
  { intervals: 320, operations: 500, memory: 0.5 },
  { intervals: 600, operations: 60, memory: 0.8 },
] as const
for (const sketch of single) {
  const { intervals, operations, memory } = sketch
  row(`1 run, ${intervals} x ${operations}, AR(1) ${memory}`, (pair) => {
    const [first, second] = [pair * 7919, pair * 104_729 + 5].map((seed) =>
      sketchSeries({ ...sketch, seed, centre: CENTRE }),
    )
    return first && second ? differences(first, second) : []
  })
}

/** Runs of one system: each has a level of its own, log-normal with the spread `between`. */
function runs(seed: number, count: number, between: number): Series[] {
  const noise = normal(seed)
  return Array.from({ length: count }, (_, index) => {
    const factor = Math.exp(between * noise())
    const sketch = { intervals: 120, operations: 50, memory: 0.5, centre: CENTRE, factor }
    return sketchSeries({ ...sketch, seed: seed * 1000 + index })
  })
}
for (const between of [0, 0.02, 0.1]) {
  const percent = `${100 * between} % between`
  for (const count of [2, 3, 5]) {
    row(`${count} runs, ${percent}`, (pair) =>
      differencesBetweenRuns(runs(pair * 2, count, between), runs(pair * 2 + 1, count, between)),
    )
  }
  row(`1 run, ${percent}`, (pair) => {
    const [[first], [second]] = [runs(pair * 2, 1, between), runs(pair * 2 + 1, 1, between)]
    return first && second ? differences(first, second) : []
  })
}
