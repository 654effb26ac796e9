/**
 * Explaining away: once the symptom's own path leads to a cause, what merely changed at the same time explains nothing.
 *
 * The path starts at the symptom: a function in which the slow call spends its time works on a resource; a worker of the
 * dead probes' sockets contradicts itself; the condition itself measures a resource that somebody is known to make. Growth and agents of other resources are then observations (Pearl, Probabilistic
 * Reasoning in Intelligent Systems, 1988, 2.2: evidence for one cause lowers the others'). Without such a path every big
 * change stays a suspect.
 */
import type { Candidate } from './candidate.ts'
import type { Case } from './case/case.ts'
import { isInvolved } from './case/involved.ts'
import { probesServedBy } from './absence/features.ts'
import { resourceOfMetric } from './knowledge/resources.ts'

/** Uncorrected: what is weaker leads nowhere. */
const LEADS = 0.001

/** The candidates, those that are explained away no longer `big`. */
export function focus(the: Case, found: readonly Candidate[]): Candidate[] {
  if (the.symptom === null) return [...found]
  const strong = found.filter(({ big, comparison }) => big && comparison !== null && comparison.p < LEADS)
  const linked = new Set(
    strong
      .filter(({ stage }) => stage === 'mechanism')
      .flatMap(({ about }) => about.filter((topic) => topic.startsWith('resource:'))),
  )
  for (const topic of resourcesOfSymptom(the))
    if (strong.some(({ stage, about }) => stage === 'agent' && about.includes(topic))) linked.add(topic)
  const contradicted = strong.some(({ kind, about }) => kind === 'invariant' && isOnPath(the, about))
  const near = found.map((candidate) =>
    isElsewhere(the, candidate) ? { ...candidate, stage: 'context' as const } : candidate,
  )
  if (linked.size === 0 && !contradicted) return near
  return near.map((candidate) => {
    const { stage, kind, about } = candidate
    const suspect =
      stage === 'growth' ||
      stage === 'agent' ||
      (stage === 'context' && (kind === 'difference' || kind === 'absence'))
    return suspect && !about.includes('effect:lock') && !about.some((topic) => linked.has(topic))
      ? { ...candidate, big: false }
      : candidate
  })
}

/** Resources that the condition of the symptom measures, as topics. */
const resourcesOfSymptom = ({ symptom }: Case): string[] =>
  (symptom?.when.match(/[a-zA-Z_:][\w:]*/g) ?? []).flatMap((word) => {
    const found = /^(node|process)_/.test(word) ? resourceOfMetric(word) : undefined
    return found === undefined ? [] : [`resource:${found.resource.id}`]
  })

/** A contradiction in a process that has nothing to do with the symptom's probes: true, and not what was asked. */
const isElsewhere = (the: Case, { stage, subject }: Candidate): boolean =>
  stage === 'contradiction' &&
  subject.pid !== undefined &&
  the.targets.length > 0 &&
  !the.targets.some(({ pid }) => pid === subject.pid) &&
  !(subject.comm !== undefined && isInvolved(the, subject.comm))

/** Whether an invariant is about a socket that a probe of the symptom knocks at. */
const isOnPath = (the: Case, about: readonly string[]): boolean =>
  about.some((topic) => topic.startsWith('socket:') && probesServedBy(the, topic.slice('socket:'.length)))
