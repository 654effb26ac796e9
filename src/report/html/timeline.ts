/** The whole run on one line of time: phases, probes, symptoms, and every rung of every climb. */
import { formatDuration } from '../../base/duration.ts'
import type { CaptureRecord, RungRecord } from '../../model/run.ts'
import type { CaseData } from '../case-data.ts'
import { mergeSpans } from '../probe-spans.ts'
import type { ProbeSpan } from '../probe-spans.ts'
import { shortened } from '../text.ts'
import type { TimeSpan } from '../time-span.ts'
import { Html, html } from './html.ts'
import { bands, placeOf, stretch, timeTicks } from './time-axis.ts'
import type { TimeFrame } from './time-axis.ts'

/** More attempts than this are told together: a page is about a thousand pixels wide. */
const PROBE_MARKS = 400
/** Small characters that fit on a lane of a wide screen. */
const CHARACTERS = 145
const MOST_PHASES = 24
const MOST_PROBES = 24

interface Mark extends TimeSpan {
  readonly kind: string
  readonly title: string
  /** Shown on the mark where it fits. */
  readonly text?: string
}

interface Lane {
  readonly name: string
  readonly marks: readonly Mark[]
}

/** One lane for each phase, probe, symptom and climb. */
export function timeline(data: CaseData, frame: TimeFrame): Html {
  const phases = phaseLanes(data)
  const probes = probeLanes(data)
  const lanes = [
    ...phases.slice(0, MOST_PHASES),
    ...probes.slice(0, MOST_PROBES),
    ...symptomLanes(data),
    ...data.record.captures.map(climbLane),
  ]
  const left = Math.max(0, phases.length - MOST_PHASES) + Math.max(0, probes.length - MOST_PROBES)
  const legend = ['read', 'sample', 'trace', 'stop', 'change'].map(
    (tier) => html`<span><i class="tier-${tier}"></i>${tier}</span>`,
  )
  return html`<figure class="timeline">
    <div class="lanes">
      <div class="behind">${bands(frame)}</div>
      ${lanes.map((lane) => laneHtml(lane, frame))}
    </div>
    ${timeTicks(frame)}
    <p class="legend">
      <span><i class="good"></i>probe answered</span><span><i class="bad"></i>probe failed, or symptom</span
      ><span>rungs by tier:</span
      >${legend}${left > 0 && html`<span>${left} more phases and probes are not shown</span>`}
    </p>
  </figure>`
}

function laneHtml({ name, marks }: Lane, frame: TimeFrame): Html {
  const placed = marks.flatMap((mark) => {
    const room = (placeOf(mark.to, frame) - placeOf(mark.from, frame)) * CHARACTERS
    const text = mark.text !== undefined && mark.text.length < room ? mark.text : ''
    const place = stretch(mark, frame)
    return place === undefined
      ? []
      : [html`<i class="${mark.kind}" style="${place}" title="${shortened(mark.title, 300)}">${text}</i>`]
  })
  return html`<div class="lane">
    <span title="${shortened(name, 300)}">${shortened(name, 100)}</span>
    <div>${placed}</div>
  </div> `
}

const phaseLanes = ({ record, span }: CaseData): readonly Lane[] =>
  record.phases.map(({ name, from, to, ok }) => {
    const mark = { from: BigInt(from), to: to === null ? span.to : BigInt(to) }
    const took = formatDuration(Number(mark.to - mark.from) / 1e6)
    const title = `${name}: ${took}${ok ? '' : ', not to its end'}`
    return { name: `phase ${name}`, marks: [{ ...mark, kind: ok ? 'phase' : 'phase cut', title }] }
  })

/** Those that failed come first, where there are more than can be shown. */
function probeLanes({ record, probes, span }: CaseData): readonly Lane[] {
  const byProbe = Map.groupBy(probes, ({ probe }) => probe)
  const names = new Set([...record.probes.map(({ name }) => name), ...byProbe.keys()])
  const lanes = [...names].map((name) => {
    const spans = byProbe.get(name) ?? []
    const failures = spans.reduce((sum, one) => sum + one.failures, 0)
    const marks = mergeSpans(spans, span.from, span.to, PROBE_MARKS).map(probeMark)
    return { name: `probe ${name}`, failures, marks }
  })
  return lanes.length > MOST_PROBES ? lanes.toSorted((a, b) => b.failures - a.failures) : lanes
}

function probeMark({ from, to, attempts, failures, longest }: ProbeSpan): Mark {
  const kind = failures === 0 ? 'good' : failures === attempts ? 'bad' : 'mixed'
  const time = formatDuration(longest / 1e6)
  const what =
    attempts > 1 ? `${failures} of ${attempts} attempts failed, the longest took ${time}` : undefined
  return { kind, from, to, title: what ?? `${failures === 0 ? 'answered' : 'failed'} in ${time}` }
}

const symptomLanes = ({ record, span }: CaseData): readonly Lane[] =>
  [...Map.groupBy(record.symptoms, ({ name }) => name)].map(([name, times]) => ({
    name: `symptom ${name}`,
    marks: times.map(({ from, to, when }) => ({
      kind: 'bad',
      from: BigInt(from),
      to: to === null ? span.to : BigInt(to),
      title: when,
    })),
  }))

const climbLane = ({ id, rungs }: CaptureRecord): Lane => ({
  name: `ladder ${id}`,
  marks: rungs.filter(({ status }) => status !== 'missing' && status !== 'skipped').map(rungMark),
})

function rungMark({ collector, tier, status, why, from, to, symptomAfter }: RungRecord): Mark {
  const gone = symptomAfter === false
  const title = [
    `${collector} (${tier}): ${status}`,
    ...(why === undefined ? [] : [why]),
    ...(gone ? ['the symptom was gone after it'] : []),
  ].join('; ')
  const kind = `rung tier-${tier}${gone ? ' cure' : ''}`
  return { kind, from: BigInt(from), to: BigInt(to), title, text: collector }
}
