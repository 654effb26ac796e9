/** What everything over time has in common: places on the axis, its ticks, and the bands behind the lines. */
import { formatDuration } from '../../base/duration.ts'
import type { Band, TimeSpan } from '../time-span.ts'
import { Html, html } from './html.ts'
import { linear } from './scale.ts'

/** The time that a chart shows, and what lies behind its lines. Ticks count from the beginning of the case. */
export interface TimeFrame extends TimeSpan {
  readonly began: bigint
  readonly bands: readonly Band[]
}

/** The place of a time as a share of the frame, 0 to 1 within it. */
export const placeOf = (at: bigint, { from, to }: TimeSpan): number =>
  Number(at - from) / Math.max(1, Number(to - from))

/** `left` and `width` of a stretch in percent, cut to the frame; undefined when it lies outside. */
export function stretch(span: TimeSpan, frame: TimeSpan): string | undefined {
  const left = placeOf(span.from, frame)
  const right = placeOf(span.to, frame)
  if (right < 0 || left > 1) return undefined
  return percents(Math.max(0, left), Math.min(1, right) - Math.max(0, left))
}

/** Shares as a CSS position. */
export const percents = (left: number, width: number): string =>
  `left:${(left * 100).toFixed(2)}%;width:${(width * 100).toFixed(2)}%`

/** Coloured stretches of time, to lie behind lines. */
export const bands = (frame: TimeFrame): Html[] =>
  frame.bands.flatMap((band) => {
    const place = stretch(band, frame)
    return place === undefined ? [] : [html`<i class="band ${band.kind}" style="${place}"></i>`]
  })

/** Times since the case began, in round steps. */
export function timeTicks(frame: TimeFrame): Html {
  const from = Number(frame.from - frame.began) / 1e9
  const to = Number(frame.to - frame.began) / 1e9
  const x = linear(from, to, 's', 8)
  const labels = x.ticks.map(
    (tick) => html`<span style="left:${(x(tick) * 100).toFixed(2)}%">${formatDuration(tick * 1000)}</span>`,
  )
  return html`<div class="ticks">${labels}</div>`
}
