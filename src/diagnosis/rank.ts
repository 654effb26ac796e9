/**
 * The order of findings, and how many of them.
 *
 * 1. Confident findings come before observations.
 * 2. Confident ones read as an explanation (`stages`): what shows (a probe or call that slowed down, probes that died);
 *    what contradicts itself; where the time goes; what grew; who does it; what cures it; then context and precedents.
 *    What several say of one thing is one finding (`unite`), the others observations beside it. Within a stage the heavier
 *    comes first; weights are set by the analyzers and put what is linked to the symptom (its probes, the targets, a
 *    resource with a known producer) before what is merely large.
 * 3. Observations are ordered by confidence, then weight.
 * 4. At most three findings of one kind on one layer, so that two hundred metrics cannot bury one cause; candidates that
 *    state the same fact (`key`) are one, the heaviest, and those about the same thread, socket, function or resource are
 *    linked as related.
 *
 * docs/guides/how-findings-are-ranked.md says the same for users.
 */
import { type Candidate, stages } from './candidate.ts'
import { unite } from './unite.ts'

export interface Judged {
  readonly candidate: Candidate
  readonly confidence: number
  readonly confident: boolean
}

const MOST_OF_A_KIND = 3
const MOST_OBSERVATIONS = 12

/** Deduplicated, ordered and bounded. */
export function rank(judged: readonly Judged[]): Judged[] {
  const best = [...Map.groupBy(judged, ({ candidate }) => candidate.key).values()].map((same) =>
    same.reduce((a, b) => (compareWithin(a, b) <= 0 ? a : b)),
  )
  const { mains, absorbed } = unite(best.filter((one) => one.confident).toSorted(compareWithin))
  const confident = mains.toSorted(compareExplanation)
  const observed = [...absorbed, ...best.filter((one) => !one.confident)].toSorted(
    (a, b) => b.confidence - a.confidence || compareExplanation(a, b),
  )
  const taken = new Map<string, number>()
  const bounded = (ordered: readonly Judged[]): Judged[] =>
    ordered.filter(({ candidate }) => {
      const group = `${candidate.kind} ${candidate.layer}`
      const already = taken.get(group) ?? 0
      taken.set(group, already + 1)
      return already < MOST_OF_A_KIND
    })
  return [...bounded(confident), ...bounded(observed).slice(0, MOST_OBSERVATIONS)]
}

const compareExplanation = (a: Judged, b: Judged): number =>
  stages.indexOf(a.candidate.stage) - stages.indexOf(b.candidate.stage) || compareWithin(a, b)

/** Heavier first. */
const compareWithin = (a: Judged, b: Judged): number =>
  Number(b.confident) - Number(a.confident) ||
  b.candidate.weight - a.candidate.weight ||
  b.confidence - a.confidence

const LINKING = /^(thread|socket|function|resource|call|probe|slab):/

/** Whether two candidates are about the same thing. */
export const areRelated = (a: Candidate, b: Candidate): boolean =>
  a !== b && a.about.some((topic) => LINKING.test(topic) && b.about.includes(topic))
