/**
 * At which of 24 settings it comes soonest: machine time and errors of `amplify`, of equal allocation (round robin) with
 * the same model and the same rule to stop, and of equal allocation where each setting is judged by its own runs alone.
 * A run lasts ten minutes or until it shows. An answer is wrong when its rate is more than the margin below the best.
 *
 *     node bench/hunt/amplify.ts [HUNTS]     hunts of each case; 20 if left out
 */
import { type Random, seededRandom } from '../../src/base/random.ts'
import type { Level, Point, Trial } from '../../src/model/hunt.ts'
import type { AmplifyResult } from '../../src/hunt/amplify/answer.ts'
import { amplifyPlanner } from '../../src/hunt/amplify/index.ts'

const hunts = Number(process.argv[2] ?? 20)
const LENGTH = 600
const CONFIDENCE = 0.9
const MARGIN = 0.2
const MOST_RUNS = 1500

const factors: Record<string, Level[]> = {
  mounts: [1, 2, 4, 8],
  load: ['low', 'middle', 'high'],
  pinned: [false, true],
}
const settings = (factors['mounts'] ?? []).flatMap((mounts) =>
  (factors['load'] ?? []).flatMap((load) =>
    (factors['pinned'] ?? []).map((pinned) => ({ mounts, load, pinned })),
  ),
)

/** Occurrences per second. */
const cases: Readonly<Record<string, (point: Point) => number>> = {
  'each factor by itself': ({ mounts, load, pinned }) =>
    (Number(mounts) * (load === 'high' ? 3 : 1) * (pinned === true ? 2 : 1)) / 20_000,
  'one setting alone': ({ mounts, load, pinned }) =>
    (mounts === 4 && load === 'middle' && pinned === false ? 12 : 1) / 6000,
}

interface Outcome {
  readonly hours: number
  readonly wrong: boolean
}

function runAt(rate: number, random: Random): Pick<Trial, 'outcome' | 'seconds'> {
  const time = -Math.log(1 - random.next()) / rate
  return time < LENGTH ? { outcome: 'shown', seconds: time } : { outcome: 'clean', seconds: LENGTH }
}

let [choices, choosing] = [0, 0]

/** `points` names the next point, and ends the hunt with `undefined`. */
function hunt(
  rateAt: (point: Point) => number,
  random: Random,
  next: (trials: readonly Trial[]) => Point | undefined,
  best: (trials: readonly Trial[]) => Point,
): Outcome {
  const trials: Trial[] = []
  while (trials.length < MOST_RUNS) {
    const point = next(trials)
    if (point === undefined) break
    trials.push({ number: trials.length + 1, point, why: '', ...runAt(rateAt(point), random) })
  }
  const highest = Math.max(...settings.map(rateAt))
  return {
    hours: trials.reduce((sum, { seconds }) => sum + seconds, 0) / 3600,
    wrong: rateAt(best(trials)) < (1 - MARGIN) * highest,
  }
}

const planner = amplifyPlanner({ factors, confidence: CONFIDENCE, margin: MARGIN })
const bestOf = (trials: readonly Trial[]): Point => (planner.answer(trials).result as AmplifyResult).setting
const inTurn = (trials: readonly Trial[]): Point | undefined => settings[trials.length % settings.length]

const methods: Readonly<Record<string, (rateAt: (point: Point) => number, random: Random) => Outcome>> = {
  amplify: (rateAt, random) =>
    hunt(
      rateAt,
      random,
      (trials) => {
        const began = process.cpuUsage().user
        const [proposal] = planner.next(trials, 1)
        choosing += (process.cpuUsage().user - began) / 1e3
        choices++
        return proposal?.point
      },
      bestOf,
    ),
  // Looked at once a round: the answer between two rounds is much the same.
  'equal, same model': (rateAt, random) =>
    hunt(
      rateAt,
      random,
      (trials) =>
        trials.length % settings.length === 0 && planner.answer(trials).done ? undefined : inTurn(trials),
      bestOf,
    ),
  'equal, each by itself': (rateAt, random) => {
    const draws = seededRandom(1)
    return hunt(
      rateAt,
      random,
      (trials) =>
        trials.length % settings.length === 0 && bySelf(trials, draws).share >= CONFIDENCE
          ? undefined
          : inTurn(trials),
      (trials) => bySelf(trials, draws).point,
    )
  },
}

const DRAWS = 500

/** The setting most probably within the margin of the best, by Gamma posteriors of each. */
function bySelf(trials: readonly Trial[], random: Random): { readonly point: Point; readonly share: number } {
  const shown = settings.map(() => 0.5)
  const seconds = settings.map(() => LENGTH / 10)
  for (const [at, trial] of trials.entries()) {
    const setting = at % settings.length
    shown[setting] = (shown[setting] ?? 0) + (trial.outcome === 'shown' ? 1 : 0)
    seconds[setting] = (seconds[setting] ?? 0) + trial.seconds
  }
  const good = settings.map(() => 0)
  for (let turn = 0; turn < DRAWS; turn++) {
    const rates = shown.map((shape, at) => gamma(shape, random) / (seconds[at] ?? 1))
    const highest = Math.max(...rates)
    for (const [at, rate] of rates.entries())
      if (rate >= (1 - MARGIN) * highest) good[at] = (good[at] ?? 0) + 1 / DRAWS
  }
  const leader = good.indexOf(Math.max(...good))
  return { point: settings[leader] ?? {}, share: good[leader] ?? 0 }
}

/** Marsaglia and Tsang, A simple method for generating gamma variables, ACM TOMS 26, 2000. */
function gamma(shape: number, random: Random): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.next()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

for (const [name, rateAt] of Object.entries(cases)) {
  process.stdout.write(`${name}\n`)
  let ours = 0
  for (const [method, run] of Object.entries(methods)) {
    const outcomes = Array.from({ length: hunts }, (_, seed) => run(rateAt, seededRandom(7919 * (seed + 1))))
    const hours = outcomes.reduce((sum, one) => sum + one.hours, 0) / hunts
    if (method === 'amplify') ours = hours
    const wrong = (100 * outcomes.filter((one) => one.wrong).length) / hunts
    process.stdout.write(
      `  ${method.padEnd(24)} ${hours.toFixed(1).padStart(6)} machine hours  ${wrong.toFixed(0).padStart(3)} % wrong  ${(ours / hours).toFixed(2)} x\n`,
    )
  }
}
process.stdout.write(`${(choosing / choices).toFixed(1)} ms of CPU a choice\n`)
