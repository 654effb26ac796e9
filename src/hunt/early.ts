/**
 * A slow symptom and an earlier sign of it: throughput near zero at minute 40, a timeout after 16 hours. Where the sign
 * was always followed by the behaviour, runs can end at the sign, and count as failures.
 *
 * What it rests on are runs that went on to their end. Once it is used, every fifth run still does: the first of them in
 * which the sign comes and the behaviour does not ends the use, and takes back the failures that were told from the sign.
 */
import { formatDuration } from '../base/duration.ts'
import { median } from '../diagnosis/stats/order.ts'
import type { SymptomSpec } from '../model/definition.ts'
import type { Answer, EarlyEnd, Trial } from '../model/hunt.ts'
import type { HuntSection } from '../plugin/hunt-section.ts'
import { isHunted } from './outcome.ts'
import { betaQuantile } from './stats/beta.ts'

/** So many runs must have had the sign and then the behaviour. */
const FEWEST = 4
/** After it is used, one run of so many goes on to its end. */
const CHECKED = 5

type Section = Pick<HuntSection, 'early' | 'confidence' | 'quantity'>

interface Coincidence {
  readonly sign: string
  readonly seen: number
  readonly followed: number
  /** Failures to the end, with the sign or without. */
  readonly failures: number
  /** Median time from the sign to the behaviour, s. */
  readonly saved: number
}

/** How a sign and the behaviour went together in the runs that went on to their end. */
function coincidences(trials: readonly Trial[]): Coincidence[] {
  const whole = trials.filter(
    ({ outcome, cut, early }) =>
      early === undefined && (outcome === 'shown' || (outcome === 'clean' && !cut)),
  )
  const signs = new Set(
    trials.flatMap((trial) => [
      ...Object.keys(trial.signs ?? {}),
      ...(trial.endsAt === undefined ? [] : [trial.endsAt]),
    ]),
  )
  return [...signs].map((sign) => {
    const seen = whole.filter((trial) => trial.signs?.[sign] !== undefined)
    const followed = seen.filter(({ outcome }) => outcome === 'shown')
    return {
      sign,
      seen: seen.length,
      followed: followed.length,
      failures: whole.filter(({ outcome }) => outcome === 'shown').length,
      saved:
        followed.length === 0
          ? 0
          : median(followed.map(({ seconds, signs: at }) => seconds - (at?.[sign] ?? 0))),
    }
  })
}

/** The sign that saves most, of those that the behaviour always followed and that most failures had. */
function best(trials: readonly Trial[]): Coincidence | undefined {
  const [first] = coincidences(trials)
    .filter(
      ({ seen, followed, failures, saved }) =>
        followed >= FEWEST && followed === seen && followed * 2 >= failures && saved > 0,
    )
    .toSorted((a, b) => b.saved - a.saved)
  return first
}

/** The sign that a run planned now is to end at, if the section lets it; undefined for one that goes on to its end. */
export function endOfNext(trials: readonly Trial[], { early, quantity }: Section): string | undefined {
  if (early !== 'use' || quantity !== undefined) return undefined
  const found = best(trials)
  if (found === undefined) return undefined
  const begun = trials.findIndex(({ endsAt }) => endsAt === found.sign)
  const since = begun < 0 ? 0 : trials.length - begun
  return since % CHECKED === CHECKED - 1 ? undefined : found.sign
}

/** The trials as they count: failures told from a sign that came without the behaviour elsewhere say nothing. */
export function withoutBroken<T extends Trial>(trials: readonly T[]): readonly T[] {
  if (!trials.some(({ early }) => early)) return trials
  const broken = new Set(
    coincidences(trials).flatMap(({ sign, seen, followed }) => (followed < seen ? [sign] : [])),
  )
  return trials.map((trial) =>
    trial.early && broken.has(trial.endsAt ?? '')
      ? { ...trial, outcome: 'void' as const, note: `${trial.endsAt} came elsewhere without the behaviour` }
      : trial,
  )
}

/** What there is to say of ending earlier; undefined when nothing is. */
export function earlyEnd(
  trials: readonly Trial[],
  section: Section,
  runsToGo: number | null,
): EarlyEnd | undefined {
  const { early, confidence, quantity } = section
  if (early === 'never' || quantity !== undefined) return undefined
  const used = trials.findLast(({ endsAt }) => endsAt !== undefined)?.endsAt
  const dropped = coincidences(trials).find(
    ({ sign, seen, followed }) => followed < seen && trials.some(({ endsAt }) => endsAt === sign),
  )
  const found = best(trials) ?? dropped
  if (found === undefined) return undefined
  const { sign, seen, followed, saved } = found
  const state = found === dropped ? 'dropped' : used === sign || early === 'use' ? 'used' : 'proposed'
  const told = trials.filter(({ outcome }) => outcome === 'shown' || outcome === 'clean')
  const failing = told.filter(({ outcome }) => outcome === 'shown').length / Math.max(1, told.length)
  const secondsInAll = runsToGo === null || state === 'dropped' ? null : saved * failing * runsToGo
  const atLeast = betaQuantile(1 - confidence, followed + 0.5, seen - followed + 0.5)
  const time = (seconds: number): string => formatDuration(Math.round(seconds * 1000))
  const all =
    secondsInAll === null || secondsInAll < 1 ? '' : `, about ${time(Math.round(secondsInAll))} in all`
  const rests =
    `in ${followed} of ${seen} runs with ${sign} the behaviour came after it ` +
    `(so with ${(atLeast * 100).toFixed(0)} % at least)`
  return {
    sign,
    state,
    seen,
    followed,
    atLeast,
    secondsPerRun: saved,
    secondsInAll,
    sentence:
      state === 'dropped'
        ? `Runs go on to their end again: ${rests}, and those that ended at it count no more.`
        : state === 'used'
          ? `Runs end at ${sign}, which saves ${time(saved)} of a failing run${all}: ${rests}; one of ${CHECKED} goes on to its end.`
          : `A run could end at ${sign}, which would save ${time(saved)} of a failing one${all}: ${rests}. To do so: \`early: use\`.`,
  }
}

/** The answer with what there is to say of ending earlier. */
export function withEarlyEnd(answer: Answer, trials: readonly Trial[], section: Section): Answer {
  const early = earlyEnd(trials, section, answer.runsToGo)
  return early === undefined ? answer : { ...answer, early }
}

/**
 * The parameters of a run that watch for the signs of the section, and end the run at one of them, and at the behaviour itself
 * where the definition would go on: what comes after it changes no answer.
 */
export function earlyParameters(
  { signs = {}, symptom, quantity }: Pick<HuntSection, 'signs' | 'symptom' | 'quantity'>,
  endsAt: string | undefined,
  symptoms: readonly Pick<SymptomSpec, 'name' | 'expected' | 'then'>[],
): string[] {
  const end = (name: string): string => {
    const captures = symptoms.some((one) => one.name === name && one.then.includes('capture'))
    return `symptoms/${name}/then=${captures ? '[capture, stop]' : 'stop'}`
  }
  const watched = Object.entries(signs).flatMap(([name, { when, for: held }]) => [
    `symptoms/${name}/when=${JSON.stringify(when)}`,
    ...(held === undefined ? [] : [`symptoms/${name}/for=${held}`]),
    `symptoms/${name}/expected=true`,
    ...(name === endsAt ? [] : [`symptoms/${name}/then=continue`]),
  ])
  const goingOn = symptoms.filter(
    (one) => isHunted(one, symptom) && !one.then.includes('stop') && !one.then.includes('hold'),
  )
  const ends = new Set(quantity === undefined ? goingOn.map(({ name }) => name) : [])
  if (endsAt !== undefined) ends.add(endsAt)
  return [...watched, ...[...ends].map(end)]
}
