/** The logs of one name from several nodes, as one series for each tag. */
import { union, type Histogram } from '../../base/hdr/histogram.ts'
import { readHistogramLog, type LoggedInterval } from '../../base/hdr/log.ts'
import type { Stretch } from './metrics.ts'

export interface Interval extends Stretch {
  /** Seconds since the first log of the run began. */
  readonly at: number
}

export interface Series {
  /** Name of the logs, and the tag: `reads`, or `load:read`. */
  readonly name: string
  readonly intervals: readonly Interval[]
  /** Everything together. */
  readonly whole: Stretch & { readonly histogram: Histogram }
  /** Seconds since the epoch at which the first log of the run began. */
  readonly began: number
}

/** The intervals of one tag in one file. */
interface Source {
  readonly name: string
  readonly intervals: readonly LoggedInterval[]
}

/** A point for more intervals than this is more than anybody can see, and memory for them more than there is. */
const MOST_INTERVALS = 100_000

/**
 * Unites logs, given by their names. `skip` seconds at the beginning are left out; `onBad` is told of what could not be
 * read. A run without a log gives none.
 */
export async function readSeries(
  logs: ReadonlyMap<string, readonly string[]>,
  skip: number,
  onBad: (why: string) => void,
): Promise<Series[]> {
  const sources: Source[] = []
  for (const [name, files] of logs) {
    for (const file of files) sources.push(...(await readSources(name, file, onBad)))
  }
  const began = sources
    .flatMap(({ intervals }) => intervals.map(({ start }) => start))
    .reduce((a, b) => Math.min(a, b), Infinity)
  const series: Series[] = []
  for (const [name, members] of Map.groupBy(sources, (source) => source.name)) {
    const later = members.map(({ intervals }) => intervals.filter(({ start }) => start >= began + skip))
    const one = unite(name, later, began)
    if (one !== undefined) series.push(one)
  }
  return series.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function readSources(name: string, file: string, onBad: (why: string) => void): Promise<Source[]> {
  const byTag = new Map<string, LoggedInterval[]>()
  const bad: string[] = []
  for await (const interval of readHistogramLog(file, (line, why) => bad.push(`line ${line}: ${why}`))) {
    const intervals = byTag.get(interval.tag) ?? []
    byTag.set(interval.tag, intervals)
    intervals.push(interval)
  }
  const [first] = bad
  if (first !== undefined) {
    onBad(
      `${file}: ${first}${bad.length > 1 ? `, and ${bad.length - 1} more lines that are no interval` : ''}`,
    )
  }
  return [...byTag].map(([tag, intervals]) => ({ name: tag === '' ? name : `${name}:${tag}`, intervals }))
}

/** Sums of one cell of the common grid of time. */
interface Cell {
  readonly histograms: Histogram[]
  operations: number
  /** Seconds that each source was there. */
  readonly covered: Map<number, number>
}

/**
 * Nodes begin at different moments, and their intervals drift against each other. So time is cut into cells as long as
 * an interval usually is; operations count in each cell by the share of their interval that lies in it, and latencies,
 * which cannot be cut, in the cell of the middle.
 */
function unite(
  name: string,
  sources: readonly (readonly LoggedInterval[])[],
  began: number,
): Series | undefined {
  const all = sources.flat()
  const lengths = all.map(({ length }) => length).toSorted((a, b) => a - b)
  const last = all.reduce((latest, { start, length }) => Math.max(latest, start + length), began)
  const width = Math.max(lengths[Math.floor(lengths.length / 2)] ?? 1, (last - began) / MOST_INTERVALS)
  const histogram = union(all.map((one) => one.histogram))
  if (histogram === undefined) return undefined
  const first = all.reduce((least, { start }) => Math.min(least, start), Infinity)
  const cells = new Map<number, Cell>()
  const cellAt = (index: number): Cell => {
    const cell = cells.get(index) ?? { histograms: [], operations: 0, covered: new Map() }
    cells.set(index, cell)
    return cell
  }
  for (const [index, intervals] of sources.entries()) {
    for (const { start, length, histogram: one } of intervals) {
      const [from, to] = [(start - first) / width, (start - first + length) / width]
      cellAt(Math.floor((from + to) / 2)).histograms.push(one)
      for (let at = Math.floor(from + 1e-6); at < to - 1e-6; at++) {
        const cell = cellAt(at)
        const inside = Math.min(to, at + 1) - Math.max(from, at)
        cell.operations += one.total * (inside / (to - from))
        cell.covered.set(index, (cell.covered.get(index) ?? 0) + inside * width)
      }
    }
  }
  const intervals = [...cells]
    .toSorted(([a], [b]) => a - b)
    .map(([index, { histograms, operations, covered }]) => ({
      at: first - began + index * width,
      seconds: Math.min(width, Math.max(0, ...covered.values())),
      operations,
      histogram: union(histograms),
    }))
    // What is left of an interval that ends a hair beyond its cell.
    .filter(({ seconds }) => seconds > width / 100)
  const seconds = intervals.reduce((sum, one) => sum + one.seconds, 0)
  return { name, began, intervals, whole: { seconds, operations: histogram.total, histogram } }
}
