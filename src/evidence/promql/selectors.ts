/** Which series an expression reads, and of which times. */
import type { Expr, TimeShift, VectorSelector } from './ast.ts'
import type { LabelMatcher, Labels } from '../../model/series.ts'
import { childrenOf, unwrapParens } from './ast.ts'
import { labelsOf, metricName, noLabels } from './labels.ts'

/** How far back an instant selector looks for a sample, in ms: Prometheus' default of five minutes. */
export const lookbackDeltaMs = 300_000

/** All selectors, in the order of the text. */
export function selectorsOf(expr: Expr): readonly VectorSelector[] {
  return expr.kind === 'selector' ? [expr] : childrenOf(expr).flatMap(selectorsOf)
}

/** The labels that a missing series surely has: those its selector asks for once and by equality. */
export function labelsOfAbsent(expr: Expr): Labels {
  const inner = unwrapParens(expr)
  const selector = inner.kind === 'matrix' ? inner.selector : inner
  if (selector.kind !== 'selector') return noLabels
  const labels = new Map<string, string>()
  const seen = new Set<string>()
  for (const { name, op, value } of selector.matchers) {
    if (name === metricName) continue
    if (op === '=' && !seen.has(name)) {
      labels.set(name, value)
      seen.add(name)
    } else labels.delete(name)
  }
  return labelsOf(labels)
}

/** The metric name that a selector asks for by equality, if any. */
export function metricOf(selector: { readonly matchers: readonly LabelMatcher[] }): string | undefined {
  return selector.matchers.find(({ name, op }) => name === metricName && op === '=')?.value
}

interface Reach {
  readonly pastMs: number
  readonly futureMs: number
}

/** How far before and after its evaluation time an expression reads; infinite for `@` with a fixed time. */
export function timeReach(expr: Expr): Reach {
  const add = ({ offsetMs, at }: TimeShift, rangeMs: number, inner: Reach): Reach => {
    if (typeof at === 'number') {
      return { pastMs: Number.POSITIVE_INFINITY, futureMs: Number.POSITIVE_INFINITY }
    }
    return { pastMs: inner.pastMs + offsetMs + rangeMs, futureMs: inner.futureMs - offsetMs }
  }
  if (expr.kind === 'selector') return add(expr.shift, 0, { pastMs: lookbackDeltaMs, futureMs: 0 })
  if (expr.kind === 'matrix') return add(expr.selector.shift, expr.rangeMs, { pastMs: 0, futureMs: 0 })
  if (expr.kind === 'subquery') return add(expr.shift, expr.rangeMs, timeReach(expr.expr))
  const below = childrenOf(expr).map(timeReach)
  return {
    pastMs: Math.max(0, ...below.map(({ pastMs }) => pastMs)),
    futureMs: Math.max(0, ...below.map(({ futureMs }) => futureMs)),
  }
}

/** What an expression has to find before it says anything. */
export interface Window {
  readonly selector: VectorSelector
  /** How far back it reads, ms. */
  readonly pastMs: number
  /** Samples of a series that it takes. */
  readonly least: number
}

/** Functions that say nothing of a single sample. */
const OF_TWO = new Set(['rate', 'irate', 'increase', 'delta', 'idelta', 'deriv', 'predict_linear'])

/** The windows without which an expression says nothing: not what `unless` takes away, nor a side that `or` can do without. */
export function windowsOf(expr: Expr): readonly Window[] {
  if (expr.kind === 'selector')
    return [{ selector: expr, pastMs: lookbackDeltaMs + expr.shift.offsetMs, least: 1 }]
  if (expr.kind === 'matrix')
    return [{ selector: expr.selector, pastMs: expr.rangeMs + expr.selector.shift.offsetMs, least: 1 }]
  if (expr.kind === 'subquery')
    return windowsOf(expr.expr).map((window) => ({
      ...window,
      pastMs: window.pastMs + expr.rangeMs + expr.shift.offsetMs,
    }))
  if (expr.kind === 'binary' && expr.op === 'unless') return windowsOf(expr.left)
  const parts = childrenOf(expr).map(windowsOf)
  if (expr.kind === 'binary' && expr.op === 'or' && parts.some((part) => part.length === 0)) return []
  const windows = parts.flat()
  return expr.kind === 'call' && OF_TWO.has(expr.name)
    ? windows.map((window) => ({ ...window, least: 2 }))
    : windows
}

/** The longest range that an expression looks over, ms: how long what has ended may go on to show. */
export function longestRangeOf(expr: Expr): number {
  const own = expr.kind === 'matrix' || expr.kind === 'subquery' ? expr.rangeMs : 0
  return Math.max(own, ...childrenOf(expr).map(longestRangeOf))
}

/** Milliseconds of history that an evaluation needs. */
export const lookbackOf = (expr: Expr): number => timeReach(expr).pastMs
