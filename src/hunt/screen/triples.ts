/**
 * Rules of three factors. That all three act together is considered of each three: clean runs exclude it last, and while it
 * is not excluded nobody knows that nothing matters. Other ways in which three can act show as a pair first. That a third
 * factor changes the rate of a pair a little is not looked for: to exclude that takes more runs than all the rest.
 */
import { mostTelling } from './pairs.ts'
import { PRIOR, shareOf } from './prior.ts'
import { type Counts, type RateModel, less, memoised, sumOf } from './rates.ts'
import { type Draft, LEFT_OUT, cellOf } from './rule.ts'
import { type Literal, type Observation, type Space, activeFactors, holds } from './space.ts'

/** Threes beyond these are left out of what acts together, those first whose literals say least alone: a choice must stay fast. */
const MOST_THREES = 100_000
/** Leading pairs that a third factor is tried with. */
const LEADERS = 6
/** In log probability, how far behind the first one a pair may be. */
const FURTHEST = 12

/** Where three literals hold, or do not. */
const CELLS = [...Array(8).keys()]
const HIGH_ALL = CELLS.map((cell) => cell === 7)

/** A set of runs, a bit each. */
type Runs = Uint32Array

export interface Threes {
  readonly drafts: readonly Draft[]
  /** Log of what is believed of those together that are less probable than is worth a draft. */
  readonly left: number
}

/** Rules of three; `best` is the log of the most probable rule that is known. */
export function tripled(
  space: Space,
  observations: readonly Observation[],
  model: RateModel,
  singles: readonly Draft[],
  pairs: readonly Draft[],
  best: number,
): Threes {
  const factors = activeFactors(space)
  if (factors < 3) return { drafts: [], left: Number.NEGATIVE_INFINITY }
  const threes = (factors * (factors - 1) * (factors - 2)) / 6
  const counted = observations.filter(({ outcome }) => outcome === 'shown' || outcome === 'clean')
  const shown = runsWhere(counted, ({ outcome }) => outcome === 'shown')
  const all = runsWhere(counted, () => true)
  const two = memoised(countsOf(all, all, shown), model)
  const runsOf = new Map(
    space.literals.map((literal) => {
      const { factor, mask } = literal
      return [literal, runsWhere(counted, ({ levels }) => holds(mask, levels[factor] ?? 0) === 1)] as const
    }),
  )
  const { drafts, left } = together()
  return { drafts: [...drafts, ...extended()], left }

  function together(): Threes {
    const literals = mostTelling(singles, mostOf(space.literals))
    const pair = new Uint32Array(shown.length)
    const drafts: Draft[] = []
    let left = 0
    for (const [at, a] of literals.entries()) {
      const ofA = runsOf.get(a) ?? all
      for (let second = at + 1; second < literals.length; second++) {
        const b = literals[second] as Literal
        if (b.factor === a.factor) continue
        const ofB = runsOf.get(b) ?? all
        for (let word = 0; word < pair.length; word++) pair[word] = (ofA[word] ?? 0) & (ofB[word] ?? 0)
        for (let third = second + 1; third < literals.length; third++) {
          const c = literals[third] as Literal
          if (c.factor === b.factor) continue
          const { log, rates } = two(countsOf(pair, runsOf.get(c) ?? all, shown))
          const own = [a, b, c]
          const posterior = log + Math.log((PRIOR.three * shareOf(own, HIGH_ALL)) / threes)
          if (posterior < best + Math.log(LEFT_OUT)) left += Math.exp(posterior - best)
          else
            drafts.push({
              how: 'more',
              literals: own,
              log: posterior,
              rates: HIGH_ALL.map((one) => rates[one ? 1 : 0] ?? 0),
              high: HIGH_ALL,
            })
        }
      }
    }
    return { drafts, left: best + Math.log(left) }
  }

  /** The leading pairs with each third literal: the pair as one condition, the third as the other. */
  function extended(): Draft[] {
    const sorted = pairs.toSorted((a, b) => b.log - a.log)
    const leaders = sorted.slice(0, LEADERS).filter(({ log }) => log > (sorted[0]?.log ?? 0) - FURTHEST)
    const seen = new Set<string>()
    return leaders.flatMap((leader) => {
      const pair = runsWhere(counted, ({ levels }) => leader.high[cellOf(leader.literals, levels)] === true)
      const ofPair = countsOf(pair, pair, shown)
      return space.literals.flatMap((third): Draft[] => {
        if (leader.literals.some(({ factor }) => factor === third.factor)) return []
        const literals = [...leader.literals, third]
        const runs = runsOf.get(third) ?? all
        const both = countsOf(pair, runs, shown)
        return (['together', 'either'] as const).flatMap((how): Draft[] => {
          if (how === 'together' && leader.how === 'together') return []
          // Any of three is one rule, whichever pair of them leads; the others are six.
          const isAny = how === 'either' && leader.how === 'either'
          if (isAny) {
            const key = literals
              .map(({ factor, mask }) => `${factor}:${mask}`)
              .toSorted()
              .join()
            if (seen.has(key)) return []
            seen.add(key)
          }
          const held = how === 'together' ? both : less(sumOf(ofPair, countsOf(runs, runs, shown)), both)
          const { log, rates } = two(held)
          const high = CELLS.map((cell) => {
            const inPair = leader.high[cell & 3] === true
            return how === 'together' ? inPair && cell > 3 : inPair || cell > 3
          })
          const prior = (PRIOR.more * (isAny ? 1 / 4 : 1 / 8) * shareOf(literals, high)) / threes
          return [
            {
              how: 'more',
              literals,
              log: log + Math.log(prior),
              rates: high.map((one) => rates[one ? 1 : 0] ?? 0),
              high,
            },
          ]
        })
      })
    })
  }
}

/** How many literals make no more threes than are looked at. */
const mostOf = (literals: readonly Literal[]): number => {
  let most = literals.length
  for (; most > 3 && threesOf(literals, most) > MOST_THREES; most--);
  return most
}

/** How many threes of different factors there are when each factor has its part of so many literals. */
function threesOf(literals: readonly Literal[], most: number): number {
  let [ones, twos, threes] = [0, 0, 0]
  for (const [, own] of Map.groupBy(literals, ({ factor }) => factor)) {
    const part = (own.length * most) / literals.length
    threes += twos * part
    twos += ones * part
    ones += part
  }
  return threes
}

function runsWhere(counted: readonly Observation[], test: (one: Observation) => boolean): Runs {
  const runs = new Uint32Array(Math.ceil(counted.length / 32))
  for (const [run, one] of counted.entries())
    if (test(one)) runs[run >> 5] = (runs[run >> 5] ?? 0) | (1 << (run & 31))
  return runs
}

/** The runs in both sets. */
function countsOf(some: Runs, others: Runs, shown: Runs): Counts {
  let [all, came] = [0, 0]
  for (let word = 0; word < shown.length; word++) {
    const both = (some[word] ?? 0) & (others[word] ?? 0)
    all += bitsOf(both)
    came += bitsOf(both & (shown[word] ?? 0))
  }
  return { shown: came, clean: all - came }
}

/** How many bits are set (Warren, Hacker's Delight, section 5-1). */
function bitsOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
