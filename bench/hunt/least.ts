/**
 * The least runs that a bisection can take on average where the change always shows and nothing else does, for a plan that is always
 * right there, and right with a given probability where it shows in half of the runs: its first dozen runs look the same. And
 * what ours takes, exactly, beside the least of plans that are wrong as seldom, there and where the old side shows in 0.3
 * of its runs.
 *
 *   node bench/hunt/least.ts [VERSIONS] [CONFIDENCE]      5 minutes of CPU and 2 GB for 1024 versions
 *
 * As long as nothing has contradicted "always and never", a plan knows how many changes are left, how often it has shown and has
 * not, and for both other pairs of rates how probable what was seen is at them, summed over the changes already ruled
 * out: how far it is deceived, and misled. By dynamic programming over these, with a price for each wrong answer; the least
 * runs less what the prices allow for is a bound, whatever the prices (Lagrange), and the best of some is printed. In what was
 * summed the costs are concave, so straight lines between the points of a grid stay below them. Larger sets of changes are
 * split in steps of a twentieth only, which makes the bound less than 0.005 runs too high.
 */
import { Beliefs } from '../../src/hunt/bisect/beliefs.ts'
import { choose } from '../../src/hunt/bisect/choose.ts'
import { line } from '../../src/hunt/bisect/index.ts'
import { rateGrid } from '../../src/hunt/bisect/rates.ts'

/** The old side's rate where it misleads. */
const FLAKY = 0.3
/** Logarithms of the least and the largest sum on a grid. */
const [FROM, TO] = [-7.5, 9.75]
const [MOST_SHOWN, MOST_CLEAN] = [14, 10]
const PARTS = Array.from({ length: 13 }, (_, index) => 0.35 + 0.05 * index)

/** Nothing, then even in the logarithm. */
interface Grid {
  readonly step: number
  readonly points: readonly number[]
}

const gridOf = (step: number): Grid => ({
  step,
  points: [
    0,
    ...Array.from({ length: Math.floor((TO - FROM) / step) + 1 }, (_, at) => 2 ** (FROM + at * step)),
  ],
})
const NOTHING: Grid = { step: 1, points: [0] }

/** Where something made of each point of a grid lies: after which point, and how far on to the next one. */
interface Places {
  readonly after: Int32Array
  readonly on: Float64Array
}

/** What lies beyond the last point is taken for that: nothing costs less there. */
function placesOf({ points, step }: Grid, of: (point: number) => number): Places {
  const after = new Int32Array(points.length)
  const on = new Float64Array(points.length)
  const last = points.length - 1
  for (const [index, point] of points.entries()) {
    const value = Math.min(of(point), points[last] as number)
    const from =
      value < (points[1] ?? Infinity)
        ? 0
        : Math.min(last - 1, 1 + Math.floor((Math.log2(value) - FROM) / step))
    const [low, high] = [points[from] as number, points[from + 1] ?? Infinity]
    after[index] = from
    on[index] = (value - low) / (high - low)
  }
  return { after, on }
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

/** Prices of a wrong answer where it shows in half of the runs, and where the old side shows as well; in runs. */
interface Prices {
  readonly deceived: number
  readonly misled: number
}

/** Least runs and prices of wrong answers together. */
function leastCost(versions: number, prices: Prices): number {
  const alone = prices.misled === 0
  const deceiving = gridOf(alone ? 0.25 : 0.5)
  // Of changes ruled out by a version that showed, relative to those left: these are as often clean.
  const misleading = alone ? NOTHING : deceiving
  const mostClean = alone ? 0 : MOST_CLEAN
  const [height, width] = [deceiving.points.length, misleading.points.length]
  const step = width > 1 ? 1 : 0
  /** By changes left, times it has shown, and times it has not. */
  const costs = new Map<number, Float32Array[][]>()
  const halved = placesOf(deceiving, (sum) => sum / 2)
  const same = placesOf(misleading, (sum) => sum)
  const lessMisled = placesOf(misleading, (sum) => sum * FLAKY)
  const valueAt = (cost: Float32Array, a: Places, b: Places, first: number, second: number): number => {
    const corner = (a.after[first] as number) * width + (b.after[second] as number)
    const [down, right] = [a.on[first] as number, b.on[second] as number]
    const upper = (cost[corner] as number) * (1 - right) + (cost[corner + step] as number) * right
    const lower =
      (cost[corner + width] as number) * (1 - right) + (cost[corner + width + step] as number) * right
    return upper * (1 - down) + lower * down
  }
  for (const changes of [...sizesFrom(versions)].toSorted((a, b) => a - b)) {
    const own: Float32Array[][] = Array.from({ length: MOST_SHOWN + 1 }, () => [])
    costs.set(changes, own)
    for (let shown = MOST_SHOWN; shown >= 0; shown--) {
      for (let clean = mostClean; clean >= 0; clean--) {
        const least = new Float32Array(height * width).fill(Infinity)
        ;(own[shown] as Float32Array[])[clean] = least
        const offer = (of: (first: number, second: number) => number): void => {
          for (let first = 0; first < height; first++) {
            for (let second = 0; second < width; second++) {
              const cost = of(first, second)
              const at = first * width + second
              if (cost < (least[at] as number)) least[at] = cost
            }
          }
        }
        const after = (left: number, showing: number, quiet: number): Float32Array =>
          costs.get(left)?.[Math.min(MOST_SHOWN, showing)]?.[Math.min(mostClean, quiet)] as Float32Array
        // Beyond the most that is counted nobody is misled or deceived any more, so that the bound is one.
        if (changes === 1) {
          const misled = clean === MOST_CLEAN ? 0 : prices.misled * (1 - FLAKY) ** clean
          offer(
            (first, second) =>
              prices.deceived * (deceiving.points[first] as number) +
              misled * (misleading.points[second] as number),
          )
        }
        for (const part of changes === 1 ? [] : partsOf(changes)) {
          const lower = part / changes
          const more = shown === MOST_SHOWN ? 0 : (part / 2) * 2 ** -shown
          const deceived = placesOf(deceiving, (sum) => sum / 2 + more)
          const misled = placesOf(misleading, (sum) => (sum + changes - part) * FLAKY)
          const [shows, not] = [after(part, shown + 1, clean), after(changes - part, shown, clean + 1)]
          offer(
            (first, second) =>
              1 +
              lower * valueAt(shows, halved, misled, first, second) +
              (1 - lower) * valueAt(not, deceived, same, first, second),
          )
        }
        // Again a version that is known to show it, or known not to. What it may lead to at once was worked out before.
        const shows = after(changes, shown + 1, clean)
        const not = after(changes, shown, clean + 1)
        offer((first, second) =>
          Math.min(
            1 + valueAt(shows, halved, lessMisled, first, second),
            1 + valueAt(not, halved, same, first, second),
          ),
        )
      }
    }
  }
  return costs.get(versions)?.[0]?.[0]?.[0] ?? Number.NaN
}

interface Ours {
  readonly runs: number
  /** How often it is wrong in what looks the same, of all hunts where the change shows in half of the runs. */
  readonly deceived: number
  /** The same where the change always shows, and the old side shows in `FLAKY` of its runs. */
  readonly misled: number
}

function ours(versions: number, confidence: number): Ours {
  const order = line(Array.from({ length: versions }, (_, version) => String(version)))
  let [runs, deceived, misled] = [0, 0, 0]
  /** Changes from `low` to below `high` are left. */
  const walk = (
    beliefs: Beliefs,
    low: number,
    high: number,
    shown: readonly number[],
    clean: readonly number[],
  ): void => {
    const { probability } = beliefs
    const top = probability.indexOf(Math.max(...probability))
    if ((probability[top] as number) >= beliefs.needed(confidence)) {
      runs += (high - low) * (shown.length + clean.length)
      for (let change = 0; change < versions; change++) {
        if (change === top) continue
        const shownWithout = shown.filter((version) => version < change).length
        const cleanWith = clean.filter((version) => version >= change).length
        if (shownWithout === 0) deceived += 2 ** -(shown.length + cleanWith)
        if (cleanWith === 0) misled += FLAKY ** shownWithout * (1 - FLAKY) ** clean.length
      }
      return
    }
    const version = choose(beliefs, order)?.version ?? 0
    const told = (shows: number): Beliefs => {
      const copy = beliefs.copy()
      copy.observe(version, shows, 1 - shows)
      return copy
    }
    if (version >= low) walk(told(1), low, Math.min(high, version + 1), [...shown, version], clean)
    if (version + 1 < high) walk(told(0), Math.max(low, version + 1), high, shown, [...clean, version])
  }
  walk(new Beliefs(order, rateGrid(), new Float64Array(versions).fill(1 / versions)), 0, versions, [], [])
  return { runs: runs / versions, deceived: deceived / versions, misled: misled / versions }
}

const versions = Number(process.argv[2] ?? 1024)
const confidence = Number(process.argv[3] ?? 0.95)
const costed = (list: readonly Prices[]): { readonly prices: Prices; readonly cost: number }[] =>
  list.map((prices) => ({ prices, cost: leastCost(versions, prices) }))
const boundAt = (of: ReturnType<typeof costed>, deceived: number, misled: number): number =>
  Math.max(...of.map(({ prices, cost }) => cost - prices.deceived * deceived - prices.misled * misled))
const alone = costed([10, 14, 20, 24, 28, 32, 40, 56].map((deceived) => ({ deceived, misled: 0 })))
const both = costed([22, 26, 30].map((deceived) => ({ deceived, misled: 3 })))
const { runs, deceived, misled } = ours(versions, confidence)
const least = boundAt(both, deceived, misled)
process.stdout.write(
  `${versions} versions, the change always shows: at least ${boundAt(alone, 1 - confidence, 0).toFixed(2)} runs for a plan that is right ` +
    `then, and with ${confidence} where it shows in half of the runs\n` +
    `ours takes ${runs.toFixed(2)}, is deceived there with ${deceived.toFixed(3)}, and misled with ${misled.toFixed(3)} where the old ` +
    `side shows in ${FLAKY} of its runs: ${(runs / least).toFixed(3)} x the ${least.toFixed(2)} of plans that are as seldom\n`,
)
