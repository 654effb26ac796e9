/**
 * The least runs that a bisection can take on average where the change always shows, if the plan has to be right with a given
 * probability where it shows in half of the runs: its first dozen runs look the same. And what ours takes, exactly.
 *
 *   node bench/hunt/least.ts [VERSIONS] [CONFIDENCE]      15 seconds for 1024 versions
 *
 * As long as nothing has contradicted "always", a plan knows how many changes are left, how often it has shown, and the
 * deception so far: the probability of what was seen summed over the changes already ruled out, if it shows in half of
 * the runs. By dynamic programming over these, with a price for each wrong answer; the least runs less what the price
 * allows for is a bound, whatever the price (Lagrange), and the best of some prices is printed. In the deception the
 * costs are concave, so straight lines between the points of a grid stay below them. Errors of hunts that have noticed are left
 * out. Larger sets of changes are split in steps of a twentieth only, which costs less than 0.005 runs.
 */
import { Beliefs } from '../../src/hunt/bisect/beliefs.ts'
import { choose } from '../../src/hunt/bisect/choose.ts'
import { line } from '../../src/hunt/bisect/index.ts'
import { rateGrid } from '../../src/hunt/bisect/rates.ts'

/** Deceptions on the grid: nothing, then even in the logarithm, from 2^FROM. */
const FROM = -8
const STEP = 0.25
const GRID = [0, ...Array.from({ length: 71 }, (_, point) => 2 ** (FROM + point * STEP))]
const MOST_SHOWN = 14
const PARTS = Array.from({ length: 13 }, (_, index) => 0.35 + 0.05 * index)

/** Cost at a deception, on a straight line between two points of the grid; beyond the last one, that of it. */
function at(costs: Float64Array, deception: number): number {
  const last = GRID.length - 1
  if (deception >= (GRID[last] as number)) return costs[last] as number
  const below =
    deception < (GRID[1] as number)
      ? 0
      : Math.min(last - 1, 1 + Math.floor((Math.log2(deception) - FROM) / STEP))
  const [from, to] = [GRID[below] as number, GRID[below + 1] as number]
  const [low, high] = [costs[below] as number, costs[below + 1] as number]
  return low + ((high - low) * (deception - from)) / (to - from)
}

/** How many of some changes may be in the lower part. */
const partsOf = (changes: number): readonly number[] =>
  changes <= 24
    ? Array.from({ length: changes - 1 }, (_, index) => index + 1)
    : [...new Set(PARTS.map((part) => Math.round(part * changes)))]

function sizesFrom(versions: number, sizes = new Set<number>()): Set<number> {
  if (sizes.has(versions)) return sizes
  sizes.add(versions)
  for (const part of partsOf(versions)) for (const size of [part, versions - part]) sizesFrom(size, sizes)
  return sizes
}

/** Least runs and prices of wrong answers together, where each of these costs `price` runs. */
function leastCost(versions: number, price: number): number {
  /** By changes left, times it has shown, and deception. */
  const costs = new Map<number, Float64Array[]>()
  const after = (changes: number, shown: number, deception: number): number =>
    at(costs.get(changes)?.[Math.min(MOST_SHOWN, shown)] as Float64Array, deception)
  for (const changes of [...sizesFrom(versions)].toSorted((a, b) => a - b)) {
    const byShown: Float64Array[] = []
    costs.set(changes, byShown)
    for (let shown = MOST_SHOWN; shown >= 0; shown--) {
      const own = new Float64Array(GRID.length)
      byShown[shown] = own
      for (const [point, deception] of GRID.entries()) {
        let least = changes === 1 ? price * deception : Infinity
        // Again a version that is known to show it, or known not to: each halves what has deceived.
        if (point > 0) least = Math.min(least, 1 + at(own, deception / 2))
        if (point > 0 && shown < MOST_SHOWN)
          least = Math.min(least, 1 + after(changes, shown + 1, deception / 2))
        for (const part of changes === 1 ? [] : partsOf(changes)) {
          const lower = part / changes
          const ruledOut = deception / 2 + (part / 2) * 2 ** -shown
          least = Math.min(
            least,
            1 +
              lower * after(part, shown + 1, deception / 2) +
              (1 - lower) * after(changes - part, shown, ruledOut),
          )
        }
        own[point] = least
      }
    }
  }
  return costs.get(versions)?.[0]?.[0] ?? Number.NaN
}

/** What our plan takes where it always shows, and how often it is wrong in what looks the same at half of the runs. */
function ours(versions: number, confidence: number): { readonly runs: number; readonly deceived: number } {
  const order = line(Array.from({ length: versions }, (_, version) => String(version)))
  let [runs, deceived] = [0, 0]
  /** Changes from `low` to below `high` are left. */
  const walk = (
    beliefs: Beliefs,
    low: number,
    high: number,
    shown: number,
    clean: readonly number[],
  ): void => {
    const { probability } = beliefs
    const top = probability.indexOf(Math.max(...probability))
    if ((probability[top] as number) >= beliefs.needed(confidence)) {
      runs += (high - low) * (shown + clean.length)
      for (let change = 0; change < high; change++)
        if (change !== top) deceived += 2 ** -(shown + clean.filter((version) => version >= change).length)
      return
    }
    const version = choose(beliefs, order)?.version ?? 0
    const told = (shows: number): Beliefs => {
      const copy = beliefs.copy()
      copy.observe(version, shows, 1 - shows)
      return copy
    }
    if (version >= low) walk(told(1), low, Math.min(high, version + 1), shown + 1, clean)
    if (version + 1 < high) walk(told(0), Math.max(low, version + 1), high, shown, [...clean, version])
  }
  walk(new Beliefs(order, rateGrid(), new Float64Array(versions).fill(1 / versions)), 0, versions, 0, [])
  return { runs: runs / versions, deceived: deceived / versions }
}

const versions = Number(process.argv[2] ?? 1024)
const confidence = Number(process.argv[3] ?? 0.95)
const prices = [10, 14, 20, 24, 28, 32, 40, 56].map((price) => ({ price, cost: leastCost(versions, price) }))
const boundAt = (wrong: number): number => Math.max(...prices.map(({ price, cost }) => cost - price * wrong))
const { runs, deceived } = ours(versions, confidence)
process.stdout.write(
  `${versions} versions, the change always shows: at least ${boundAt(1 - confidence).toFixed(2)} runs for a plan that is right ` +
    `with ${confidence} where it shows in half of the runs\n` +
    `ours takes ${runs.toFixed(2)}, and is deceived there with ${deceived.toFixed(3)}: ` +
    `${(runs / boundAt(deceived)).toFixed(3)} x the least of plans that are as seldom\n`,
)
