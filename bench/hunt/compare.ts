/**
 * Comparisons that are looked at after each run: in how many hunts two that are alike are called different, and two that
 * differ by what matters are called alike; and the runs that it takes, beside a Mann-Whitney test whose number of runs is
 * fixed beforehand for 90 % power, and beside one at each look, which most people do.
 *
 *   node bench/hunt/compare.ts [HUNTS]      500
 */
import { seededRandom, type Random } from '../../src/base/random.ts'
import { compareByRanks } from '../../src/diagnosis/stats/mann-whitney.ts'
import { evidenceOfDifference } from '../../src/hunt/stats/two-rates.ts'
import {
  evidenceOfDifferentRanks,
  rankEvidence,
  shiftInterval,
  type Observed,
} from '../../src/hunt/stats/two-samples.ts'

const HUNTS = Number(process.argv[2] ?? 500)
const LOOKS = 500
const ENOUGH = Math.log(20)
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const share = (count: number): string => `${((100 * count) / HUNTS).toFixed(1)} %`

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
const shapes: Readonly<Record<string, (random: Random) => number>> = {
  normal,
  lognormal: (random) => Math.exp(normal(random)),
  cauchy: (random) => Math.tan(Math.PI * (random.next() - 0.5)),
  'three values': (random) => Math.floor(3 * random.next() ** 2),
}

const sampleOf = (
  random: Random,
  draw: (random: Random) => number,
  size: number,
  shift: number,
): Observed[] =>
  Array.from({ length: size }, (_, index) => ({
    second: index % 2 === 1,
    value: draw(random) + (index % 2 === 1 ? shift : 0),
  }))
const valuesOf = (sample: readonly Observed[], second: boolean): number[] =>
  sample.filter((one) => one.second === second).map(({ value }) => value)
const pOf = (sample: readonly Observed[]): number =>
  compareByRanks(valuesOf(sample, false), valuesOf(sample, true)).p

say(`${HUNTS} hunts of ${LOOKS} runs, looked at after each, at 95 %`)
for (const [name, draw] of Object.entries(shapes)) {
  const [wrong, everyLook, missed, alike] = [[], [], [], []] as [number[], number[], number[], number[]]
  for (let hunt = 0; hunt < HUNTS; hunt++) {
    const random = seededRandom(hunt * 7919 + 13)
    const sample = sampleOf(random, draw, LOOKS, 0)
    if (evidenceOfDifferentRanks(sample) >= ENOUGH) wrong.push(hunt)
    // The cheaper test is looked at each tenth run only.
    for (let size = 20; size <= LOOKS; size += 10)
      if (pOf(sample.slice(0, size)) <= 0.05) {
        everyLook.push(hunt)
        break
      }
    // What matters is half a unit, and that is what the second one is higher by.
    const apart = sampleOf(random, draw, LOOKS, 0.5)
    if (rankEvidence(apart, 0.5).lower >= ENOUGH) alike.push(hunt)
    if (hunt >= HUNTS / 5 || name === 'three values') continue
    const { low, high } = shiftInterval(apart, 0.95, 0.5)
    if (low > 0.5 || high < 0.5) missed.push(hunt)
  }
  say(
    `${name}: called different though alike ${share(wrong.length)} (Mann-Whitney at every tenth look ` +
      `${share(everyLook.length)}); called alike though half a unit apart ${share(alike.length)}; ` +
      `interval without the true shift ${((500 * missed.length) / HUNTS).toFixed(1)} %`,
  )
}

for (const rate of [0.02, 0.2, 0.5]) {
  let [wrong, alike] = [0, 0]
  for (let hunt = 0; hunt < HUNTS; hunt++) {
    const random = seededRandom(hunt * 104_729 + 7)
    const run = (apart: number): { different: boolean; alike: boolean } => {
      const [a, b] = [
        { shown: 0, runs: 0 },
        { shown: 0, runs: 0 },
      ]
      const said = { different: false, alike: false }
      for (let look = 0; look < LOOKS; look++) {
        const side = look % 2 === 0 ? a : b
        if (random.next() < rate + (side === b ? apart : 0)) side.shown++
        side.runs++
        if (apart === 0) said.different ||= evidenceOfDifference(a, b) >= ENOUGH
        else if (b.runs > 0 && b.shown / b.runs - a.shown / a.runs < apart)
          said.alike ||=
            evidenceOfDifference(a, b, apart) >= ENOUGH && evidenceOfDifference(a, b, -apart) >= ENOUGH
      }
      return said
    }
    if (run(0).different) wrong++
    if (run(0.1).alike) alike++
  }
  say(
    `rate ${rate}: called different though alike ${share(wrong)}; called alike though 0.1 apart ${share(alike)}`,
  )
}

/** Runs of both sides with which a Mann-Whitney test has 90 % power at a shift of a normal (Noether 1987). */
const fixedSize = (shift: number): number => {
  const random = seededRandom(1)
  const draws = 40_000
  let above = 0
  for (let draw = 0; draw < draws; draw++) if (normal(random) + shift > normal(random)) above++
  const superiority = above / draws
  return 2 * Math.ceil((1.95996 + 1.28155) ** 2 / (6 * (superiority - 0.5) ** 2))
}

/** The first size at which the evidence is enough; it never falls. */
function sizeUntil(sample: readonly Observed[], enough: (part: readonly Observed[]) => boolean): number {
  let [low, high] = [0, sample.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (enough(sample.slice(0, middle))) high = middle
    else low = middle
  }
  return high
}

for (const shift of [0.3, 0.5, 1, 2, 4]) {
  const fixed = fixedSize(shift)
  const most = 8 * fixed + 60
  let [runs, found, power] = [0, 0, 0]
  for (let hunt = 0; hunt < HUNTS; hunt++) {
    const sample = sampleOf(seededRandom(hunt * 31 + 5), normal, most, shift)
    runs += sizeUntil(sample, (part) => evidenceOfDifferentRanks(part) >= ENOUGH)
    if (evidenceOfDifferentRanks(sample) >= ENOUGH) found++
    if (pOf(sample.slice(0, fixed)) <= 0.05) power++
  }
  say(
    `${shift} sigma apart: ${(runs / HUNTS).toFixed(1)} runs, ${(runs / HUNTS / fixed).toFixed(2)} x the ${fixed} of ` +
      `Mann-Whitney fixed for 90 % power (it has ${share(power)}); found ${share(found)} within ${most}`,
  )
}
