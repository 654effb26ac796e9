/** What every part of the loader works with. */
import type { LabelMatcher } from '../model/series.ts'
import type { Registry } from '../plugin/registry.ts'
import type { ReportAt } from './problems/problems.ts'
import type { ScalarTree } from './tree.ts'

/** What is wrong with a PromQL text; offset and length in UTF-16 units. */
export interface PromqlProblem {
  readonly offset: number
  readonly length: number
  readonly message: string
  readonly hint?: string | undefined
}

/** A selector in a PromQL text. The metric name is among its matchers as `__name__`. */
export interface PromqlSelector {
  readonly matchers: readonly LabelMatcher[]
  /** Where it begins in the text. */
  readonly from?: number
}

/** Injected, because PromQL belongs to the evidence. */
export interface PromqlChecks {
  readonly validate?: ((text: string) => readonly PromqlProblem[]) | undefined
  readonly selectorsOf?: ((text: string) => readonly PromqlSelector[]) | undefined
}

export interface LoadContext {
  readonly registry: Registry
  /** Takes spans of the expanded text. */
  readonly report: ReportAt
  readonly promql: PromqlChecks
  /** Offset in the expanded text of a character of a scalar's content. */
  contentOffset(scalar: ScalarTree, offset: number): number
}
