/** A change as people read it. */
import type { ChangePoint, Direction, TrendPoint, TrendSeries } from '../../model/trend.ts'
import { formatValue } from '../format.ts'

export const directionText: Readonly<Record<Direction, string>> = {
  better: 'better',
  worse: 'worse',
  unclear: 'changed',
}

/** `+12.3 %` of the level before; of a share, in points: `-35 points`. */
export function changeText(difference: number, before: number, unit: string): string {
  const sign = difference > 0 ? '+' : ''
  if (unit === 'share') return `${sign}${(100 * difference).toFixed(0)} points`
  if (before === 0) return `${sign}${formatValue(difference, unit)}`
  return `${sign}${((100 * difference) / Math.abs(before)).toFixed(1)} %`
}

export const sizeText = ({ difference, before }: ChangePoint, { unit }: TrendSeries): string =>
  changeText(difference, before, unit)

export const intervalText = ({ low, high, before }: ChangePoint, { unit }: TrendSeries): string =>
  `${changeText(low, before, unit)} to ${changeText(high, before, unit)}`

export const levelsText = ({ before, after }: ChangePoint, { unit }: TrendSeries): string =>
  `${formatValue(before, unit)} to ${formatValue(after, unit)}`

export const chanceText = (p: number): string => (p < 1e-4 ? '<0.0001' : p.toPrecision(1))

/** The day and minute in UTC, or the label of a point that has no time. */
export function whenText(point: TrendPoint | undefined): string {
  if (point === undefined) return '?'
  if (point.timeMs === null) return point.label
  return new Date(point.timeMs).toISOString().slice(0, 16).replace('T', ' ').replace(' 00:00', '')
}

/** Where a change begins, and from where to where it may, when that is not one point. */
export function placeText({ index, from, to }: ChangePoint, points: readonly TrendPoint[]): string {
  const at = whenText(points[index])
  return from === to ? at : `${at} (${whenText(points[from])} to ${whenText(points[to])})`
}
