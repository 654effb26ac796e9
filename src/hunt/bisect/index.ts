/**
 * Which version brought a behaviour that comes now and then. Like `git bisect`, but a run that stays clean does not
 * prove its version good: every run shifts probability between the changes, and the next is the one that tells most for
 * its time. (Horstein 1963; Waeber, Frazier and Henderson 2013, for known rates. Here both rates are unknown.)
 */
import { seededRandom } from '../../base/random.ts'
import type { Answer, Level, Trial } from '../../model/hunt.ts'
import { exposures } from '../exposure.ts'
import { percent, runsText } from '../tally.ts'
import type { Planner } from '../planner.ts'
import type { Count } from '../stats/two-rates.ts'
import { Beliefs } from './beliefs.ts'
import { choose, chooseBatch, NOTHING } from './choose.ts'
import type { Order } from './order.ts'
import { practice } from './practice.ts'
import { binaryEntropy, rateGrid } from './rates.ts'

export { graph, line } from './order.ts'

export interface Bisection {
  /** The factor whose values the versions are. */
  readonly over: string
  /** Oldest first, as `order` has them. */
  readonly versions: readonly Level[]
  readonly order: Order
  /** In (0, 1). */
  readonly confidence: number
  /** Runs without the change that were made already. */
  readonly before?: Count | undefined
}

/** A running trial that is worth less than this part of what another would is stopped. */
const IDLE = 0.02

const capitalised = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

export function bisectPlanner({ over, versions, order, confidence, before }: Bisection): Planner {
  const grid = rateGrid(before)
  const prior = new Float64Array(versions.length).fill(1 / versions.length)
  const indexOf = new Map(versions.map((version, index) => [String(version), index]))
  const versionOf = ({ point }: Trial): number => indexOf.get(String(point[over])) ?? -1

  // Classes for the versions of all trials that were ever seen: more than are needed do no harm.
  const split = new Beliefs(order, grid, prior)
  // The same with one more change, which all versions contain: of histories with several roots no change of their own is.
  const alike = versions.length
  const splitWithAlike = new Beliefs(
    { ...order, contains: (version, change) => change === alike || order.contains(version, change) },
    grid,
    new Float64Array(alike + 1).fill(1 / (alike + 1)),
  )
  const beliefsOf = (trials: readonly Trial[], from = split): Beliefs => {
    const exposure = exposures(trials)
    const counts = new Map<number, { shown: number; clean: number }>()
    for (const trial of trials) {
      const { outcome } = trial
      const version = versionOf(trial)
      if (version < 0 || (outcome !== 'shown' && outcome !== 'clean')) continue
      const count = counts.get(version) ?? { shown: 0, clean: 0 }
      count[outcome] += outcome === 'shown' ? 1 : exposure(trial)
      counts.set(version, count)
    }
    for (const version of counts.keys()) from.split(version)
    const beliefs = from.copy()
    for (const [version, { shown, clean }] of counts) beliefs.observe(version, shown, clean)
    return beliefs
  }

  const practiceOf = (trials: readonly Trial[]) => practice(trials, versionOf)

  const name = (version: number): string => order.labels[version] ?? ''

  const answer = (trials: readonly Trial[]): Answer => {
    const beliefs = beliefsOf(trials)
    const { probability, classOf, classes } = beliefs
    const needed = beliefs.needed(confidence)
    let top = 0
    for (const [change, one] of probability.entries()) if (one > (probability[top] as number)) top = change
    const { allowed, cost } = practiceOf(trials)
    // However much may still be learnt of the rates: where no version tells one change from another, this is the answer.
    const telling = choose(beliefs, order, allowed, cost)?.mostBits ?? 0
    const open = telling > NOTHING
    const seen = trials.some(({ outcome }) => outcome === 'shown')
    // Changes that no version which can be run tells apart are answered together.
    const together = open
      ? [top]
      : Array.from(probability.keys()).filter((change) => classOf[change] === classOf[top])
    const chance = together.reduce((sum, change) => sum + (probability[change] as number), 0)
    const sure = seen && chance >= needed
    const [fresh = 0, old = 0] = [classes.fresh, classes.old].map(
      (rates) => rates[classOf[top] as number] ?? 0,
    )
    const names = together.map(name)
    const spread = probability.reduce((sum, one) => sum - (one > 0 ? one * Math.log2(one) : 0), 0)
    const left = Math.max(0, spread - binaryEntropy(needed))
    return {
      done: sure || !open,
      sure,
      result: together.length === 1 ? versions[top] : together.map((change) => versions[change]),
      probability: chance,
      sentence: !seen
        ? `It has not shown in any version yet, in ${runsText(trials.length)}.`
        : `${names.length === 1 ? `${capitalised(over)} ${names[0]}` : `One of ${over} ${names[0]} to ${names.at(-1)}, which cannot be told apart,`} ` +
          `brought it (probability ${chance.toFixed(3)}): it shows in about ${percent(fresh)} of runs with it, ` +
          `${old < 0.01 ? 'and not before' : `in ${percent(old)} before`}.`,
      runsToGo: sure || !open ? 0 : seen ? Math.ceil(left / telling) : null,
      picture: {
        type: 'posterior',
        over,
        bars: Array.from(probability, (one, change) => ({ label: name(change), probability: one })),
      },
    }
  }

  return {
    next: (trials, count) => {
      const beliefs = beliefsOf(trials)
      const { allowed, cost } = practiceOf(trials)
      const running = trials.filter(({ outcome }) => outcome === 'running').map(versionOf)
      const random = seededRandom(trials.length)
      return chooseBatch(beliefs, order, running, count, random, allowed, cost).map(
        ({ version, bits, kindBits, shows }) => ({
          point: { [over]: versions[version] ?? '' },
          why:
            `${over} ${name(version)} tells ${bits.toFixed(3)} bits of the change and ${kindBits.toFixed(3)} of how often it shows: ` +
            `it shows there with probability ${shows.toFixed(2)}, as far as is known`,
        }),
      )
    },
    answer,
    // A bug that no change brought shows in all versions alike.
    fit: (trials) => 1 / Math.max(1e-12, beliefsOf(trials, splitWithAlike).probability[alike] ?? 1),
    matters: (trials, running) => {
      const version = versionOf(running)
      const beliefs = beliefsOf(trials)
      const best = choose(beliefs, order)?.worth ?? 0
      return (choose(beliefs, order, (one) => one === version)?.worth ?? 0) > IDLE * best
    },
  }
}
