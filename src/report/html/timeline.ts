/** The whole run on one line of time: phases, probes, symptoms, and every rung of every climb. */
import type { CaseData, ProbePoint } from '../case-data.ts'
import { bands, timeAxis, type TimeFrame } from './chart.ts'
import { Html, html } from './html.ts'
import { linear } from './scale.ts'

const WIDTH = 1000
const LEFT = 170
const LANE = 20

/** Times of the case with what the charts show behind their lines. */
export function timeFrameOf({ record, from, to }: CaseData): TimeFrame {
  const end = (at: string | null): bigint => (at === null ? to : BigInt(at))
  // The run is over when observation is: what follows is bookkeeping.
  const over = record.states.find(({ state }) => state === 'tearing-down')
  return {
    from,
    to: over === undefined ? to : BigInt(over.at),
    bands: [
      ...record.symptoms.map((one) => ({
        kind: 'symptom' as const,
        from: BigInt(one.from),
        to: end(one.to),
      })),
      ...record.captures.map((one) => ({ kind: one.role, from: BigInt(one.from), to: end(one.to) })),
    ],
  }
}

interface Lane {
  readonly name: string
  readonly marks: readonly Html[]
}

/** One lane for each phase, probe and symptom, and one for each climb. */
export function timeline(data: CaseData, frame: TimeFrame): Html {
  const { record } = data
  const x = linear(0, Number(frame.to - frame.from) / 1e9, LEFT, WIDTH - 14, 10)
  const at = (ts: string | bigint): number => x(Number(BigInt(ts) - frame.from) / 1e9)
  const bar = (kind: string, from: string | bigint, to: string | bigint, title: string, text = ''): Html => {
    const left = at(from)
    const width = Math.max(1.5, at(to) - left)
    return html`<g
      ><title>${title}</title
      ><rect
        class="${kind}"
        x="${left.toFixed(1)}"
        width="${width.toFixed(1)}"
        y="4"
        height="${LANE - 8}"
        rx="2"
      />${width > text.length * 6 + 6 ? html`<text class="inside" x="${(left + 4).toFixed(1)}" y="14">${text}</text>` : ''}</g
    >`
  }
  const lanes: Lane[] = [
    ...record.phases.map(({ name, from, to, ok }) => ({
      name: `phase ${name}`,
      marks: [
        bar(ok ? 'phase' : 'phase cut', from, to ?? frame.to, `${name}${ok ? '' : ', not to its end'}`),
      ],
    })),
    ...record.probes.map(({ name }) => ({
      name: `probe ${name}`,
      marks: data.probes.filter((point) => point.probe === name).map((point) => probeMark(point, at)),
    })),
    ...record.symptoms.map(({ name, from, to, when }) => ({
      name: `symptom ${name}`,
      marks: [bar('symptom', from, to ?? frame.to, when, name)],
    })),
    ...record.captures.map(({ id, rungs }) => ({
      name: id,
      marks: rungs
        .filter(({ status }) => status !== 'missing')
        .map(({ collector, tier, from, to, symptomAfter, why }) =>
          bar(
            `tier-${tier}${symptomAfter === false ? ' cure' : ''}`,
            from,
            to,
            `${collector} (${tier})${why === undefined ? '' : `: ${why}`}${symptomAfter === false ? ': the symptom was gone after it' : ''}`,
            collector,
          ),
        ),
    })),
  ]
  const height = lanes.length * LANE + 30
  return html`<figure>
    <svg class="timeline" viewBox="0 0 ${WIDTH} ${height}" role="img">
      ${bands(frame, x, 0, height - 28)}
      ${lanes.map(({ name, marks }, index) => html`<g transform="translate(0 ${index * LANE})"><text class="lane" x="${LEFT - 8}" y="14" text-anchor="end">${cut(name)}</text>${marks}</g>`)}
      ${timeAxis(x, height - 26)}
    </svg>
    <figcaption class="legend">
      <span><i class="tier-read"></i>read</span><span><i class="tier-sample"></i>sample</span
      ><span><i class="tier-trace"></i>trace</span><span><i class="tier-stop"></i>stop</span
      ><span><i class="tier-change"></i>change</span><span><i class="symptom"></i>symptom</span>
    </figcaption>
  </figure>`
}

function probeMark({ ts, success, duration_ns }: ProbePoint, at: (ts: bigint) => number): Html {
  const left = at(ts)
  const width = Math.max(2, at(ts + duration_ns) - left)
  return html`<rect
    class="${success ? 'good' : 'bad'}"
    x="${left.toFixed(1)}"
    width="${width.toFixed(1)}"
    y="5"
    height="${LANE - 10}"
  />`
}

const cut = (name: string): string => (name.length > 26 ? `${name.slice(0, 25)}…` : name)
