/** Results out of run directories: verdict, symptoms, duration, and what the histogram logs hold; and what may explain them. */
import { join } from 'node:path'
import { hasCode, messageOf } from '../../base/errors.ts'
import { openEvidence } from '../../evidence/query.ts'
import type { RunRecord } from '../../model/run.ts'
import type { ResultSeries, ResultTable, TrendPoint } from '../../model/trend.ts'
import { findLogs } from '../performance/logs.ts'
import { metrics } from '../performance/metrics.ts'
import { readSeries } from '../performance/series.ts'

export interface EndedRun {
  readonly directory: string
  readonly record: RunRecord
}

interface Measured extends Omit<ResultSeries, 'data'> {
  readonly value: number | null
}

/** Facts of processes, which are others in every run, explain nothing. */
const IGNORED_FACTS = /^(process|mounts)\./
/** Longer values, such as lists of kernel modules, are told by their beginning. */
const MOST_CHARACTERS = 200

/** Reads runs, in order of time. `progress` is told of each. */
export async function tableOfRuns(
  runs: readonly EndedRun[],
  progress: (line: string) => void,
): Promise<ResultTable> {
  const notes: string[] = []
  const measured: (readonly Measured[])[] = []
  for (const [index, run] of runs.entries()) {
    if (index > 0 && index % 20 === 0) progress(`read ${index} of ${runs.length} runs`)
    const logs = await measuredInLogs(run, (why) => notes.push(`${run.record.id}: ${why}`))
    measured.push([...measuredByRecord(run.record), ...logs])
  }
  const facts = await factsOf(runs)
  return {
    points: runs.map(({ record }) => pointOf(record, facts.get(record.id) ?? {})),
    series: seriesOf(measured),
    notes,
  }
}

function seriesOf(measured: readonly (readonly Measured[])[]): ResultSeries[] {
  const first = new Map<string, Measured>()
  for (const one of measured.flat()) if (!first.has(one.name)) first.set(one.name, one)
  return [...first.values()].map(({ name, unit, better }) => ({
    name,
    unit,
    better,
    data: measured.map((ones) => ones.find((one) => one.name === name)?.value ?? null),
  }))
}

function measuredByRecord(record: RunRecord): Measured[] {
  const share = { unit: 'share', better: 'higher' } as const
  const passed = record.verdict === 'pass' ? 1 : record.verdict === 'fail' ? 0 : null
  const shown = new Map(record.symptoms.map((symptom) => [symptom.name, symptom]))
  const watched = record.watchedFor ?? [...shown.keys()]
  const [first, last] = [record.phases.at(0), record.phases.at(-1)]
  const seconds = first === undefined || !last?.to ? null : Number(BigInt(last.to) - BigInt(first.from)) / 1e9
  return [
    { name: 'pass rate', ...share, value: passed },
    ...watched.map((name): Measured => {
      const expected = shown.get(name)?.expected === true
      // A run that was cut short might still have shown it.
      const value = shown.has(name) ? 1 : record.partial ? null : 0
      return { name: `symptom ${name}`, unit: 'share', better: expected ? null : 'lower', value }
    }),
    { name: 'duration', unit: 's', better: 'lower', value: seconds },
  ]
}

async function measuredInLogs({ directory }: EndedRun, onBad: (why: string) => void): Promise<Measured[]> {
  try {
    const series = await readSeries(await findLogs(join(directory, 'nodes')), 0, onBad)
    return series.flatMap(({ name, whole }) =>
      metrics.map((metric) => ({
        name: `${name} ${metric.id}`,
        unit: metric.unit,
        better: metric.better,
        value: metric.of(whole) ?? null,
      })),
    )
  } catch (error) {
    const isMissing = hasCode(error, 'ENOENT')
    if (!isMissing) onBad(messageOf(error))
    return []
  }
}

function pointOf(record: RunRecord, facts: Readonly<Record<string, string>>): TrendPoint {
  const began = record.states[0]?.at
  const parameters = Object.entries(record.parameters).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
  return {
    label: record.id,
    timeMs: began === undefined ? null : Number(BigInt(began) / 1_000_000n),
    attributes: {
      ...facts,
      ...Object.fromEntries(parameters),
      host: record.host,
      // Runs without a capture have no facts of their nodes.
      ...(record.kernel === undefined ? {} : { 'kernel of the host': record.kernel }),
      quarry: record.quarry,
    },
  }
}

/** Facts by run; of several nodes the values that there are. */
async function factsOf(runs: readonly EndedRun[]): Promise<ReadonlyMap<string, Record<string, string>>> {
  const sources = runs.map(({ directory, record }) => ({ name: record.id, directory }))
  if (sources.length === 0) return new Map()
  await using evidence = await openEvidence(sources)
  const rows = await evidence.rows<{ run: string; key: string; value: string }>(
    `SELECT run, key, left(string_agg(DISTINCT value, ', ' ORDER BY value), ${MOST_CHARACTERS}) AS value
     FROM facts WHERE key IS NOT NULL AND value IS NOT NULL GROUP BY run, key ORDER BY run, key`,
  )
  const byRun = new Map<string, Record<string, string>>()
  for (const { run, key, value } of rows) {
    if (IGNORED_FACTS.test(key)) continue
    const facts = byRun.get(run) ?? {}
    byRun.set(run, facts)
    facts[key] = value
  }
  return byRun
}
