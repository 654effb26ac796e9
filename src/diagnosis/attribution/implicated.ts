/** Resources that the other kinds of inference point at, strongest first. */
import type { Candidate } from '../candidate.ts'
import { isInvolved } from '../case/involved.ts'
import type { Case } from '../case/case.ts'
import { within, type Series } from '../case/series.ts'
import { resources, type ActivityId, type Resource } from '../knowledge/resources.ts'
import { median } from '../stats/order.ts'

export interface Implicated {
  readonly node: string
  readonly resource: Resource
  /** Activities to look at, in order. */
  readonly producers: readonly ActivityId[]
  readonly score: number
  /** The candidate that shows its growth best. */
  readonly growth?: Candidate
  /** How fast it grew, objects per second; known from a trend. */
  readonly pace?: number
  /** Adjective of the part that grew, such as `negative`. */
  readonly adjective?: string
}

/** Score from which blaming somebody is worth a confident statement. */
export const ENOUGH = 2
/** An uncorrected p-value above this points at nothing. */
const POINTS = 0.01
/** Share of a CPU that is left on a host that is not full. */
const LEAST_IDLE = 0.1

export async function implicated(the: Case, found: readonly Candidate[]): Promise<Implicated[]> {
  const convincing = found.filter(
    ({ big, comparison }) => big && comparison !== null && comparison.p < POINTS,
  )
  const series = await the.series()
  const nodes = [
    ...new Set(convincing.flatMap(({ subject }) => (subject.node === undefined ? [] : [subject.node]))),
  ]
  return nodes
    .flatMap((node) => {
      const isBusy = isSaturated(the, series, node)
      return resources.map((resource) => judge(the, node, resource, convincing, isBusy))
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
}

function judge(
  the: Case,
  node: string,
  resource: Resource,
  convincing: readonly Candidate[],
  isBusy: boolean,
): Implicated {
  const own = convincing.filter(
    ({ subject, about }) => subject.node === node && about.includes(`resource:${resource.id}`),
  )
  const growths = own
    .filter(({ stage, about }) => stage === 'growth' && !about.includes('effect:decay'))
    .sort((a, b) => magnitude(b) - magnitude(a))
  const growth = growths.find(({ about }) => about.some((topic) => topic.startsWith('slab:'))) ?? growths[0]
  const pace = growths.find((one) => one.pace !== undefined)?.pace
  const part = resource.parts?.find(({ adjective }) =>
    growths.some(({ about }) => about.includes(`part:${resource.id}:${adjective}`)),
  )
  const symptomIsAbout =
    the.symptom?.series.some(({ labels }) => resource.metrics?.test(labels['__name__'] ?? '')) === true ||
    (the.symptom !== null && metricsIn(the.symptom.when).some((metric) => resource.metrics?.test(metric)))
  const score =
    (own.some(({ stage }) => stage === 'mechanism') ? 3 : 0) +
    (symptomIsAbout ? 3 : 0) +
    (growth === undefined ? 0 : 1 + Math.min(3, magnitude(growth)) + (isOwn(the, growth) ? 1 : 0)) +
    (own.some(({ about }) => about.includes('effect:moves-with-symptom')) ? 1 : 0) +
    contextScore(own) +
    // What is used up makes others wait; by itself it blames nobody.
    (isBusy && resource.id === 'cpu' ? 1 : 0)
  return {
    node,
    resource,
    producers:
      part === undefined
        ? resource.producers
        : [part.producer, ...resource.producers.filter((id) => id !== part.producer)],
    score,
    ...(growth === undefined ? {} : { growth }),
    ...(pace === undefined ? {} : { pace }),
    ...(part === undefined ? {} : { adjective: part.adjective }),
  }
}

/** Whether it grew in a process that the symptom is about. */
const isOwn = (the: Case, { subject }: Candidate): boolean =>
  subject.comm !== undefined && isInvolved(the, subject.comm)

/** Whether the CPUs of a node had next to nothing left while the symptom showed (the saturation of Gregg's USE method, 2013). */
function isSaturated(the: Case, series: readonly Series[], node: string): boolean {
  const idle = series.filter(
    (one) => one.node === node && one.metric === 'node_cpu_seconds_total' && one.labels['mode'] === 'idle',
  )
  const left = idle.flatMap((one) => within(one, the.seconds(the.sick.from), the.seconds(the.sick.to)))
  return left.length > 0 && median(left) < LEAST_IDLE
}

/** What moved at the same time: the strongest of it, and a little for each other witness. */
function contextScore(own: readonly Candidate[]): number {
  const parts = own
    .filter(({ stage }) => stage === 'context')
    .map((one) => 0.5 + Math.min(1.5, magnitude(one)))
  return parts.length === 0 ? 0 : Math.min(2.5, Math.max(...parts) + 0.5 * Math.min(2, parts.length - 1))
}

/** Powers of ten that it moved by; what fell silent moved by one. */
const magnitude = ({ effect }: Candidate): number =>
  effect.ratio === 0
    ? 1
    : effect.ratio === undefined || effect.ratio < 0
      ? 0
      : Math.abs(Math.log10(effect.ratio))

const metricsIn = (condition: string): string[] =>
  (condition.match(/[a-zA-Z_:][\w:]*/g) ?? []).filter(
    (word) => /_/.test(word) && !word.endsWith('_over_time') && !word.startsWith('probe_'),
  )
