/** Axes: from values to shares of the axis, with ticks at round values of the unit. */
import { isBytes, millisecondsOf } from '../format.ts'

export interface Scale {
  /** The place of a value on the axis, 0 to 1 from its low to its high end, as a share. */
  (value: number): number
  readonly ticks: readonly number[]
}

/** Steps of a clock, in ms, from one second up; below, time is decimal. */
const CLOCK = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400]

/** Linear scale over [low, high] in a unit, with about `count` ticks. */
export function linear(low: number, high: number, unit: string, count: number): Scale {
  const span = high > low ? high - low : 1
  const step = stepOf(span / count, unit)
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor((low + span) / step + 1e-9)
  const ticks = Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  )
  return Object.assign((value: number) => (value - low) / span, { ticks })
}

/** The first round step that is not below `least`: powers of two for bytes, of a clock for time, 1, 2, 5 for the rest. */
function stepOf(least: number, unit: string): number {
  if (isBytes(unit) && least >= 1) return 2 ** Math.ceil(Math.log2(least))
  const milliseconds = millisecondsOf(unit)
  if (milliseconds !== undefined && least * milliseconds >= 1000) {
    const seconds = (least * milliseconds) / 1000
    const days = 86_400 * Math.ceil(seconds / 86_400)
    return ((CLOCK.find((one) => one >= seconds) ?? days) * 1000) / milliseconds
  }
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5, 10].find((multiple) => least <= multiple * power) ?? 10)
}
