/**
 * How long it takes until the behaviour comes: a run that was watched for ten quiet minutes says less than one of four
 * hours. The behaviour is thought to come at a constant rate while a run lasts (exponential times); `weibull` says when
 * the times that were seen contradict that.
 */
import type { SurvivalCurve } from '../../model/hunt.ts'
import { lnGamma } from './beta.ts'

/** A run: how long it was watched, in seconds, and whether it ended because the behaviour came. */
export interface Watched {
  readonly seconds: number
  readonly shown: boolean
}

/** Times that it came, and the time that it was watched for in all, in seconds. */
export interface Exposure {
  readonly shown: number
  readonly seconds: number
}

export const exposureOf = (runs: readonly Watched[]): Exposure => ({
  shown: runs.filter(({ shown }) => shown).length,
  seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0),
})

/**
 * Probability that nothing comes in so many more seconds although the rate is what it was: with a Gamma(1/2 + shown,
 * seconds) posterior of the rate (Jeffreys).
 */
export const quietByChance = ({ shown, seconds }: Exposure, more: number): number =>
  (seconds / (seconds + more)) ** (shown + 0.5)

/** Quiet seconds in which it would be so unlikely; Infinity when it was never seen. */
export const quietNeeded = ({ shown, seconds }: Exposure, chance: number): number =>
  shown === 0 ? Number.POSITIVE_INFINITY : seconds * (chance ** (-1 / (shown + 0.5)) - 1)

/** Scales of time that a rate may have, in seconds: from a second to twelve days. */
const SCALES = [1, 10, 100, 1000, 1e4, 1e5, 1e6]
const SHAPE = 0.5

/**
 * Rates per second that hold the true one at all times together with this confidence: Robbins' mixture of likelihood
 * ratios, as in `confidenceSequence`, for events at a constant rate; over Gamma(1/2, scale) for each scale.
 */
export function rateInterval(
  { shown, seconds }: Exposure,
  confidence: number,
): { readonly low: number; readonly high: number } {
  if (seconds <= 0) return { low: 0, high: Number.POSITIVE_INFINITY }
  const logs = SCALES.map(
    (scale) =>
      SHAPE * Math.log(scale) -
      lnGamma(SHAPE) +
      lnGamma(SHAPE + shown) -
      (SHAPE + shown) * Math.log(scale + seconds),
  )
  const top = Math.max(...logs)
  const mixed = top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0) / logs.length)
  const excluded = (rate: number): boolean =>
    mixed - (shown === 0 ? 0 : shown * Math.log(rate)) + rate * seconds >= -Math.log(1 - confidence)
  const observed = shown / seconds
  let far = (shown + 1) / seconds
  while (!excluded(far)) far *= 2
  const edge = (outside: number): number => {
    let [out, inside] = [outside, observed]
    for (let step = 0; step < 80 && out !== inside; step++) {
      const middle = (out + inside) / 2
      if (excluded(middle)) out = middle
      else inside = middle
    }
    return inside
  }
  return { low: shown === 0 ? 0 : edge(0), high: edge(far) }
}

/** Events before their times say anything of how the rate changes. */
const FEWEST = 5
/** The 99 % quantile of chi squared with one degree of freedom. */
const CONTRADICTED = 6.635

export interface Weibull {
  /** Below 1 it comes early in a run or seldom, above 1 only after a while; 1 is a constant rate. */
  readonly shape: number
  /** The times contradict a constant rate, at a level of 1 % (likelihood ratio). */
  readonly contradicted: boolean
}

/** The Weibull distribution that makes the times most likely, runs without the behaviour being censored at their end. */
export function weibull(runs: readonly Watched[]): Weibull {
  const told = runs.filter(({ seconds }) => seconds > 0)
  const events = told.filter(({ shown }) => shown)
  if (events.length < FEWEST) return { shape: 1, contradicted: false }
  const logs = events.reduce((sum, { seconds }) => sum + Math.log(seconds), 0)
  const longest = Math.max(...told.map(({ seconds }) => seconds))
  // Of the shape alone, at the best scale for it (Kalbfleisch and Prentice 2002, section 3.6).
  const likelihood = (shape: number): number => {
    const sum = told.reduce((total, { seconds }) => total + (seconds / longest) ** shape, 0)
    const power = Math.log(sum) + shape * Math.log(longest)
    return events.length * (Math.log(shape) + Math.log(events.length) - power - 1) + (shape - 1) * logs
  }
  // Concave in the logarithm of the shape.
  let [low, high] = [Math.log(0.05), Math.log(50)]
  const golden = (Math.sqrt(5) - 1) / 2
  while (high - low > 1e-6) {
    const [a, b] = [high - golden * (high - low), low + golden * (high - low)]
    if (likelihood(Math.exp(a)) < likelihood(Math.exp(b))) low = a
    else high = b
  }
  const shape = Math.exp((low + high) / 2)
  return { shape, contradicted: 2 * (likelihood(shape) - likelihood(1)) > CONTRADICTED }
}

/** Share of runs that it has not come in after so many seconds: the steps (Kaplan and Meier 1958). */
export function kaplanMeier(runs: readonly Watched[]): SurvivalCurve['steps'] {
  const times = [...new Set(runs.filter(({ shown }) => shown).map(({ seconds }) => seconds))]
  let share = 1
  return times
    .toSorted((a, b) => a - b)
    .map((seconds) => {
      const atRisk = runs.filter((one) => one.seconds >= seconds).length
      share *= 1 - runs.filter((one) => one.shown && one.seconds === seconds).length / atRisk
      return { seconds, share, atRisk }
    })
}
