/** From results to a trend: the change points of every series, what else changed beside them, and whether that is bad. */
import type {
  ChangePoint,
  Companion,
  Direction,
  ResultSeries,
  ResultTable,
  Trend,
  TrendChange,
  TrendPoint,
  TrendSeries,
} from '../../model/trend.ts'
import type { Verdict } from '../../model/verdict.ts'
import { changePoints, FEWEST_VALUES } from './change-points.ts'

export interface TrendOptions {
  readonly title: string
  /** Probability of a false alarm of each series. */
  readonly level: number
  /** A change for the worse makes the verdict when it may lie among so many last points. */
  readonly recent: number
  /** Share of the level before by which the one after it may be worse. */
  readonly tolerance: number
}

/** Attributes that are told beside a change. */
const MOST_COMPANIONS = 12

export function trendOf(table: ResultTable, options: TrendOptions): Trend {
  const transitions = transitionsOf(table.points)
  const series = table.series.map((one) => seriesOf(one, table.points.length, transitions, options))
  const judged = series.filter(({ p }) => p !== null)
  const verdict = verdictOf(series, judged)
  return {
    title: options.title,
    verdict,
    answer: answerOf(series, judged, table.points, options),
    level: options.level,
    points: table.points,
    series,
    notes: table.notes,
  }
}

function verdictOf(series: readonly TrendSeries[], judged: readonly TrendSeries[]): Verdict {
  if (series.some(({ changes }) => changes.some(({ counts }) => counts))) return 'fail'
  return judged.length === 0 ? 'unknown' : 'pass'
}

function seriesOf(
  series: ResultSeries,
  points: number,
  transitions: ReadonlyMap<string, readonly Transition[]>,
  { level, recent, tolerance }: TrendOptions,
): TrendSeries {
  const { changes, ...found } = changePoints(series.data, { level })
  const told = changes.map((change, i): TrendChange => {
    const direction = directionOf(series, change)
    const last = i === changes.length - 1
    const large = Math.abs(change.difference) > tolerance * Math.abs(change.before)
    const counts = last && direction === 'worse' && large && change.to >= points - recent
    return { ...change, direction, counts, companions: companionsOf(change, transitions) }
  })
  return { ...series, ...found, changes: told }
}

function directionOf({ better }: ResultSeries, { difference }: ChangePoint): Direction {
  if (better === null) return 'unclear'
  return difference > 0 === (better === 'higher') ? 'better' : 'worse'
}

/** One change of an attribute, from one point that has it to the next. */
type Transition = Pick<Companion, 'name' | 'before' | 'after' | 'index'>

function transitionsOf(points: readonly TrendPoint[]): ReadonlyMap<string, readonly Transition[]> {
  const last = new Map<string, string>()
  const found: Transition[] = []
  for (const [index, { attributes }] of points.entries()) {
    for (const [name, after] of Object.entries(attributes)) {
      const before = last.get(name)
      if (before !== undefined && before !== after) found.push({ name, before, after, index })
      last.set(name, after)
    }
  }
  return Map.groupBy(found, ({ name }) => name)
}

/** Attributes that changed within the interval of a change. */
function companionsOf(
  { index, from, to }: ChangePoint,
  transitions: ReadonlyMap<string, readonly Transition[]>,
): Companion[] {
  const away = (one: { readonly index: number }): number => Math.abs(one.index - index)
  return [...transitions.values()]
    .flatMap((all): Companion[] => {
      const here = all.filter((one) => one.index >= from && one.index <= to)
      const [first, last] = [here[0], here.at(-1)]
      if (first === undefined || last === undefined) return []
      const nearest = here.reduce((a, b) => (away(b) < away(a) ? b : a))
      const { name, before } = first
      return [
        { name, before, after: last.after, index: nearest.index, here: here.length, everywhere: all.length },
      ]
    })
    .toSorted((a, b) => a.everywhere - b.everywhere || away(a) - away(b))
    .slice(0, MOST_COMPANIONS)
}

/** One paragraph: what became worse for good, or that nothing did. */
function answerOf(
  series: readonly TrendSeries[],
  judged: readonly TrendSeries[],
  points: readonly TrendPoint[],
  { level, recent }: TrendOptions,
): string {
  const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
  if (judged.length === 0) {
    return `Nothing can be told from ${many(points.length, 'point')}: a series needs ${FEWEST_VALUES} values at least.`
  }
  const bad = series.filter(({ changes }) => changes.some(({ counts }) => counts))
  const all = series.reduce((sum, { changes }) => sum + changes.length, 0)
  const searched = `${many(judged.length, 'series').replace('seriess', 'series')} of ${many(points.length, 'point')}`
  const others = all === bad.length ? '' : ` ${many(all - bad.length, 'other change')} found.`
  const chance = `In ${searched}, chance alone makes ${(level * judged.length).toPrecision(1)} false alarms.`
  if (bad.length === 0) return `Nothing became worse in the last ${many(recent, 'point')}.${others} ${chance}`
  const sentences = bad.slice(0, 3).map((one) => sentenceOf(one, points))
  const more = bad.length > 3 ? ` So did ${bad.length - 3} more.` : ''
  return `${sentences.join(' ')}${more}${others} ${chance}`
}

function sentenceOf({ name, changes }: TrendSeries, points: readonly TrendPoint[]): string {
  const change = changes.at(-1)
  if (change === undefined) return ''
  const { before, difference, index, companions } = change
  const percent = (100 * difference) / Math.abs(before)
  const size =
    before === 0 || !Number.isFinite(percent)
      ? ''
      : ` by ${Math.abs(percent).toFixed(percent < 10 && percent > -10 ? 1 : 0)} %`
  const [first] = companions
  const beside =
    first === undefined || first.here > 1
      ? ''
      : `, where ${first.name} changed from ${first.before} to ${first.after}`
  return `${name} went ${difference > 0 ? 'up' : 'down'}${size} at ${points[index]?.label ?? index}${beside}.`
}
