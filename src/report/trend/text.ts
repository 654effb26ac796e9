/** A trend for a terminal: the verdict, each change with what else changed beside it, and a line for each series. */
import type { Companion, Trend, TrendChange, TrendPoint, TrendSeries } from '../../model/trend.ts'
import { formatValue } from '../format.ts'
import { shortened, visibleLine } from '../text.ts'
import { chanceText, directionText, intervalText, levelsText, placeText, sizeText } from './words.ts'

const MOST_TOLD = 4

export interface TrendText {
  readonly head: string
  /** A block for each change point. */
  readonly changes: readonly string[]
  /** Rows of a table, the header first. */
  readonly series: readonly (readonly string[])[]
}

export function trendText({ verdict, answer, series, points }: Trend): TrendText {
  const changes = series.flatMap((one) => one.changes.map((change) => ({ one, change })))
  changes.sort((a, b) => a.change.index - b.change.index)
  return {
    head: `${verdict}\n\n${visibleLine(answer)}`,
    changes: changes.map(({ one, change }) => changeBlock(one, change, points)),
    series: [
      ['series', 'values', 'now', 'changes', 'memory', 'p'],
      ...series.map((one) => [
        visibleLine(shortened(one.name, 60)),
        String(one.values),
        nowOf(one),
        String(one.changes.length),
        one.memory.toFixed(2),
        one.p === null ? 'too few values' : chanceText(one.p),
      ]),
    ],
  }
}

/** The level that the last points are on. */
function nowOf({ changes, data, unit }: TrendSeries): string {
  const last = changes.at(-1)
  if (last !== undefined) return formatValue(last.after, unit)
  const there = data.filter((value) => value !== null)
  if (there.length === 0) return '–'
  const middle =
    unit === 'share'
      ? there.reduce((a, b) => a + b, 0) / there.length
      : there.toSorted((a, b) => a - b)[there.length >> 1]
  return formatValue(middle ?? 0, unit)
}

function changeBlock(series: TrendSeries, change: TrendChange, points: readonly TrendPoint[]): string {
  const standard = change.standardized === null ? '' : `, ${Math.abs(change.standardized).toFixed(1)} sigma`
  const told = change.companions.slice(0, MOST_TOLD).map((one) => `\n      ${companionText(one, change)}`)
  const more = change.companions.length - told.length
  return visibleBlock(
    `  ${placeText(change, points)}  ${visibleLine(series.name)}: ${directionText[change.direction]}, ${sizeText(change, series)} ` +
      `[${intervalText(change, series)}], ${levelsText(change, series)}${standard}, p ${chanceText(change.p)}` +
      `${told.join('')}${more > 0 ? `\n      and ${more} more` : ''}`,
  )
}

const visibleBlock = (text: string): string =>
  text
    .split('\n')
    .map((line) => (/^ */.exec(line)?.[0] ?? '') + visibleLine(line))
    .join('\n')

export function companionText(
  { name, before, after, index, here, everywhere }: Companion,
  change: TrendChange,
): string {
  const away = index - change.index
  const points = `${Math.abs(away)} point${Math.abs(away) === 1 ? '' : 's'}`
  const where = away === 0 ? '' : `, ${points} ${away < 0 ? 'before' : 'later'}`
  const often = here === 1 ? '' : ` in ${here} steps`
  const total = everywhere === here ? '' : `, ${everywhere} in all`
  return `${name}: ${shortened(before, 60)} → ${shortened(after, 60)}${often}${where}${total}`
}
