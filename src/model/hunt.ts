/** The words of a hunt: many runs that answer one question. What `hunt.json`, `trials.jsonl` and `--json` hold. */
import type { Verdict } from './verdict.ts'

export const questions = ['reproduce', 'rate', 'verify', 'compare', 'screen', 'bisect', 'amplify'] as const
export type Question = (typeof questions)[number]

/** A value that a factor takes in a run. */
export type Level = string | number | boolean

/** What a run differs in from others: factor to value. */
export type Point = Readonly<Record<string, Level>>

/** As it is typed after `-p`. */
export const assignments = (point: Point): string[] =>
  Object.entries(point).map(([factor, level]) => `${factor}=${level}`)

export const pointText = (point: Point): string => assignments(point).join(' ')

/**
 * What a run said of the behaviour that is hunted:
 * `shown` it came; `clean` it did not, in a run that could have shown it;
 * `void` the run says nothing (another bug, a lost machine, an abort); `broken` this point cannot be run at all (its
 * build or its set-up fails).
 */
export const outcomes = ['shown', 'clean', 'void', 'broken'] as const
export type Outcome = (typeof outcomes)[number]

/** One run of a hunt, from its planning to its outcome. */
export interface Trial {
  /** Unique within the hunt, in the order of planning: 1, 2, ... */
  readonly number: number
  readonly point: Point
  /** Why it was planned, in a sentence. */
  readonly why: string
  readonly outcome: Outcome | 'running'
  /** Time of the workload, in seconds, until the behaviour showed or the run ended. */
  readonly seconds: number
  /** Time of all else that it took, in seconds: making the files of its point, setting up, taking down. */
  readonly beside?: number
  /** It was stopped before its end, without having shown anything. */
  readonly cut?: true
  /** The measured quantity of a `compare`, if the hunt has one. */
  readonly value?: number
  /** Group of failures that it belongs to, for one that failed. */
  readonly signature?: string
  /** Other symptoms that showed in it, and when, in seconds of the workload. */
  readonly signs?: Readonly<Record<string, number>>
  /** The sign that ends it, and then counts as the behaviour; absent for one that goes on to its end. */
  readonly endsAt?: string
  /** It ended at that sign, and counts as `shown` for it alone. */
  readonly early?: true
}

/** A sign that comes with the behaviour and before it, so that runs can end at it. */
export interface EarlyEnd {
  readonly sign: string
  /** `proposed`: nobody said that it may be used. `dropped`: it was used, and then came without the behaviour. */
  readonly state: 'proposed' | 'used' | 'dropped'
  /** Runs to their end in which the sign came, and those of them in which the behaviour did. */
  readonly seen: number
  readonly followed: number
  /** What the probability that the behaviour follows the sign exceeds, at the confidence of the hunt. */
  readonly atLeast: number
  /** Median time from the sign to the behaviour, in seconds, and that of all runs that are expected to fail. */
  readonly secondsPerRun: number
  readonly secondsInAll: number | null
  readonly sentence: string
}

/** Where a trial ended up, beside what the planner needs of it. */
export type TrialRecord = Trial & {
  /** Run directory; absent for one that never became a run. */
  readonly run?: string
  /** Id of a run that was not made by the hunt, but added to it. */
  readonly added?: string
  /** What else is to be said of its outcome. */
  readonly note?: string
}

/** A run that a planner would have next. */
export interface Proposal {
  readonly point: Point
  readonly why: string
}

/** What is known so far; a planner derives it anew from all trials. */
export interface Answer {
  /** The question is answered as surely as was asked, or no run can tell more. */
  readonly done: boolean
  /** Whether it was answered as surely as was asked. */
  readonly sure: boolean
  /** The version, factor or setting, the rate with its interval, ...; its shape depends on the question. */
  readonly result: unknown
  /** Probability that `result` is right, in [0, 1]; of an interval, that it holds the truth. */
  readonly probability: number
  /** One sentence for a person. */
  readonly sentence: string
  /** Runs still expected, or null when nobody can tell. */
  readonly runsToGo: number | null
  /** What is drawn: a bar for each version, factor or setting, or a curve of a rate. */
  readonly picture: Picture
  /** A sign that runs can end at, if there is one. */
  readonly early?: EarlyEnd
}

/** Share of runs that showed it, with an interval that holds the truth with the asked confidence, however often looked. */
export interface Rate {
  readonly shown: number
  readonly runs: number
  readonly low: number
  readonly high: number
}

export interface LabelledRate extends Rate {
  readonly label: string
  /** The same after each run, or after some of very many, oldest first. */
  readonly course: readonly Rate[]
}

export type Picture =
  | {
      /** Probability of each candidate, in their order. */
      readonly type: 'posterior'
      readonly over: string
      readonly bars: readonly { readonly label: string; readonly probability: number }[]
      /** At each combination of what is likeliest so far. */
      readonly rates?: readonly LabelledRate[]
    }
  | {
      /** Of each group of runs. */
      readonly type: 'rates'
      readonly rates: readonly LabelledRate[]
    }

/** Share of runs in which the behaviour had not come yet, by the time of the run. */
export interface SurvivalCurve {
  readonly label: string
  /** The longest run, in seconds. */
  readonly longest: number
  /** Where the share falls, and the runs that were watched for so long. */
  readonly steps: readonly { readonly seconds: number; readonly share: number; readonly atRisk: number }[]
  /** When runs ended without the behaviour, in seconds. */
  readonly ended: readonly number[]
  /** Weibull's, where the times contradict a constant rate. */
  readonly shape?: number
}

/** What `hunt --json` prints. */
export interface HuntResult {
  readonly verdict: Verdict
  readonly hunt: string
  readonly directory: string
  readonly question: Question
  readonly answer: string
  readonly result: unknown
  readonly probability: number
  /** Runs that were made, those that say nothing included. */
  readonly runs: number
  readonly early?: EarlyEnd
}
