/**
 * Rates that are looked at after each run: in how many hunts an interval ever excludes the truth, beside the intervals of
 * Clopper and Pearson and of Wilson, and the same of rates by time; and the runs that deciding between two rates takes, beside Wald's least.
 *
 *   node bench/hunt/rates.ts [HUNTS]      1000
 */
import { seededRandom } from '../../src/base/random.ts'
import { betaQuantile } from '../../src/hunt/stats/beta.ts'
import { confidenceSequence } from '../../src/hunt/stats/confidence-sequence.ts'
import { rateInterval } from '../../src/hunt/stats/hazard.ts'
import { decide } from '../../src/hunt/stats/sprt.ts'

const HUNTS = Number(process.argv[2] ?? 1000)
const LOOKS = 500
const CONFIDENCE = 0.95
const Z = 1.959964

interface Interval {
  readonly low: number
  readonly high: number
}

const clopperPearson = (shown: number, runs: number): Interval => ({
  low: shown === 0 ? 0 : betaQuantile((1 - CONFIDENCE) / 2, shown, runs - shown + 1),
  high: shown === runs ? 1 : betaQuantile((1 + CONFIDENCE) / 2, shown + 1, runs - shown),
})

const wilson = (shown: number, runs: number): Interval => {
  const rate = shown / runs
  const middle = (rate + Z ** 2 / (2 * runs)) / (1 + Z ** 2 / runs)
  const half = (Z / (1 + Z ** 2 / runs)) * Math.sqrt((rate * (1 - rate)) / runs + Z ** 2 / (4 * runs ** 2))
  return { low: middle - half, high: middle + half }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const methods = {
  'confidence sequence': (shown: number, runs: number) => confidenceSequence(shown, runs, CONFIDENCE),
  'Clopper-Pearson': clopperPearson,
  Wilson: wilson,
}
say(`${HUNTS} hunts, looked at after each of ${LOOKS} runs, at ${CONFIDENCE}`)
for (const rate of [0.05, 0.2, 0.5]) {
  const wrong = Object.entries(methods).map(([name, method]) => {
    const known = new Map<string, Interval>()
    let count = 0
    for (let hunt = 0; hunt < HUNTS; hunt++) {
      const random = seededRandom(hunt * 7919 + 13)
      let shown = 0
      for (let runs = 1; runs <= LOOKS; runs++) {
        if (random.next() < rate) shown++
        const key = `${shown}/${runs}`
        const interval = known.get(key) ?? method(shown, runs)
        known.set(key, interval)
        if (interval.low <= rate && rate <= interval.high) continue
        count++
        break
      }
    }
    return `${name} ${((count / HUNTS) * 100).toFixed(1)} %`
  })
  say(`rate ${rate}: the truth was excluded at some time by ${wrong.join(', ')}`)
}

// By time: runs end when it comes, and at the latest after a whole run; half of them are stopped at a tenth of it.
for (const perRun of [0.1, 1, 5]) {
  let wrong = 0
  for (let hunt = 0; hunt < HUNTS; hunt++) {
    const random = seededRandom(hunt * 7919 + 13)
    const known = { shown: 0, seconds: 0 }
    const whole = 900
    for (let runs = 1; runs <= LOOKS; runs++) {
      const [time, end] = [
        (-whole / perRun) * Math.log(1 - random.next()),
        runs % 2 === 0 ? whole : whole / 10,
      ]
      known.seconds += Math.min(time, end)
      if (time < end) known.shown++
      const { low, high } = rateInterval(known, CONFIDENCE)
      if (low <= perRun / whole && perRun / whole <= high) continue
      wrong++
      break
    }
  }
  say(
    `${perRun} times per whole run: the truth was excluded at some time by the interval by time ${((wrong / HUNTS) * 100).toFixed(1)} %`,
  )
}

/** Expected runs at a rate that no test of these errors can do with less of (Wald 1945), without overshoot. */
function least(rate: number, low: number, high: number, error: number): number {
  const wrong = error
  const bound = Math.log((1 - wrong) / wrong)
  const drift = rate * Math.log(high / low) + (1 - rate) * Math.log((1 - high) / (1 - low))
  return ((1 - 2 * wrong) * bound) / Math.abs(drift)
}

for (const [low, high] of [
  [0.02, 0.3],
  [0.05, 0.2],
  [0.1, 0.15],
] as const) {
  for (const rate of [low, high]) {
    let [runs, wrong] = [0, 0]
    for (let hunt = 0; hunt < HUNTS; hunt++) {
      const random = seededRandom(hunt * 104_729 + 7)
      const count = { shown: 0, runs: 0 }
      let side: 'low' | 'high' | null = null
      while (side === null) {
        if (random.next() < rate) count.shown++
        count.runs++
        side = decide(count, { low, high, error: 1 - CONFIDENCE })
      }
      runs += count.runs
      if ((side === 'low') !== (rate === low)) wrong++
    }
    const bound = least(rate, low, high, 1 - CONFIDENCE)
    say(
      `${low} or ${high}, at ${rate}: ${(runs / HUNTS).toFixed(1)} runs, ` +
        `${(runs / HUNTS / bound).toFixed(2)} x Wald's ${bound.toFixed(1)}, wrong ${((wrong / HUNTS) * 100).toFixed(1)} %`,
    )
  }
}
