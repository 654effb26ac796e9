/** Lines over time: SVG that stretches to any width, with its labels as text, which does not. */
import { formatValue, isShare } from '../format.ts'
import type { TableRow } from '../shown-findings.ts'
import { shortened } from '../text.ts'
import { Html, html } from './html.ts'
import { linear } from './scale.ts'
import { bands, placeOf, timeTicks } from './time-axis.ts'
import type { TimeFrame } from './time-axis.ts'

const MOST_SERIES = 6
const MOST_POINTS = 600
/** The drawing's own coordinates; it is stretched to whatever room there is. */
const SIZE = 1000
/** A line breaks where samples are further apart than this many times their usual distance. */
const GAP = 4

interface Point {
  /** Share of the frame. */
  readonly at: number
  readonly value: number
}

interface Series {
  readonly name: string
  readonly points: readonly Point[]
}

interface LineOptions {
  /** Rows of the same form, drawn as dashed lines. */
  readonly limits?: readonly TableRow[]
  /** A line breaks where samples are further apart, in ns; by their usual distance when left out. */
  readonly longestGap?: number
  /** Series keep the order of their first rows, and so their colours; the one with the highest peak is first otherwise. */
  readonly inOrder?: boolean
  /** Rows of the same form, a thin line for each of their series: levels of what is drawn. */
  readonly levels?: readonly TableRow[]
  /** What stands below the drawing; times since the frame began when left out. */
  readonly ticks?: Html
}

/** Rows with `ts` (ns), `value` and perhaps `series`. */
export function lineChart(
  rows: readonly TableRow[],
  unit: string,
  frame: TimeFrame,
  { limits = [], longestGap, inOrder = false, levels = [], ticks }: LineOptions = {},
): Html {
  const all = inOrder ? seriesOf(rows, frame) : byPeak(seriesOf(rows, frame))
  const series = all.slice(0, MOST_SERIES)
  if (series.length === 0) return html`<p class="none">no samples in this time</p>`
  const limitSeries = byPeak(seriesOf(limits, frame)).slice(0, MOST_SERIES)
  const levelSeries = seriesOf(levels, frame)
  const valuesOf = (list: readonly Series[]): number[] =>
    list.flatMap(({ points }) => points.map(({ value }) => value))
  const [low, high] = rangeOf(valuesOf([...series, ...limitSeries, ...levelSeries]), unit)
  // Yes or no: it changes at once, and has nothing in between.
  const binary = valuesOf([...series, ...limitSeries]).every((value) => value === 0 || value === 1)
  const y = linear(low, high, unit, binary ? 2 : 4)
  const draw = (kind: string, { points }: Series, jumps = binary): Html => {
    const gap = longestGap === undefined ? undefined : longestGap / Number(frame.to - frame.from)
    const path = pathOf(points, (value) => SIZE - y(value) * SIZE, jumps, gap)
    return html`<path class="line ${kind}" d="${path}" vector-effect="non-scaling-stroke" />`
  }
  const heights = y.ticks.map((tick) => ({ tick, bottom: `bottom:${(y(tick) * 100).toFixed(2)}%` }))
  const lines = [
    ...limitSeries.map((one) => draw('limit', one)),
    ...series.map((one, index) => draw(`c${index}`, one)),
    ...levelSeries.map((one) => draw('level', one, false)),
  ]
  return html`<div class="plot">
      ${bands(frame)}
      ${heights.map(({ tick, bottom }) => html`<b class="grid" style="${bottom}"><span>${formatValue(tick, unit)}</span></b>`)}
      <svg viewBox="0 0 ${SIZE} ${SIZE}" preserveAspectRatio="none" aria-hidden="true">${lines}</svg>
    </div>
    ${ticks ?? timeTicks(frame)}${legend(series, all.length - series.length, limitSeries, unit)}`
}

/** From 0 where that leaves room to see the changes; shares of a whole up to 100 % when they come near. */
function rangeOf(values: readonly number[], unit: string): [low: number, high: number] {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity)
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity)
  const margin = (most - least) * 0.1
  const low = least > 0 && least > 0.8 * most && margin > 0 ? least - margin : Math.min(0, least)
  const high = isShare(unit) && most > 0.5 && most <= 1 ? 1 : most
  return [low, high > low ? low + (high - low) * 1.04 : low + 1]
}

/** Series within the frame, in the order of their first rows. */
function seriesOf(rows: readonly TableRow[], frame: TimeFrame): readonly Series[] {
  const byName = new Map<string, Point[]>()
  for (const { ts, value, series } of rows) {
    if (typeof ts !== 'bigint' || value === null || value === undefined) continue
    const point = { at: placeOf(ts, frame), value: Number(value) }
    if (!Number.isFinite(point.value) || point.at < 0 || point.at > 1) continue
    const name = series === undefined || series === null ? '' : String(series)
    const points = byName.get(name) ?? []
    byName.set(name, points)
    points.push(point)
  }
  return [...byName].map(([name, points]) => ({ name, points: points.toSorted((a, b) => a.at - b.at) }))
}

/** The one with the highest peak first. */
function byPeak(series: readonly Series[]): readonly Series[] {
  const peak = ({ points }: Series): number =>
    points.reduce((most, { value }) => Math.max(most, value), -Infinity)
  return series.toSorted((a, b) => peak(b) - peak(a))
}

/** A path that breaks at gaps; a point alone is a dot, by the round ends of the line. */
function pathOf(
  points: readonly Point[],
  y: (value: number) => number,
  binary: boolean,
  gap?: number,
): string {
  const kept = thin(points)
  const steps = kept.slice(1).map(({ at }, index) => at - (kept[index]?.at ?? 0))
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 1
  const longest = gap ?? GAP * usual
  return kept
    .map(({ at, value }, index) => {
      const joined = index > 0 && (steps[index - 1] ?? 0) <= longest
      const place = `${(at * SIZE).toFixed(1)} ${y(value).toFixed(1)}`
      if (!joined) return `M${place}h0`
      return binary ? `H${(at * SIZE).toFixed(1)}V${y(value).toFixed(1)}` : `L${place}`
    })
    .join('')
}

/** Points beyond what a screen shows are thinned to the extremes of each stretch. */
function thin(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_POINTS) return points
  const size = Math.ceil((points.length * 2) / MOST_POINTS)
  const kept: Point[] = []
  for (let from = 0; from < points.length; from += size) {
    const bucket = points.slice(from, from + size)
    const low = bucket.reduce((a, b) => (b.value < a.value ? b : a))
    const high = bucket.reduce((a, b) => (b.value > a.value ? b : a))
    kept.push(...(low === high ? [low] : low.at < high.at ? [low, high] : [high, low]))
  }
  return kept
}

function legend(series: readonly Series[], more: number, limits: readonly Series[], unit: string): Html {
  const names = series.length > 1 ? series.map(({ name }, index) => ({ kind: `c${index}`, name })) : []
  const limit = limits.length === 0 ? [] : [{ kind: 'limit', name: `limit ${levelOf(limits, unit)}` }]
  const entries = [...names, ...limit]
  if (entries.length === 0 && more === 0) return html``
  return html`<p class="legend">
    ${entries.map(({ kind, name }) => html`<span><i class="${kind}"></i>${shortened(name, 90)}</span>`)}${more > 0 && html`<span>and ${more} more with lower peaks</span>`}
  </p>`
}

/** The value of a limit that never changes; empty for others. */
function levelOf(limits: readonly Series[], unit: string): string {
  const values = new Set(limits.flatMap(({ points }) => points.map(({ value }) => value)))
  const [value] = values
  return values.size === 1 && value !== undefined ? formatValue(value, unit) : ''
}
