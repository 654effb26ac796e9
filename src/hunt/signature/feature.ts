/** What is known of how a run failed, in pieces that can be told apart from run to run. */
import type { Nanos } from '../../model/run.ts'
import type { Verdict } from '../../model/verdict.ts'

/**
 * How much a kind of feature says, before anything is known of the runs at hand.
 *
 * - `belongs`: probability that such a feature has to do with a bug at all, rather than coming by chance in any run;
 * - `share`: share of all bugs that one such feature belongs to. A symptom has many causes, a message few.
 * - `words`: what stands before it in a sentence.
 *
 * In the order in which they name a group: the first kind is the most telling.
 */
export const featureKinds = {
  kernel: { belongs: 0.95, share: 0.05, words: 'kernel' },
  error: { belongs: 0.9, share: 0.1, words: 'error' },
  operation: { belongs: 0.9, share: 0.1, words: 'failed operation' },
  check: { belongs: 0.9, share: 0.15, words: 'check' },
  wait: { belongs: 0.6, share: 0.1, words: 'waiting' },
  finding: { belongs: 0.6, share: 0.15, words: 'finding' },
  stack: { belongs: 0.5, share: 0.1, words: 'stack' },
  complaint: { belongs: 0.15, share: 0.1, words: 'log' },
  probe: { belongs: 0.5, share: 0.2, words: 'probe' },
  observation: { belongs: 0.1, share: 0.15, words: 'observed' },
  symptom: { belongs: 0.95, share: 0.4, words: 'symptom' },
  state: { belongs: 0.9, share: 0.3, words: 'failed while' },
  log: { belongs: 0.05, share: 0.1, words: 'log' },
} as const

export type FeatureKind = keyof typeof featureKinds

/** One feature, as `kind: text`; the text has no varying parts. */
export type Feature = `${FeatureKind}: ${string}`

export const feature = (kind: FeatureKind, text: string): Feature => `${kind}: ${text}`
const kinds = Object.keys(featureKinds) as FeatureKind[]

export function kindOf(one: Feature): FeatureKind {
  const kind = one.slice(0, one.indexOf(':'))
  const found = kinds.find((other) => other === kind)
  if (found === undefined) throw new Error(`${one} is no feature`)
  return found
}

export const textOf = (one: Feature): string => one.slice(one.indexOf(':') + 2)

/** Whether the text of a wait is of one in which no thread is idle: it tells something without a healthy side as well. */
export const isStuck = (text: string): boolean => / of a locked mutex|, uninterruptible/.test(text)

/** Most telling kind first; of waits those in which no thread is idle. */
export const byKind = (a: Feature, b: Feature): number => placeOf(a) - placeOf(b)

const placeOf = (one: Feature): number =>
  kinds.indexOf(kindOf(one)) + (kindOf(one) === 'wait' && !isStuck(textOf(one)) ? 0.5 : 0)

/** As part of a sentence. */
export const inWords = (one: Feature): string => `${featureKinds[kindOf(one)].words} ${textOf(one)}`

/**
 * What the evidence of a run says of its failure. A run that did not fail has a signature too: what shows in it tells
 * nothing of a failure.
 */
export interface Signature {
  readonly run: string
  readonly directory: string
  /** File of its definition, as it was given. */
  readonly definition: string
  readonly verdict: Verdict | null
  /** Whether it ended as something that a bug can end as: `fail`, or `unknown` because of an error that nobody asked for. */
  readonly failed: boolean
  /** When its workload began; when the failure showed, or the run ended. */
  readonly began: Nanos
  readonly at: Nanos
  /** Sorted, each once. */
  readonly features: readonly Feature[]
  /** Kinds that could not be looked at in this run: that one has none of them says nothing. */
  readonly unseen: readonly FeatureKind[]
  /** What was said, as it was said, of features that have a message: for expressions of a user, and to be shown. */
  readonly messages: readonly string[]
}
