/**
 * One finding for one fact: what several candidates say of the same thing from different sides is stated once, by the one that
 * says most; the others are named in it and stand among the observations.
 */
import type { Candidate } from './candidate.ts'
import type { Judged } from './rank.ts'

/** How many of the others are named in the statement. */
const MOST_NAMED = 2

/** Confident candidates, heaviest first, as mains and what they absorb. */
export function unite(confident: readonly Judged[]): { mains: Judged[]; absorbed: Judged[] } {
  const mains: { one: Judged; others: Judged[] }[] = []
  // Best kinds first, so that a main is there before what it absorbs.
  for (const one of confident.toSorted((a, b) => depth(a.candidate) - depth(b.candidate))) {
    const main = mains.find((other) => saysTheSame(one.candidate, other.one.candidate))
    if (main === undefined) mains.push({ one, others: [] })
    else main.others.push(one)
  }
  return {
    mains: mains.map(({ one, others }) => ({ ...one, candidate: withOthers(one.candidate, others) })),
    absorbed: mains.flatMap(({ others }) => others.map((other) => ({ ...other, confident: false }))),
  }
}

/** A contradiction says more than a wait that is too long, and that more than a difference. */
const DEPTHS = ['invariant', 'absence', 'overdue'] as const
const depth = ({ kind }: Candidate): number => {
  const found = DEPTHS.findIndex((one) => one === kind)
  return found === -1 ? DEPTHS.length : found
}

/** Whether `main` tells what `other` tells. */
function saysTheSame(other: Candidate, main: Candidate): boolean {
  const both = (topic: string): boolean => other.about.includes(topic) && main.about.includes(topic)
  // A queue, and who sleeps over it; also the same queue compared with the reference.
  if (other.about.includes('effect:queue'))
    return covers(main, other, 'socket:') && (main.about.includes('effect:pending') || both('effect:queue'))
  // A probe that timed out, and all that died; a probe that is slow, and the figure that it gives.
  if (other.stage === 'symptom' && main.stage === 'symptom' && covers(main, other, 'probe:'))
    return (
      (other.about.includes('effect:past-deadline') && main.about.includes('effect:dead')) ||
      both('effect:slow')
    )
  // The growth of one resource of one owner, by whatever it was measured.
  const isGrowth = other.stage === 'growth' && main.stage === 'growth' && both('effect:growth')
  return (
    isGrowth &&
    other.subject.node === main.subject.node &&
    other.subject.comm === main.subject.comm &&
    other.about.some((topic) => topic.startsWith('resource:') && main.about.includes(topic))
  )
}

function covers(main: Candidate, other: Candidate, prefix: string): boolean {
  const topics = other.about.filter((topic) => topic.startsWith(prefix))
  return topics.length > 0 && topics.every((topic) => main.about.includes(topic))
}

function withOthers(main: Candidate, others: readonly Judged[]): Candidate {
  if (others.length === 0) return main
  const briefs = others.flatMap(({ candidate }) => (candidate.brief === undefined ? [] : [candidate.brief]))
  const slab = others.find(({ candidate }) => candidate.subject.slab !== undefined)?.candidate.subject.slab
  return {
    ...main,
    subject: { ...(slab === undefined ? {} : { slab }), ...main.subject },
    statement:
      briefs.length === 0
        ? main.statement
        : `${main.statement} Seen from other sides too: ${briefs.slice(0, MOST_NAMED).join('; ')}.`,
    about: [...new Set([...main.about, ...others.flatMap(({ candidate }) => candidate.about)])],
  }
}
