/** What diagnosis states: a subject, an effect size, a confidence and the query that shows it. */

export const findingKinds = [
  'difference',
  'overdue',
  'attribution',
  'intervention',
  'trend',
  'invariant',
  'absence',
  'precedent',
] as const
export type FindingKind = (typeof findingKinds)[number]

export const layers = [
  'symptom',
  'application',
  'process',
  'kernel',
  'memory',
  'storage',
  'network',
  'host',
] as const
export type Layer = (typeof layers)[number]

/** Who or what a finding is about; only the keys that apply are present. */
export interface Subject {
  readonly node?: string
  readonly pid?: number
  readonly tid?: number
  readonly comm?: string
  readonly call?: string
  readonly path?: string
  readonly function?: string
  readonly device?: string
  readonly metric?: string
  readonly slab?: string
  readonly probe?: string
  readonly socket?: string
  readonly timer?: string
  readonly errno?: string
  readonly collector?: string
  readonly factor?: string
  readonly signature?: string
}

/** How big the effect is: `value` in `unit`, against `reference` in the same unit; `ratio` is their quotient. */
export interface Effect {
  readonly value: number
  readonly unit: string
  readonly reference?: number
  readonly ratio?: number
}

/**
 * How to show a finding. The SQL runs over the run's evidence tables.
 *
 * - `lines`: columns `ts` (ns), `value`, and optionally `series`.
 * - `bars`: columns `label`, `value`.
 * - `table`: any columns.
 * - `flame`: no query of its own; the two captures' stacks side by side.
 */
export type Chart =
  | { readonly type: 'lines'; readonly title: string; readonly unit: string; readonly sql: string }
  | { readonly type: 'bars'; readonly title: string; readonly unit: string; readonly sql: string }
  | { readonly type: 'table'; readonly title: string; readonly sql: string }
  | { readonly type: 'flame'; readonly title: string; readonly comm?: string }

export interface Finding {
  readonly id: string
  /** 1 is the finding to read first. */
  readonly rank: number
  readonly kind: FindingKind
  readonly layer: Layer
  /** Whether the evidence carries the statement, after correction for all comparisons made. */
  readonly confident: boolean
  readonly subject: Subject
  /** One sentence with figures. */
  readonly statement: string
  /** The same in a clause, with the one figure that matters, for the answer; without a full stop. */
  readonly brief?: string
  readonly effect: Effect
  /** Probability, 0 to 1, that the statement holds, after correction for the number of comparisons. */
  readonly confidence: number
  /** The query whose rows show it. */
  readonly sql: string
  readonly chart?: Chart
  /** Ids of findings that say the same from another side, or that explain this one. */
  readonly related?: readonly string[]
}

/** A collector that gave nothing, and what to do about it. */
export interface NotLookedAt {
  readonly collector: string
  readonly node?: string
  readonly why: string
  readonly remedy: string
}
