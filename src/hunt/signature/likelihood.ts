/**
 * How well a partition of the failures into bugs explains which features showed in which runs.
 *
 * Each feature is explained in one of two ways, and both likelihoods are added, weighted by how much its kind belongs to bugs:
 *
 * - by chance: it has one rate in all runs, those that passed included. Then it says nothing for or against a partition.
 * - by the bugs: each bug has a rate of its own, which is near 0 or near 1, and the runs that passed another, near 0.
 *
 * The rates are integrated out (beta-binomial), so that this is a mixture of Bernoulli distributions with the prior of
 * a Chinese-restaurant process (Neal, Markov Chain Sampling Methods for Dirichlet Process Mixture Models, 2000), in which each
 * feature may turn out to be noise. What also shows in runs that passed is explained by chance, and weighs nothing.
 *
 * Features that always come together, such as the lines of one stack trace, are one witness, who is believed a little more the
 * more there are.
 */
import { featureKinds, kindOf } from './feature.ts'
import type { Feature, FeatureKind, Signature } from './feature.ts'

/** Strength of the belief, in runs, that the rate of a feature within a bug is near 0 or 1. */
const EXTREME = 0.5
/** Rate of a feature of a bug in runs that passed: a beta distribution near 0. */
const PASSED = { shown: 0.1, absent: 2 }
/** Rate of what comes by chance. */
const CHANCE = { shown: 0.5, absent: 1.5 }
/** Concentration of the Chinese-restaurant process: how readily a failure is thought to be of a bug of its own. */
const CONCENTRATION = 0.2
/** How many witnesses of a kind are expected to be about bugs, however many there are (Scott and Berger, 2010). */
const EXPECTED = 2

/** Runs that share a fate, those of one bug or those that passed: of each witness how many have it, and could have it. */
export interface Bucket {
  runs: number
  readonly shown: Int32Array
  readonly looked: Int32Array
}

/** What stands for all features that always come together. */
export interface Witness {
  readonly features: readonly Feature[]
  /** Of the most telling of them. */
  readonly kind: FeatureKind
  readonly weight: number
}

/** What one run says, witness by witness. */
export interface Testimony {
  /** Indices of the witnesses that it has. */
  readonly has: readonly number[]
  readonly unseen: ReadonlySet<FeatureKind>
}

/** The likelihood of partitions of the failures among some runs. */
export interface Model {
  readonly witnesses: readonly Witness[]
  /** In the order of the signatures. */
  readonly testimonies: readonly Testimony[]
  readonly passed: Bucket
  bucket(members?: readonly number[]): Bucket
  /** Adds a run to a bucket, or takes it out. */
  count(bucket: Bucket, run: number, by: 1 | -1): void
  /** Log likelihood of a partition of those failures that are in a bucket, with its prior, up to a constant. */
  score(bugs: readonly Bucket[]): number
  /** Scores of the partitions in which a run that is in no bucket is added to one of the bugs: one for each candidate. */
  scores(run: number, bugs: readonly Bucket[], candidates: readonly Bucket[]): number[]
  /** Of each witness the probability that what it tells has to do with the bugs, and not with chance. */
  credibilities(bugs: readonly Bucket[]): Float64Array
}

/** Log likelihoods of what is known of a witness. */
interface Explained {
  readonly byBugs: number
  readonly byChance: number
}

/** The model of these runs: all of a definition, those that passed included. */
export function modelOf(signatures: readonly Signature[]): Model {
  const { witnesses, indexOf } = witnessesOf(signatures)
  const testimonies = signatures.map(({ features, unseen }): Testimony => {
    const has = new Set(features.flatMap((one) => indexOf.get(one) ?? []))
    return { has: [...has], unseen: new Set(unseen) }
  })
  const size = witnesses.length
  const byKind = Map.groupBy(witnesses.keys(), (index) => witnesses[index]?.kind ?? 'log')
  // However much is logged, only so much of it is expected to be about the bugs.
  const belongsOf = new Map(
    [...byKind].map(([kind, { length }]) => [kind, Math.min(featureKinds[kind].belongs, EXPECTED / length)]),
  )
  const count: Model['count'] = (to, run, by) => {
    const testimony = testimonies[run]
    if (testimony === undefined) throw new RangeError(`there is no run ${run}`)
    to.runs += by
    for (const index of testimony.has) to.shown[index] = at(to.shown, index) + by
    for (const [kind, indices] of byKind) {
      if (testimony.unseen.has(kind)) continue
      for (const index of indices) to.looked[index] = at(to.looked, index) + by
    }
  }
  const bucket: Model['bucket'] = (members = []) => {
    const made = { runs: 0, shown: new Int32Array(size), looked: new Int32Array(size) }
    for (const run of members) count(made, run, 1)
    return made
  }
  const passed = bucket(signatures.flatMap(({ failed }, run) => (failed ? [] : [run])))

  const explained = (index: number, bugs: readonly Bucket[]): Explained => {
    let shown = at(passed.shown, index)
    let looked = at(passed.looked, index)
    let byBugs = marginal(shown, looked - shown, PASSED.shown, PASSED.absent)
    const kind = witnesses[index]?.kind ?? 'log'
    for (const bug of bugs) {
      const here = at(bug.shown, index)
      const seen = at(bug.looked, index)
      byBugs += ofBug(kind, here, seen - here)
      shown += here
      looked += seen
    }
    return { byBugs, byChance: marginal(shown, looked - shown, CHANCE.shown, CHANCE.absent) }
  }
  /** Both explanations together. */
  const heard = (index: number, { byBugs, byChance }: Explained): number => {
    const { kind, weight } = witnesses[index] ?? { kind: 'log', weight: 0 }
    const belongs = belongsOf.get(kind) ?? 0.5
    return weight * addLogs(Math.log(belongs) + byBugs, Math.log(1 - belongs) + byChance)
  }
  return {
    witnesses,
    testimonies,
    passed,
    bucket,
    count,
    score: (bugs) => {
      let sum = 0
      for (const { runs } of bugs) sum += tableOf(runs)
      for (const index of witnesses.keys()) sum += heard(index, explained(index, bugs))
      return sum
    },
    scores: (run, bugs, candidates) => {
      const all = [...bugs, bucket([run])]
      const testimony = testimonies[run]
      const own = new Set(testimony?.has)
      const prior = bugs.reduce((sum, { runs }) => sum + tableOf(runs), 0)
      const sums = candidates.map(({ runs }) => prior - tableOf(runs) + tableOf(runs + 1))
      for (const [index, { kind }] of witnesses.entries()) {
        if (testimony?.unseen.has(kind) ?? true) continue
        const { byBugs } = explained(index, bugs)
        const { byChance } = explained(index, all)
        const one = own.has(index) ? 1 : 0
        for (const [which, candidate] of candidates.entries()) {
          const shown = at(candidate.shown, index)
          const absent = at(candidate.looked, index) - shown
          const more = ofBug(kind, shown + one, absent + 1 - one) - ofBug(kind, shown, absent)
          sums[which] = (sums[which] ?? 0) + heard(index, { byBugs: byBugs + more, byChance })
        }
      }
      return sums
    },
    credibilities: (bugs) =>
      Float64Array.from(witnesses, ({ kind }, index) => {
        const { byBugs, byChance } = explained(index, bugs)
        const belongs = belongsOf.get(kind) ?? 0.5
        return 1 / (1 + ((1 - belongs) / belongs) * Math.exp(byChance - byBugs))
      }),
  }
}

/** The witnesses of some runs, and which one each feature is. */
function witnessesOf(signatures: readonly Signature[]): {
  witnesses: Witness[]
  indexOf: ReadonlyMap<Feature, number>
} {
  const runsOf = new Map<Feature, number[]>()
  for (const [index, { features }] of signatures.entries()) {
    for (const one of features) {
      const runs = runsOf.get(one)
      if (runs === undefined) runsOf.set(one, [index])
      else runs.push(index)
    }
  }
  const together = Map.groupBy(
    [...runsOf.keys()].filter((one) => tells(one, runsOf.get(one) ?? [], signatures)),
    (one) => runsOf.get(one)?.join(' ') ?? '',
  )
  const witnesses: Witness[] = []
  const indexOf = new Map<Feature, number>()
  for (const features of together.values()) {
    const best = features.reduce((a, b) => (belongs(b) > belongs(a) ? b : a))
    const others = features.filter((one) => belongs(one) >= belongs(best) / 3).length - 1
    for (const one of features) indexOf.set(one, witnesses.length)
    witnesses.push({
      features,
      kind: kindOf(best),
      weight: isNoisy(kindOf(best)) ? 1 : 1 + Math.log1p(others),
    })
  }
  return { witnesses, indexOf }
}

/** Kinds of which there are many in every run: more of them together are a burst, and no better witness. */
const isNoisy = (kind: FeatureKind): boolean =>
  kind === 'log' || kind === 'complaint' || kind === 'observation'
/** Whether a feature can say anything of the bugs: a line in the log of one failure cannot. */
function tells(one: Feature, runs: readonly number[], signatures: readonly Signature[]): boolean {
  const failures = runs.filter((run) => signatures[run]?.failed === true).length
  return failures > (isNoisy(kindOf(one)) ? 1 : 0)
}

const belongs = (one: Feature): number => featureKinds[kindOf(one)].belongs
const at = (counts: Int32Array, index: number): number => counts[index] ?? 0

/** The part of a bug with so many runs in the prior. */
const tableOf = (runs: number): number => (runs === 0 ? 0 : Math.log(CONCENTRATION) + rising(1, runs - 1))

/** Log likelihood of a witness within one bug. */
function ofBug(kind: FeatureKind, shown: number, absent: number): number {
  const { share } = featureKinds[kind]
  return marginal(shown, absent, EXTREME * share, EXTREME * (1 - share))
}

function addLogs(a: number, b: number): number {
  const most = Math.max(a, b)
  return most + Math.log(Math.exp(a - most) + Math.exp(b - most))
}

/** Log of the beta-binomial likelihood of a sequence: B(a + shown, b + absent) / B(a, b). */
const marginal = (shown: number, absent: number, a: number, b: number): number =>
  rising(a, shown) + rising(b, absent) - rising(a + b, shown + absent)

/** Log of a (a + 1) ... (a + n - 1); remembered, for the same few parameters come again and again. */
function rising(a: number, n: number): number {
  let sums = risings.get(a)
  if (sums === undefined) risings.set(a, (sums = [0]))
  for (let k = sums.length; k <= n; k++) sums.push((sums[k - 1] ?? 0) + Math.log(a + k - 1))
  return sums[n] ?? 0
}

const risings = new Map<number, number[]>()
