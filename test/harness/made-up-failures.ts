/** Signatures as runs with several bugs and much noise would have them, from a seed; and how right a grouping of them is. */
import { seededRandom } from '../../src/base/random.ts'
import { feature } from '../../src/hunt/signature/feature.ts'
import type { Feature, FeatureKind, Signature } from '../../src/hunt/signature/feature.ts'

export interface BugSpec {
  /** Share of the runs that fail by it. */
  readonly rate: number
  /** What it shows, and how often when it strikes. */
  readonly shows: readonly (readonly [kind: FeatureKind, text: string, probability: number])[]
}

export interface MadeUpOptions {
  readonly runs: number
  readonly bugs: readonly BugSpec[]
  /** How many different things are logged by chance, each in 5 to 40 % of all runs. */
  readonly chatter: number
  /** Probability of a burst: a dozen complaints that come together, whatever else happens. */
  readonly bursts: number
  /** Lines that no other run has, in each run. */
  readonly unique: number
  /** Share of the failures in which the ladder gave nothing. */
  readonly blind: number
}

export interface MadeUp {
  readonly signatures: Signature[]
  /** Run to the number of its bug. */
  readonly truth: ReadonlyMap<string, number>
}

/** The same for the same seed. */
export function madeUpFailures(seed: number, options: MadeUpOptions): MadeUp {
  const random = seededRandom(seed)
  const noise = Array.from({ length: options.chatter }, (_, index) => ({
    text: feature(index % 3 === 0 ? 'log' : 'complaint', `by chance, number ${index}`),
    rate: 0.05 + 0.35 * random.next(),
  }))
  const truth = new Map<string, number>()
  const signatures = Array.from({ length: options.runs }, (_, index): Signature => {
    const run = `run-${String(index).padStart(4, '0')}`
    const features = new Set<Feature>([feature('log', 'ready'), feature('probe', 'ask at connect: not yet')])
    for (const { text, rate } of noise) if (random.next() < rate) features.add(text)
    if (random.next() < options.bursts) {
      for (let line = 0; line < 12; line++) features.add(feature('complaint', `storm, line ${line}`))
    }
    for (let line = 0; line < options.unique; line++) {
      features.add(feature('complaint', `only in ${run}, line ${line}`))
    }
    let left = random.next()
    const bug = options.bugs.findIndex(({ rate }) => (left -= rate) < 0)
    const isBlind = random.next() < options.blind
    for (const [kind, text, probability] of options.bugs[bug]?.shows ?? []) {
      const isCaptured = ['wait', 'stack', 'finding', 'observation'].includes(kind)
      if (random.next() < probability && !(isCaptured && isBlind)) features.add(feature(kind, text))
    }
    if (bug >= 0) truth.set(run, bug)
    const captured: FeatureKind[] = ['wait', 'stack', 'finding', 'observation']
    return {
      run,
      directory: `/runs/${run}`,
      definition: 'made-up.yaml',
      verdict: bug >= 0 ? 'fail' : 'pass',
      failed: bug >= 0,
      began: String(1_700_000_000_000_000_000n + BigInt(index) * 60_000_000_000n),
      at: String(1_700_000_030_000_000_000n + BigInt(index) * 60_000_000_000n),
      features: [...features],
      unseen: bug < 0 || isBlind ? captured : [],
      messages: [],
    }
  })
  return { signatures, truth }
}

/** Adjusted Rand index of two partitions of the same runs (Hubert and Arabie, 1985): 1 when they agree, 0 as by chance. */
export function adjustedRand(one: ReadonlyMap<string, unknown>, two: ReadonlyMap<string, unknown>): number {
  const pairs = (counts: Iterable<number>): number => {
    let sum = 0
    for (const count of counts) sum += (count * (count - 1)) / 2
    return sum
  }
  const tally = (keyOf: (run: string) => string): Iterable<number> => {
    const counts = new Map<string, number>()
    for (const run of one.keys()) counts.set(keyOf(run), (counts.get(keyOf(run)) ?? 0) + 1)
    return counts.values()
  }
  const both = pairs(tally((run) => `${String(one.get(run))}\0${String(two.get(run))}`))
  const ofOne = pairs(tally((run) => String(one.get(run))))
  const ofTwo = pairs(tally((run) => String(two.get(run))))
  const expected = (ofOne * ofTwo) / pairs([one.size])
  const most = (ofOne + ofTwo) / 2
  return most === expected ? 1 : (both - expected) / (most - expected)
}
