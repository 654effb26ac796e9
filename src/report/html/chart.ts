/** Charts as inline SVG, which need no script, print well and follow the page's colours. */
import type { TableRow } from '../case-data.ts'
import { Html, html } from './html.ts'
import { formatValue, linear } from './scale.ts'

const WIDTH = 760
const HEIGHT = 190
const LEFT = 78
const RIGHT = 12
const TOP = 10
const BOTTOM = 26
const MOST_SERIES = 6
const MOST_POINTS = 600

/** What every chart over time shows behind its lines: when the symptom lasted, when the ladder was climbed. */
export interface TimeFrame {
  readonly from: bigint
  readonly to: bigint
  readonly bands: readonly {
    readonly kind: 'symptom' | 'reference' | 'sick' | 'cured'
    readonly from: bigint
    readonly to: bigint
  }[]
}

interface Point {
  readonly at: number
  readonly value: number
}

const seconds = (at: bigint, frame: TimeFrame): number => Number(at - frame.from) / 1e9

/** Lines over time: rows with `ts` (ns), `value` and perhaps `series`. */
export function lineChart(rows: readonly TableRow[], unit: string, frame: TimeFrame): Html {
  const series = seriesOf(rows, frame)
  if (series.length === 0) return html`<p class="none">no rows</p>`
  const points = series.flatMap(([, own]) => own)
  const low = Math.min(0, ...points.map(({ value }) => value))
  const high = Math.max(...points.map(({ value }) => value), low + 1e-12)
  const x = linear(0, seconds(frame.to, frame), LEFT, WIDTH - RIGHT, 8)
  const y = linear(low, high, HEIGHT - BOTTOM, TOP, 4)
  const path = (own: readonly Point[]): string =>
    own
      .map(({ at, value }, index) => `${index === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`)
      .join('')
  return html`<figure>
    <svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">
      ${bands(frame, x, TOP, HEIGHT - BOTTOM)}
      ${y.ticks.map((tick) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}" /><text class="tick" x="${LEFT - 6}" y="${y(tick) + 4}" text-anchor="end">${formatValue(tick, unit)}</text>`)}
      ${timeAxis(x, HEIGHT - BOTTOM)}
      ${series.map(([, own], index) => html`<path class="line c${index}" d="${path(own)}" />`)}</svg
    >${series.length > 1 ? legend(series.map(([name]) => name)) : ''}
  </figure>`
}

/** The largest series keep their lines; points beyond what a screen shows are thinned to their extremes. */
function seriesOf(rows: readonly TableRow[], frame: TimeFrame): [string, Point[]][] {
  const bySeries = new Map<string, Point[]>()
  for (const row of rows) {
    const { ts, value, series = '' } = row
    if (typeof ts !== 'bigint' || value === null || value === undefined || ts < frame.from) continue
    const number = Number(value)
    if (!Number.isFinite(number)) continue
    const name = String(series)
    const points = bySeries.get(name) ?? []
    bySeries.set(name, points)
    points.push({ at: seconds(ts, frame), value: number })
  }
  const peak = (points: readonly Point[]): number => Math.max(...points.map(({ value }) => value))
  return [...bySeries]
    .toSorted(([, a], [, b]) => peak(b) - peak(a))
    .slice(0, MOST_SERIES)
    .map(([name, points]) => [name, thin(points.toSorted((a, b) => a.at - b.at))])
}

function thin(points: Point[]): Point[] {
  if (points.length <= MOST_POINTS) return points
  const size = Math.ceil((points.length * 2) / MOST_POINTS)
  const kept: Point[] = []
  for (let at = 0; at < points.length; at += size) {
    const bucket = points.slice(at, at + size)
    const low = bucket.reduce((a, b) => (b.value < a.value ? b : a))
    const high = bucket.reduce((a, b) => (b.value > a.value ? b : a))
    kept.push(...(low.at < high.at ? [low, high] : [high, low]))
  }
  return kept
}

/** Stretches of time as coloured bands. */
export function bands(frame: TimeFrame, x: (at: number) => number, top: number, bottom: number): Html[] {
  return frame.bands.map(({ kind, from, to }) => {
    const left = x(Math.max(0, seconds(from, frame)))
    const width = Math.max(1, x(seconds(to, frame)) - left)
    return html`<rect
      class="band ${kind}"
      x="${left.toFixed(1)}"
      width="${width.toFixed(1)}"
      y="${top}"
      height="${bottom - top}"
    />`
  })
}

/** Ticks in seconds since the run began. */
export function timeAxis(x: { (at: number): number; readonly ticks: readonly number[] }, y: number): Html {
  return html`${x.ticks.map((tick) => html`<line class="axis" x1="${x(tick)}" x2="${x(tick)}" y1="${y}" y2="${y + 4}" /><text class="tick" x="${x(tick)}" y="${y + 17}" text-anchor="middle">${tick} s</text>`)}`
}

function legend(names: readonly string[]): Html {
  return html`<figcaption class="legend">
    ${names.map((name, index) => html`<span><i class="c${index}"></i>${name}</span>`)}
  </figcaption>`
}

/** Horizontal bars: rows with `label` and `value`, in the order of the rows. */
export function barChart(rows: readonly TableRow[], unit: string): Html {
  const bars = rows
    .slice(0, 12)
    .map(({ label = '', value = 0 }) => ({ label: String(label), value: Number(value ?? 0) }))
  if (bars.length === 0) return html`<p class="none">no rows</p>`
  const top = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  return html`<table class="bars">
    ${bars.map(
      ({ label, value }) =>
        html`<tr>
          <th>${label}</th>
          <td><span class="bar" style="width:${((Math.max(0, value) / top) * 100).toFixed(2)}%"></span></td>
          <td class="number">${formatValue(value, unit)}</td>
        </tr>`,
    )}
  </table>`
}

/** A table of whatever columns the rows have. */
export function dataTable(rows: readonly TableRow[]): Html {
  const [first] = rows
  if (first === undefined) return html`<p class="none">no rows</p>`
  const columns = Object.keys(first)
  return html`<div class="scroll">
    <table class="data">
      <thead>
        <tr>
          ${columns.map((name) => html`<th>${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map((name) => cell(row[name] ?? null))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

function cell(value: TableRow[string]): Html {
  if (typeof value === 'number' || typeof value === 'bigint') {
    const text = typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value
    return html`<td class="number">${text}</td>`
  }
  if (Array.isArray(value)) return html`<td>${value.join(' ← ')}</td>`
  return html`<td>${value === null ? '' : String(value)}</td>`
}
