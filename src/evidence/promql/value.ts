/** What an evaluation gives. */
import type { Labels } from '../../model/series.ts'
import { UserError } from '../../base/errors.ts'
import { labelsKey, noLabels } from './labels.ts'

export interface VectorSample {
  readonly labels: Labels
  readonly value: number
}

export type Value =
  | { readonly type: 'scalar'; readonly value: number }
  | { readonly type: 'vector'; readonly samples: readonly VectorSample[] }

/** The samples that satisfy a condition: all of a vector, or the scalar unless it is 0 or NaN. Empty: it does not hold. */
export function conditionHolds(value: Value): readonly VectorSample[] {
  if (value.type === 'vector') return value.samples
  return value.value === 0 || value.value !== value.value ? [] : [{ labels: noLabels, value: value.value }]
}

/** The expression has no value on these samples, for the reason in the sentence. */
export const evaluationError = (sentence: string, remedy?: string): UserError =>
  new UserError(sentence, { code: 'QUARRY_PROMQL', remedy })

/** Throws when two samples have the same labels. */
export function ensureDistinct(samples: readonly VectorSample[]): readonly VectorSample[] {
  const seen = new Set<string>()
  for (const { labels } of samples) seen.add(labelsKey(labels))
  if (seen.size < samples.length) throw sameLabels()
  return samples
}

export const sameLabels = (): UserError =>
  evaluationError(
    'two series of the result would have the same labels',
    'keep them apart, for instance by selecting one metric name only',
  )
