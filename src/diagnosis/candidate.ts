/** What an analyzer proposes: a finding whose confidence is not yet corrected for everything else that was compared. */
import type { Chart, Effect, FindingKind, Layer, Subject } from '../model/finding.ts'
import type { Case } from './case/case.ts'
import type { Comparison } from './comparisons.ts'

/**
 * Place in the explanation, in the order in which it reads: what shows, what contradicts itself, where the time goes, what
 * grew, who does it, what cures it, who has seen it before; `context` is everything that explains nothing by itself.
 */
export const stages = [
  'symptom',
  'contradiction',
  'mechanism',
  'growth',
  'agent',
  'cure',
  'context',
  'precedent',
] as const
export type Stage = (typeof stages)[number]

export interface Candidate {
  readonly kind: FindingKind
  readonly layer: Layer
  readonly stage: Stage
  readonly subject: Subject
  readonly statement: string
  /** The same in a clause, for the answer; without a full stop. */
  readonly brief?: string
  readonly effect: Effect
  /** The comparison that carries it; `null` for what is shown and claims nothing (never confident). */
  readonly comparison: Comparison | null
  /** Whether the effect is big enough to matter, however sure it is. */
  readonly big: boolean
  /** A violation that is wrong whether or not a symptom shows: needs no symptom to be stated. */
  readonly standsAlone?: boolean
  /** Units of `effect` per second, of what grows. */
  readonly pace?: number
  readonly sql: string
  readonly chart?: Chart
  /** What it is about, for linking: `resource:dentry`, `call:open`, `comm:agent`, `thread:12`, `effect:rearm`. */
  readonly about: readonly string[]
  /** Orders candidates of one stage; larger is said first. Compare only within a kind. */
  readonly weight: number
  /** Candidates with the same key state the same fact; the one with the larger weight stays. */
  readonly key: string
}

/** One of the eight kinds of inference. */
export interface Analyzer {
  readonly kind: FindingKind
  /** What this kind sees; `found` is what the kinds before it saw. */
  analyze(the: Case, found: readonly Candidate[]): Promise<Candidate[]>
}
