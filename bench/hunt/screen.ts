/**
 * Which of 16 two-level factors matter, at rate 0.3 where they act and 0.02 elsewhere: runs and errors of `screen`, which
 * knows neither the rates nor the levels, and of one factor at a time at the same error level, which is told the good and
 * the bad level of each factor and goes up from all good and down from all bad, as neither finds every case alone.
 * "Told" has also the two rates (Wald's SPRT for each factor) and the direction that suits the case: nobody has that,
 * and it is the least that one factor at a time can need.
 *
 * "Begun": our hunt is told where the behaviour was seen, which is so with all factors bad, and with all of them good is not.
 *
 * Intervals are of 95 %: those of shares by Clopper and Pearson. 200 hunts take about 20 minutes of two CPUs.
 *
 *     node bench/hunt/screen.ts [HUNTS]     our hunts of each case; 200 if left out
 */
import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type Random, seededRandom } from '../../src/base/random.ts'
import { logChoose } from '../../src/diagnosis/stats/distributions.ts'
import type { Level, Point, Trial } from '../../src/model/hunt.ts'
import type { ScreenResult } from '../../src/hunt/screen/answer.ts'
import { screenPlanner } from '../../src/hunt/screen/index.ts'
import { type Counts, rateModel } from '../../src/hunt/screen/rates.ts'
import { mean, share } from './bisection.ts'

const FACTORS = 16
const [HIGH, LOW] = [0.3, 0.02]
const ERROR = 0.05
const MOST_RUNS = 1000
const hunts = Number(process.argv[2] ?? 200)
/** Those of the others take no time. */
const THEIR_HUNTS = 1000

interface Case {
  readonly name: string
  readonly active: readonly number[]
  /** Whether the behaviour has the high rate, by whether each factor has its bad level. */
  readonly acts: (bad: readonly boolean[]) => boolean
  /** The direction in which one factor at a time sees it. */
  readonly direction: 'up' | 'down'
}

const cases: readonly Case[] = [
  {
    name: 'either of two',
    active: [3, 9],
    acts: (bad) => bad[3] === true || bad[9] === true,
    direction: 'up',
  },
  {
    name: 'both together',
    active: [3, 9],
    acts: (bad) => bad[3] === true && bad[9] === true,
    direction: 'down',
  },
  {
    name: 'three together',
    active: [3, 9, 12],
    acts: (bad) => bad[3] === true && bad[9] === true && bad[12] === true,
    direction: 'down',
  },
  { name: 'one', active: [3], acts: (bad) => bad[3] === true, direction: 'up' },
  { name: 'none', active: [], acts: () => false, direction: 'up' },
]

interface Outcome {
  readonly runs: number
  readonly right: boolean
  /** CPU of the choices, ms. */
  readonly choosing?: number
}

const names = Array.from({ length: FACTORS }, (_, at) => `f${at}`)
/** The bad level of each factor: ours is not told. */
const badOf = (at: number): Level => at % 2 === 1

/** Where the behaviour is said to have been seen: all factors bad, or, which is not so, all good. */
type Begun = 'bad' | 'good'

function ours({ acts, active }: Case, random: Random, begun: Begun | undefined): Outcome {
  const factors = Object.fromEntries(names.map((name) => [name, [false, true]]))
  const levelAt = (at: number): Level => badOf(at) === (begun === 'bad')
  const start = Object.fromEntries(names.map((name, at) => [name, levelAt(at)]))
  const planner = screenPlanner({ factors, confidence: 1 - ERROR, ...(begun === undefined ? {} : { start }) })
  const trials: Trial[] = []
  const began = process.threadCpuUsage().user
  while (trials.length < MOST_RUNS) {
    const [proposal] = planner.next(trials, 1)
    if (proposal === undefined) break
    const shown = random.next() < rateAt(acts, proposal.point)
    trials.push({
      ...proposal,
      number: trials.length + 1,
      outcome: shown ? 'shown' : 'clean',
      seconds: 60,
    })
  }
  const result = planner.answer(trials).result as ScreenResult
  const expected = active.map((at) => `f${at}=${badOf(at)}`).join()
  const found = result.active.map(({ factor, level }) => `${factor}=${level}`).join()
  const together = active.length > 1 && !acts(names.map((_, at) => at === active[0]))
  return {
    runs: trials.length,
    right: found === expected && result.together === together,
    choosing: (process.threadCpuUsage().user - began) / 1e3,
  }
}

const rateAt = (acts: Case['acts'], point: Point): number =>
  acts(names.map((name, at) => point[name] === badOf(at))) ? HIGH : LOW

/** Runs with all factors at their baseline, or with one of them changed. */
type Draw = (changed: number | undefined) => boolean

const drawOf =
  ({ acts }: Case, direction: 'up' | 'down', random: Random): Draw =>
  (changed) =>
    random.next() < (acts(names.map((_, at) => (at === changed) === (direction === 'up'))) ? HIGH : LOW)

/** Errors of one kind for each factor so that of all hunts `ERROR` are wrong: told how many factors matter. */
const shares = ({ active }: Case): { readonly alarm: number; readonly miss: number } => ({
  alarm: ERROR / (active.length === 0 ? 1 : 2) / (FACTORS - active.length),
  miss: ERROR / 2 / Math.max(1, active.length),
})

/** Wald's SPRT for each factor, told both rates and the direction: no baseline is needed. */
function told(one: Case, random: Random): Outcome {
  const draw = drawOf(one, one.direction, random)
  const [base, changed] = one.direction === 'up' ? [LOW, HIGH] : [HIGH, LOW]
  const { alarm, miss } = shares(one)
  let runs = 0
  const found = names.flatMap((_, factor) => {
    let log = 0
    while (log < Math.log((1 - miss) / alarm) && log > Math.log(miss / (1 - alarm))) {
      runs++
      log += draw(factor) ? Math.log(changed / base) : Math.log((1 - changed) / (1 - base))
    }
    return log > 0 ? [factor] : []
  })
  return { runs, right: found.join() === one.active.join() }
}

/**
 * Fisher's exact test for each factor against a baseline, both of the size that makes all hunts cheapest, known from the
 * rates, and the direction that suits.
 */
function fixed(one: Case, random: Random): Outcome {
  const draw = drawOf(one, one.direction, random)
  const { perFactor, baseline, alarm } = sizesOf(one)
  const shownOf = (runs: number, changed: number | undefined): number =>
    Array.from({ length: runs }, () => draw(changed)).filter(Boolean).length
  const base = shownOf(baseline, undefined)
  const found = names.flatMap((_, factor) => {
    const shown = shownOf(perFactor, factor)
    return fisherTail(one.direction, shown, perFactor, base, baseline) <= alarm ? [factor] : []
  })
  return { runs: baseline + FACTORS * perFactor, right: found.join() === one.active.join() }
}

/** One-sided p of the changed runs showing it more (up) or less (down) than the baseline. */
function fisherTail(way: 'up' | 'down', shown: number, runs: number, base: number, baseline: number): number {
  const all = shown + base
  const [from, to] = way === 'up' ? [shown, Math.min(runs, all)] : [Math.max(0, all - baseline), shown]
  let p = 0
  for (let x = from; x <= to; x++)
    p += Math.exp(logChoose(runs, x) + logChoose(baseline, all - x) - logChoose(runs + baseline, all))
  return p
}

interface Sizes {
  readonly perFactor: number
  readonly baseline: number
  readonly alarm: number
}
const sizes = new Map<Case, Sizes>()

function sizesOf(one: Case): Sizes {
  const known = sizes.get(one)
  if (known !== undefined) return known
  const { alarm, miss } = shares(one)
  let best: Sizes = { perFactor: MOST_RUNS, baseline: MOST_RUNS, alarm }
  const cost = ({ perFactor, baseline }: Sizes): number => baseline + FACTORS * perFactor
  for (let perFactor = 10; perFactor < 100; perFactor++) {
    for (let baseline = perFactor; baseline <= 6 * perFactor; baseline += 10) {
      const size = { perFactor, baseline, alarm }
      if (cost(size) < cost(best) && missOf(one.direction, size) <= miss) best = size
    }
  }
  sizes.set(one, best)
  return best
}

/** Probability that the test of a factor that acts does not see it. */
function missOf(way: 'up' | 'down', { perFactor, baseline, alarm }: Sizes): number {
  const [base, changed] = way === 'up' ? [LOW, HIGH] : [HIGH, LOW]
  let miss = 0
  for (let b = 0; b <= baseline; b++) {
    const atBase = binomial(b, baseline, base)
    if (atBase < 1e-6) continue
    for (let x = 0; x <= perFactor; x++) {
      const both = atBase * binomial(x, perFactor, changed)
      if (both > 1e-7 && fisherTail(way, x, perFactor, b, baseline) > alarm) miss += both
    }
  }
  return miss
}

const binomial = (x: number, runs: number, rate: number): number =>
  Math.exp(logChoose(runs, x) + x * Math.log(rate) + (runs - x) * Math.log(1 - rate))

const model = rateModel(0.1)
const BASELINE = 20

/**
 * Rates unknown, by the same prior as ours: for each factor the odds of two rates to one, against a baseline that all
 * factors share and that is run again whenever it has fewer than four times the runs of the factor.
 */
function direction(one: Case, way: 'up' | 'down', random: Random): { runs: number; found: number[] } {
  const draw = drawOf(one, way, random)
  const { alarm, miss } = shares(one)
  const base = { shown: 0, clean: 0 }
  let runs = 0
  const run = (counts: { shown: number; clean: number }, changed: number | undefined): void => {
    runs++
    counts[draw(changed) ? 'shown' : 'clean']++
  }
  for (let at = 0; at < BASELINE; at++) run(base, undefined)
  const found = names.flatMap((_, factor) => {
    const changed = { shown: 0, clean: 0 }
    let odds = 0
    while (runs < 3 * MOST_RUNS) {
      run(changed, factor)
      if (sizeOf(base) < 4 * sizeOf(changed)) run(base, undefined)
      odds = oddsOf(way === 'up' ? [base, changed] : [changed, base])
      if (odds > Math.log(1 / alarm) || odds < Math.log(miss)) break
    }
    return odds > 0 ? [factor] : []
  })
  return { runs, found }
}

const sizeOf = ({ shown, clean }: Counts): number => shown + clean

const oddsOf = ([low, high]: readonly [Counts, Counts]): number =>
  model.two(low, high).log - model.same({ shown: low.shown + high.shown, clean: low.clean + high.clean }).log

function sequential(one: Case, random: Random): Outcome {
  const up = direction(one, 'up', random)
  const down = direction(one, 'down', random)
  const found = [...new Set([...up.found, ...down.found])].toSorted((a, b) => a - b)
  return { runs: up.runs + down.runs, right: found.join() === one.active.join() }
}

function suited(one: Case, random: Random): Outcome {
  const { runs, found } = direction(one, one.direction, random)
  return { runs, right: found.join() === one.active.join() }
}

const randomOf = (number: number, hunt: number): Random => seededRandom(1000 * number + 100_000 * hunt)

/** Of the hunts of a case those of one of several threads. */
interface Part {
  readonly number: number
  readonly begun: Begun | undefined
  readonly from: number
  readonly step: number
}

function ourPart({ number, begun, from, step }: Part): Outcome[] {
  const one = cases[number]
  if (one === undefined) throw new Error(`there is no case ${number}`)
  const outcomes: Outcome[] = []
  for (let hunt = from; hunt < hunts; hunt += step) outcomes.push(ours(one, randomOf(number, hunt), begun))
  return outcomes
}

async function ourHunts(number: number, begun?: Begun): Promise<Outcome[]> {
  const step = availableParallelism()
  const parts = await Promise.all(
    Array.from({ length: step }, (_, from) => {
      const part: Part = { number, begun, from, step }
      const worker = new Worker(import.meta.filename, { workerData: part, argv: [String(hunts)] })
      return new Promise<Outcome[]>(
        (resolve, reject) => void worker.on('message', resolve).on('error', reject),
      )
    }),
  )
  return parts.flat()
}

const others = {
  'one factor at a time, up and down': sequential,
  'one factor at a time, told the direction': suited,
  '  the same, of fixed size, told the rates to choose it': fixed,
  '  the same, told the rates: an SPRT without a baseline': told,
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const runsOf = (outcomes: readonly Outcome[]): number => mean(outcomes.map(({ runs }) => runs))

async function report(one: Case, number: number): Promise<void> {
  say(one.name)
  const us = await ourHunts(number)
  const line = (what: string, outcomes: readonly Outcome[]): void => {
    const runs = runsOf(outcomes)
    const off = mean(outcomes.map((outcome) => (outcome.runs - runs) ** 2)) / outcomes.length
    const wrong = share(outcomes.map(({ right }) => !right))
    say(
      `  ${what.padEnd(54)} ${runs.toFixed(0).padStart(5)} runs +- ${(1.96 * Math.sqrt(off)).toFixed(0).padStart(2)}, wrong ${wrong}, ${(runsOf(us) / runs).toFixed(2)} x`,
    )
  }
  line('screen', us)
  line('screen, begun with all factors bad', await ourHunts(number, 'bad'))
  line('screen, begun with all factors good', await ourHunts(number, 'good'))
  for (const [name, method] of Object.entries(others))
    line(
      name,
      Array.from({ length: THEIR_HUNTS }, (_, hunt) => method(one, randomOf(number, hunt))),
    )
  const choosing = us.reduce((sum, outcome) => sum + (outcome.choosing ?? 0), 0)
  say(`  ${(choosing / us.length / (runsOf(us) + 1)).toFixed(1)} ms of CPU a choice, limit 50 ms`)
}

if (isMainThread) for (const [number, one] of cases.entries()) await report(one, number)
else parentPort?.postMessage(ourPart(workerData as Part))
