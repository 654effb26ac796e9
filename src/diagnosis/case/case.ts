/** What is diagnosed: a sick side, a healthy side, and the evidence of both. */
import { kernelReports, type NodeReport } from '../../evidence/kernel-reports.ts'
import type { Evidence } from '../../evidence/query.ts'
import type { CaptureRecord, RunRecord, SymptomRecord, Target } from '../../model/run.ts'
import { type Comparisons, createComparisons } from '../comparisons.ts'
import { literal, oneOf } from './sql.ts'
import { loadSeries, type Series } from './series.ts'

/** Captures and a stretch of continuous observation that belong together. Times are ns since the epoch. */
export interface Side {
  readonly captures: readonly CaptureRecord[]
  readonly from: bigint
  readonly to: bigint
  /** SQL condition on rows that collectors wrote. */
  readonly captured: string
  /** SQL condition on rows of continuous observation. */
  readonly observed: string
}

export interface Case {
  readonly record: RunRecord
  readonly evidence: Evidence
  readonly comparisons: Comparisons
  /** The symptom that is explained, in one of the episodes in which it showed; null for a run in which none did. */
  readonly symptom: SymptomRecord | null
  /** First episode of that symptom: what led to it came before. The whole time without a symptom. */
  readonly first: { readonly from: bigint; readonly to: bigint }
  readonly healthy: Side
  /**
   * The episode, and the captures of all episodes: what goes on in bursts may have missed one of them. Without a symptom:
   * the captures that were made of the system as it is, and the whole time.
   */
  readonly sick: Side
  readonly cured: Side | null
  /** When the workload began and observation ended. */
  readonly from: bigint
  readonly to: bigint
  /** Processes that the ladder looked at on the sick side, each once. */
  readonly targets: readonly Target[]
  /** Whether two nodes share a kernel and its processes: a process is known by the same pid on both. */
  sameHost(one: string, other: string): boolean
  /** Metrics of the whole run, at most some hundred points each; loaded once. */
  series(): Promise<readonly Series[]>
  /** What the kernels of the nodes reported of themselves, before the run too; loaded once. */
  kernelReports(): Promise<readonly NodeReport[]>
  /** Seconds since the workload began. */
  seconds(at: bigint): number
}

/** Assembles the case of a run: of its main symptom, over the episode that tells most. */
export function openCase(record: RunRecord, evidence: Evidence): Case {
  const symptom = mainSymptom(record)
  const { from, to } = extent(record)
  const span = (one: SymptomRecord | null): { from: bigint; to: bigint } =>
    one === null
      ? { from, to }
      : {
          from: clamp(BigInt(one.from), from, to),
          to: one.to === null ? to : clamp(BigInt(one.to), from, to),
        }
  const first = span(record.symptoms.find(({ name }) => name === symptom?.name) ?? null)
  const episode = span(symptom)
  const captures = (role: CaptureRecord['role']): readonly CaptureRecord[] =>
    record.captures.filter(
      (capture) => capture.role === role && (capture.symptom === null || capture.symptom === symptom?.name),
    )
  const all = record.captures.filter(({ role }) => role === 'reference')
  // Where nothing was sick, what must hold on any host is checked on the reference; there is nothing to compare it with.
  const alone = symptom === null && captures('sick').length === 0
  const references = alone ? [] : all
  const sickCaptures = alone ? all : captures('sick')
  const sick = side(sickCaptures, episode.from, episode.to)
  const cured = captures('cured').filter(({ from: began }) => BigInt(began) >= episode.to)
  let series: Promise<readonly Series[]> | undefined
  let reports: Promise<readonly NodeReport[]> | undefined
  return {
    record,
    evidence,
    comparisons: createComparisons(),
    symptom,
    first,
    healthy: side(references, from, healthyEnd(from, symptom === null ? to : first.from, references)),
    sick,
    cured: symptom?.to === null || symptom === null ? null : side(cured, episode.to, to),
    from,
    to,
    targets: targetsOf(sickCaptures.length > 0 ? sickCaptures : references),
    sameHost: (one, other) => one === other || hostOf(record, one) === hostOf(record, other),
    kernelReports: () => (reports ??= kernelReports(evidence)),
    series: () => (series ??= loadSeries(evidence, from, to)),
    seconds: (at) => Number(at - from) / 1e9,
  }
}

/** One that is not expected, that was captured, that something cured which can cure; the earliest of these. */
function mainSymptom(record: RunRecord): SymptomRecord | null {
  const captured = new Set(record.captures.map((capture) => capture.symptom))
  const rungs = record.captures.flatMap((capture) => capture.rungs)
  const cureTier = ({ curedBy }: SymptomRecord): number => {
    const tier = rungs.find(({ collector }) => collector === curedBy)?.tier
    return tier === 'stop' || tier === 'change' ? 1 : 0
  }
  const [best] = record.symptoms.toSorted(
    (a, b) =>
      Number(a.expected) - Number(b.expected) ||
      Number(captured.has(b.name)) - Number(captured.has(a.name)) ||
      cureTier(b) - cureTier(a) ||
      Number(BigInt(a.from) - BigInt(b.from)),
  )
  return best ?? null
}

/**
 * Where health ends: half way to the onset, or later where a reference capture says that it was still healthy. What
 * builds up slowly is already half sick right before the onset.
 */
function healthyEnd(from: bigint, onset: bigint, references: readonly CaptureRecord[]): bigint {
  let end = from + (onset - from) / 2n
  for (const { to } of references) if (to !== null && BigInt(to) > end && BigInt(to) < onset) end = BigInt(to)
  return end
}

function extent(record: RunRecord): { from: bigint; to: bigint } {
  const entered = (state: string): bigint | undefined => {
    const found = record.states.find((one) => one.state === state)
    return found === undefined ? undefined : BigInt(found.at)
  }
  const from =
    entered('running') ??
    BigInt(record.phases[0]?.from ?? record.captures[0]?.from ?? record.states[0]?.at ?? 0)
  const ends = [
    ...record.phases.map((phase) => phase.to),
    ...record.captures.map((capture) => capture.to),
    ...record.symptoms.map((symptom) => symptom.to ?? symptom.from),
  ].flatMap((at) => (at === null ? [] : [BigInt(at)]))
  const last = entered('collecting') ?? entered('tearing-down') ?? entered('checking') ?? entered('ended')
  const to = [...ends, ...(last === undefined ? [] : [last])].reduce((a, b) => (a > b ? a : b), from)
  return { from, to }
}

function side(captures: readonly CaptureRecord[], from: bigint, to: bigint): Side {
  return {
    captures,
    from,
    to,
    captured: oneOf(
      'capture',
      captures.map(({ id }) => id),
    ),
    observed: `coalesce(capture, '') = '' AND ts >= ${literal(from)} AND ts < ${literal(to)}`,
  }
}

function targetsOf(captures: readonly CaptureRecord[]): Target[] {
  const byKey = new Map<string, Target>()
  for (const target of captures.flatMap((capture) => capture.targets))
    byKey.set(`${target.node} ${target.pid}`, target)
  return [...byKey.values()]
}

/** Of records from before hosts were told, each node is one of its own. */
const hostOf = ({ nodes }: RunRecord, name: string): string =>
  nodes.find((node) => node.name === name)?.host ?? name

const clamp = (value: bigint, low: bigint, high: bigint): bigint =>
  value < low ? low : value > high ? high : value
