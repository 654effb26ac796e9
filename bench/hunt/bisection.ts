/** Simulated bisections, ours and git_bayesect's (PyPI), over the same histories: what `bisect.ts` makes its table of. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { seededRandom } from '../../src/base/random.ts'
import { Beliefs } from '../../src/hunt/bisect/beliefs.ts'
import { choose, chooseBatch } from '../../src/hunt/bisect/choose.ts'
import { bisectPlanner, line } from '../../src/hunt/bisect/index.ts'
import { binaryEntropy, rateGrid, type RateGrid } from '../../src/hunt/bisect/rates.ts'
import { asHunted } from '../../src/hunt/same-bug.ts'
import { betaQuantile } from '../../src/hunt/stats/beta.ts'
import type { Trial } from '../../src/model/hunt.ts'

export const CONFIDENCE = 0.95
const MOST_RUNS = 6000

export interface Histories {
  readonly count: number
  readonly versions: number
  /** Failure rates with the change and without. */
  readonly fresh: number
  readonly old: number
  /** Seed of the first history; the next ones follow. */
  readonly seed: number
}

/** One number for each history. */
export interface Hunts {
  readonly right: readonly boolean[]
  readonly runs: readonly number[]
  readonly rounds: readonly number[]
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** A share with its 95 % interval (Clopper and Pearson). */
export function share(right: readonly boolean[]): string {
  const [n, k] = [right.length, right.filter(Boolean).length]
  const low = k === 0 ? 0 : betaQuantile(0.025, k, n - k + 1)
  const high = k === n ? 1 : betaQuantile(0.975, k + 1, n - k)
  return `${(k / n).toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)})`
}

/** Runs that the capacity of the channel demands at known rates: the bits of the versions by the bits of the best run. */
export function bound({ versions, fresh, old }: Histories): number {
  let best = 0
  for (let part = 0; part <= 1; part += 1e-4) {
    const shows = part * fresh + (1 - part) * old
    const bits = binaryEntropy(shows) - part * binaryEntropy(fresh) - (1 - part) * binaryEntropy(old)
    if (bits > best) best = bits
  }
  return Math.log2(versions) / best
}

/** Each history's change, which is not the first version, and the numbers that decide its runs. */
function* worlds({ count, versions, seed }: Histories) {
  for (let history = 0; history < count; history++) {
    const random = seededRandom(seed + history)
    yield { change: 1 + random.below(versions - 1), random }
  }
}

/** A grid of one pair: the rates are known. */
function knownRates(fresh: number, old: number): RateGrid {
  const one = (value: number): Float64Array => Float64Array.of(value)
  return {
    size: 1,
    prior: one(1),
    fresh: one(fresh),
    old: one(old),
    kinds: [1],
    allowance: one(1),
  }
}

/** As the planner does, but told each run as it comes. `machines` runs make one round; of the old side it is told `before` runs. */
export function ours(
  histories: Histories,
  {
    machines = 1,
    known = false,
    before = 0,
  }: { readonly machines?: number; readonly known?: boolean; readonly before?: number } = {},
): Hunts {
  const { versions, fresh, old } = histories
  const order = line(Array.from({ length: versions }, (_, version) => String(version)))
  const prior = new Float64Array(versions).fill(1 / versions)
  const hunts = { right: [] as boolean[], runs: [] as number[], rounds: [] as number[] }
  for (const { change, random } of worlds(histories)) {
    const shown = Array.from({ length: before }, () => random.next() < old).filter(Boolean).length
    const grid = known ? knownRates(fresh, old) : rateGrid({ shown, runs: before })
    const beliefs = new Beliefs(order, grid, prior)
    let [runs, rounds, right] = [0, 0, false]
    while (runs < MOST_RUNS) {
      const { probability } = beliefs
      const top = probability.indexOf(Math.max(...probability))
      if ((probability[top] as number) >= beliefs.needed(CONFIDENCE)) {
        right = top === change
        break
      }
      const one = machines === 1 ? choose(beliefs, order) : undefined
      const batch =
        machines === 1
          ? one === undefined
            ? []
            : [one]
          : chooseBatch(beliefs, order, [], machines, seededRandom(runs))
      if (batch.length === 0) break
      for (const { version } of batch) {
        const shown = random.next() < (version >= change ? fresh : old) ? 1 : 0
        beliefs.observe(version, shown, 1 - shown)
        runs++
      }
      rounds++
    }
    hunts.right.push(right)
    hunts.runs.push(runs)
    hunts.rounds.push(rounds)
  }
  return hunts
}

/**
 * Through the planner, with faults: of all runs, a tenth fail otherwise (grouped as another bug), a tenth do not build,
 * and a tenth lose their machine.
 */
export function withFaults(histories: Histories): Hunts {
  const { versions, fresh, old } = histories
  const labels = Array.from({ length: versions }, (_, version) => String(version))
  const planner = bisectPlanner({
    over: 'v',
    versions: labels,
    order: line(labels),
    confidence: CONFIDENCE,
  })
  const hunts = { right: [] as boolean[], runs: [] as number[], rounds: [] as number[] }
  for (const { change, random } of worlds(histories)) {
    const trials: Trial[] = []
    let answer = planner.answer(trials)
    while (!answer.done && trials.length < MOST_RUNS) {
      const [proposal] = planner.next(asHunted(trials, planner), 1)
      if (proposal === undefined) break
      const luck = random.next()
      const shown = random.next() < (Number(proposal.point['v']) >= change ? fresh : old)
      trials.push({
        ...proposal,
        number: trials.length + 1,
        seconds: 1,
        ...(luck < 0.1
          ? { outcome: 'shown', signature: 'another' }
          : luck < 0.2
            ? { outcome: 'broken' }
            : luck < 0.3
              ? { outcome: 'void' }
              : shown
                ? { outcome: 'shown', signature: 'hunted' }
                : { outcome: 'clean' }),
      })
      answer = planner.answer(asHunted(trials, planner))
    }
    hunts.right.push(answer.sure && answer.result === String(change))
    hunts.runs.push(trials.length)
    hunts.rounds.push(trials.length)
  }
  return hunts
}

/** git_bayesect, one run after another; it does not plan several at once. */
export function theirs(python: string, histories: Histories): Hunts {
  const { versions, fresh, old } = histories
  const hunts = { right: [] as boolean[], runs: [] as number[], rounds: [] as number[] }
  const lines = Array.from(worlds(histories), ({ change, random }) => {
    const numbers = Array.from({ length: MOST_RUNS }, () => random.next().toFixed(6))
    return [versions, change, CONFIDENCE, fresh, old, ...numbers].join(' ')
  })
  const { stdout, status, stderr } = spawnSync(python, [join(import.meta.dirname, 'peer-git-bayesect.py')], {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(stderr)
  for (const text of stdout.trim().split('\n')) {
    const [runs = 0, right = 0] = text.split(' ').map(Number)
    hunts.right.push(right === 1)
    hunts.runs.push(runs)
    hunts.rounds.push(runs)
  }
  return hunts
}
