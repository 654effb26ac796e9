/**
 * The least runs that a bisection can take on average when the change always shows, if the plan has to be right with a
 * given probability when it shows in half of the runs: the first dozen runs look the same. By dynamic programming over
 * what a plan knows as long as nothing has contradicted "always": how many changes are left, how often it has shown, and
 * the deception so far, which is the probability of what was seen summed over the changes already ruled out, if it shows
 * in half of the runs. Errors of hunts that have noticed are left out, and the grid is interpolated: a bound to a few
 * hundredths of a run.
 *
 *   node bench/hunt/least.ts [VERSIONS] [CONFIDENCE]
 */

/** Deceptions on the grid: nothing, then even in the logarithm. */
const FROM = -12
const TO = 11
const POINTS = 93
const STEP = (TO - FROM) / (POINTS - 1)
const MOST_SHOWN = 14
const PARTS = Array.from({ length: 15 }, (_, index) => 0.2 + 0.05 * index)

/** By deception: expected runs, expected deception at the end, and both at the price of the latter. */
interface Plan {
  readonly runs: Float64Array
  readonly deception: Float64Array
  readonly total: Float64Array
}

const deceptionAt = (point: number): number => (point === 0 ? 0 : 2 ** (FROM + point * STEP))

/** Value at a deception, interpolated between points of the grid; below the first of them it counts as none. */
function at(values: Float64Array, deception: number): number {
  if (deception <= deceptionAt(1)) return values[0] ?? 0
  const place = Math.min(POINTS - 1, (Math.log2(deception) - FROM) / STEP)
  const point = Math.min(POINTS - 2, Math.floor(place))
  const [low, high] = [values[point] ?? 0, values[point + 1] ?? 0]
  return low + (high - low) * (place - point)
}

/** How many of some changes may be in the lower part. */
const partsOf = (changes: number): readonly number[] =>
  changes <= 12
    ? Array.from({ length: changes - 1 }, (_, index) => index + 1)
    : [...new Set(PARTS.map((part) => Math.round(part * changes)))]

function* sizesFrom(versions: number, seen = new Set<number>()): Generator<number> {
  if (seen.has(versions)) return
  seen.add(versions)
  for (const part of partsOf(versions))
    for (const size of [part, versions - part]) yield* sizesFrom(size, seen)
  yield versions
}

/** The best plan when a wrong answer costs `price` runs: its mean runs, and how often it is wrong. */
function best(versions: number, price: number): { readonly runs: number; readonly wrong: number } {
  const plans = new Map<number, Plan[]>()
  for (const changes of [...sizesFrom(versions)].toSorted((a, b) => a - b)) {
    const byShown: Plan[] = []
    for (let shown = MOST_SHOWN; shown >= 0; shown--) {
      const plan: Plan = {
        runs: new Float64Array(POINTS),
        deception: new Float64Array(POINTS),
        total: new Float64Array(POINTS),
      }
      for (let point = 0; point < POINTS; point++) {
        const now = deceptionAt(point)
        let [runs, deception] = changes === 1 ? [0, now] : [Infinity, 0]
        let total = runs + price * deception
        /** One run, after which one of these plans goes on, each with a probability and a deception. */
        const consider = (...nexts: readonly (readonly [Plan | undefined, number, number])[]): void => {
          const sum = (of: keyof Plan): number =>
            nexts.reduce(
              (all, [next, chance, left]) => all + (next ? chance * at(next[of], left) : Infinity),
              0,
            )
          if (1 + sum('total') >= total) return
          total = 1 + sum('total')
          runs = 1 + sum('runs')
          deception = sum('deception')
        }
        // Again a version that is known to show it, or known not to: each halves what has deceived.
        if (point > 1) consider([plan, 1, now / 2])
        if (shown < MOST_SHOWN) consider([byShown[shown + 1], 1, now / 2])
        for (const part of changes === 1 ? [] : partsOf(changes)) {
          const ruledOut = now / 2 + (part / 2) * 2 ** -shown
          consider(
            [plans.get(part)?.[Math.min(MOST_SHOWN, shown + 1)], part / changes, now / 2],
            [plans.get(changes - part)?.[shown], 1 - part / changes, ruledOut],
          )
        }
        plan.runs[point] = runs
        plan.deception[point] = deception
        plan.total[point] = total
      }
      byShown[shown] = plan
    }
    plans.set(changes, byShown)
  }
  const whole = plans.get(versions)?.[0]
  return { runs: whole?.runs[0] ?? Number.NaN, wrong: whole?.deception[0] ?? Number.NaN }
}

const versions = Number(process.argv[2] ?? 1024)
const confidence = Number(process.argv[3] ?? 0.95)
// The price at which the best plan is wrong as seldom as it has to be.
let [low, high] = [1, 1000]
for (let step = 0; step < 12; step++) {
  const price = Math.sqrt(low * high)
  if (best(versions, price).wrong > 1 - confidence) low = price
  else high = price
}
const { runs, wrong } = best(versions, high)
process.stdout.write(
  `${versions} versions: at least ${runs.toFixed(2)} runs where it always shows, to be right with ` +
    `${(1 - wrong).toFixed(3)} where it shows in half of the runs\n`,
)
