/** What is believed of the factors: every rule of none, one or two literals and those of three, each with its probability. */
import { paired } from './pairs.ts'
import { PRIOR, shareOf } from './prior.ts'
import { type RateModel, memoised } from './rates.ts'
import { type Draft, LEFT_OUT, type Rule } from './rule.ts'
import { type Observation, type Space, activeFactors, holds } from './space.ts'
import { type Tally, tallyOf } from './level-tally.ts'
import { tripled } from './triples.ts'

/** All rules that are not left out, the most probable first. */
export function rulesOf(space: Space, model: RateModel, observations: readonly Observation[]): Rule[] {
  const tally = tallyOf(space, observations)
  const singles = alone(space, tally, model)
  const drafts = [none(tally, model), ...singles]
  const pairs = paired(space, tally, model, singles, bestOf(drafts))
  drafts.push(...pairs)
  const threes = tripled(space, observations, model, singles, pairs, bestOf(drafts))
  drafts.push(...threes.drafts)
  return weighed(drafts, threes.left)
}

const bestOf = (drafts: readonly Draft[]): number =>
  drafts.reduce((most, { log }) => Math.max(most, log), Number.NEGATIVE_INFINITY)

/** `left` is the log of what is believed of rules that are not among the drafts. */
function weighed(drafts: readonly Draft[], left: number): Rule[] {
  const best = bestOf(drafts)
  const shares = drafts.map(({ log }) => Math.exp(log - best))
  const sum = shares.reduce((total, share) => total + share, Math.exp(left - best))
  return drafts
    .map(({ how, literals, rates, high }, at) => ({
      how,
      literals,
      rates,
      high,
      weight: (shares[at] ?? 0) / sum,
    }))
    .filter(({ weight }) => weight > LEFT_OUT)
    .toSorted((a, b) => b.weight - a.weight)
}

const none = ({ total }: Tally, model: RateModel): Draft => {
  const { log, rates } = model.same(total)
  return { how: 'none', literals: [], log: log + Math.log(PRIOR.none), rates, high: [false] }
}

function alone(space: Space, tally: Tally, model: RateModel): Draft[] {
  const two = memoised(tally.total, model)
  return space.literals.map((literal) => {
    const { factor, mask } = literal
    const counts = { shown: 0, clean: 0 }
    for (let level = 0; level < (space.levels[factor]?.length ?? 0); level++) {
      if (holds(mask, level) === 0) continue
      const at = tally.index(factor, factor, level, level)
      counts.shown += tally.shown[at] ?? 0
      counts.clean += tally.clean[at] ?? 0
    }
    const { log, rates } = two(counts)
    const [literals, high] = [[literal], [false, true]]
    const prior = Math.log((PRIOR.alone * shareOf(literals, high)) / activeFactors(space))
    return { how: 'alone', literals, log: log + prior, rates, high }
  })
}
