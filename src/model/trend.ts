/** The words of a trend: series of results over nights, and where their level changed. */
import type { Verdict } from './verdict.ts'

/** A difference of levels with the interval that holds it with 95 % confidence. */
export interface Shift {
  readonly before: number
  readonly after: number
  /** `after` minus `before`, and its bounds. */
  readonly difference: number
  readonly low: number
  readonly high: number
  /** The difference in standard deviations of the noise around both levels; null where there is no noise. */
  readonly standardized: number | null
  /** Points that each level was measured on. */
  readonly points: readonly [before: number, after: number]
}

/** Where a series begins a new level. */
export interface ChangePoint extends Shift {
  /** Index of the first value of the new level, among the values as they were given. */
  readonly index: number
  /** First and last index that it may be as well, with 95 % confidence. */
  readonly from: number
  readonly to: number
  /** Chance of such a change, at any place, in a series of this length and memory without it. */
  readonly p: number
}

/** What a series says. */
export interface Segmentation {
  readonly changes: readonly ChangePoint[]
  /** Chance that a series without any change shows the strongest one found, or null when too few values were there. */
  readonly p: number | null
  /** Lag-1 autocorrelation of the noise, 0 to 1: what a value shares with the one before it. */
  readonly memory: number
  /** Values that were there. */
  readonly values: number
}

/** A night: one run, or one row of a table. */
export interface TrendPoint {
  /** Run id, or the time or index as the table has it. */
  readonly label: string
  /** Time in ms since the epoch, or null where only the order is known. */
  readonly timeMs: number | null
  /** Whatever may explain a change: commit, parameters, versions, host; by name. */
  readonly attributes: Readonly<Record<string, string>>
}

/** One measured quantity over all points. */
export interface ResultSeries {
  readonly name: string
  readonly unit: string
  /** Null where nobody said. */
  readonly better: 'higher' | 'lower' | null
  /** One for each point, in their order; null where there is none. */
  readonly data: readonly (number | null)[]
}

/** Results of many nights, before anything is said of them. */
export interface ResultTable {
  readonly points: readonly TrendPoint[]
  readonly series: readonly ResultSeries[]
  /** What could not be read. */
  readonly notes: readonly string[]
}

/** An attribute that changed where a series may have changed. */
export interface Companion {
  readonly name: string
  /** Its value before the first and after the last of its changes there. */
  readonly before: string
  readonly after: string
  /** Index of the first point with a new value, of the change that is the nearest. */
  readonly index: number
  /** How often it changes there, and in all. */
  readonly here: number
  readonly everywhere: number
}

/** `unclear`: nobody said which way is better. */
export type Direction = 'better' | 'worse' | 'unclear'

export interface TrendChange extends ChangePoint {
  readonly direction: Direction
  /** What else changed where this change may lie; what seldom changes first. */
  readonly companions: readonly Companion[]
  /** Whether it makes the verdict: for the worse, the last one of its series, recent, and larger than is tolerated. */
  readonly counts: boolean
}

export interface TrendSeries extends ResultSeries, Omit<Segmentation, 'changes'> {
  readonly changes: readonly TrendChange[]
}

export interface Trend {
  readonly title: string
  readonly verdict: Verdict
  /** One paragraph. */
  readonly answer: string
  /** Probability of a false alarm of each series. */
  readonly level: number
  readonly points: readonly TrendPoint[]
  readonly series: readonly TrendSeries[]
  /** What could not be read or judged. */
  readonly notes: readonly string[]
}
