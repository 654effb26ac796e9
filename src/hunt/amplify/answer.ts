/** What is known so far: the setting at which it comes soonest, and how much sooner. */
import type { Answer, Point } from '../../model/hunt.ts'
import { betaQuantile } from '../stats/beta.ts'
import type { Belief } from './belief.ts'

/** Occurrences per hour of machine time, with a Bayesian interval at the asked confidence. */
export interface HourlyRate {
  readonly mean: number
  readonly low: number
  readonly high: number
}

export interface AmplifyResult {
  readonly setting: Point
  readonly perHour: HourlyRate
  /** Settings that may be as good, within the margin, with more than one chance in twenty; the best first. */
  readonly asGood: readonly Point[]
  /** How many times sooner than at the slowest setting that was run; `null` when only one was. */
  readonly timesSooner: number | null
}

interface Asked {
  readonly sure: boolean
  readonly confidence: number
  readonly margin: number
}

export const settingText = (point: Point): string =>
  Object.entries(point)
    .map(([name, level]) => `${name} = ${level}`)
    .join(', ')

/** A setting that may be as good with less than this chance is not. */
const MAY_BE_AS_GOOD = 0.05

export function answerOf(belief: Belief, { sure, confidence, margin }: Asked): Answer {
  const { settings, tallies, good, leader } = belief
  const broken = tallies.every((tally) => tally.broken)
  const result = resultOf(belief)
  return {
    done: sure || broken,
    sure,
    result,
    probability: good[leader] ?? 0,
    sentence: broken ? 'None of the settings can be run.' : sentenceOf(belief, result, sure, margin),
    runsToGo: sure || broken ? 0 : runsToGo(belief, confidence),
    picture: {
      type: 'rates',
      rates: settings.flatMap(({ point }, at) => {
        const { shown = 0, runs = 0 } = tallies[at] ?? {}
        if (runs === 0) return []
        const tail = (1 - confidence) / 2
        const [a, b] = [shown + 0.5, runs - shown + 0.5]
        return [
          {
            label: settingText(point),
            shown,
            runs,
            low: shown === 0 ? 0 : betaQuantile(tail, a, b),
            high: shown === runs ? 1 : betaQuantile(1 - tail, a, b),
            course: [],
          },
        ]
      }),
    },
  }
}

function resultOf({ settings, tallies, good, leader, rates }: Belief): AmplifyResult {
  const hourly = (at: number): HourlyRate => {
    const { mean = 0, low = 0, high = 0 } = rates[at] ?? {}
    return { mean: 3600 * mean, low: 3600 * low, high: 3600 * high }
  }
  const slowest = [...settings.keys()]
    .filter((at) => at !== leader && (tallies[at]?.runs ?? 0) > 0)
    .toSorted((a, b) => (rates[a]?.mean ?? 0) - (rates[b]?.mean ?? 0))[0]
  const perHour = hourly(leader)
  return {
    setting: settings[leader]?.point ?? {},
    perHour,
    asGood: [...settings.keys()]
      .filter((at) => at !== leader && (good[at] ?? 0) >= MAY_BE_AS_GOOD)
      .toSorted((a, b) => (good[b] ?? 0) - (good[a] ?? 0))
      .map((at) => settings[at]?.point ?? {}),
    timesSooner: slowest === undefined ? null : perHour.mean / hourly(slowest).mean,
  }
}

function sentenceOf(
  { tallies, good, leader }: Belief,
  result: AmplifyResult,
  sure: boolean,
  margin: number,
): string {
  const runs = tallies.reduce((sum, tally) => sum + tally.runs, 0)
  if (tallies.every(({ shown }) => shown === 0))
    return runs === 0 ? 'Nothing is known yet.' : `It did not come in ${runs} ${runs === 1 ? 'run' : 'runs'}.`
  const { setting, perHour, asGood, timesSooner } = result
  const figure = (value: number): string => String(Number(value.toPrecision(2)))
  const rate = `${figure(perHour.mean)} times an hour (${figure(perHour.low)} to ${figure(perHour.high)})`
  const sooner =
    timesSooner === null || timesSooner < 1.05
      ? ''
      : `, ${figure(timesSooner)} times as often as at the slowest`
  const others =
    asGood.length === 0 ? '' : `; ${asGood.length} more may be within ${(100 * margin).toFixed(0)} % of it`
  const likely = sure ? '' : `Not sure yet; ${(100 * (good[leader] ?? 0)).toFixed(0)} % likely: `
  return `${likely}${sure ? 'It' : 'it'} comes soonest at ${settingText(setting)}: ${rate}${sooner}${others}.`
}

/** The doubt falls exponentially with the runs: what is left at the pace so far. Unknown before a third of it is gone. */
function runsToGo({ tallies, good, leader }: Belief, confidence: number): number | null {
  const runs = tallies.reduce((sum, tally) => sum + tally.runs, 0)
  const doubt = 1 - (good[leader] ?? 0)
  if (doubt > 2 / 3 || tallies.every(({ shown }) => shown === 0)) return null
  const pace = -Math.log(doubt) / Math.max(1, runs)
  return Math.max(1, Math.ceil(Math.log(doubt / (1 - confidence)) / pace))
}
