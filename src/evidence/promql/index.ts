/** PromQL: a documented subset of Prometheus 2.42 with its answers, over any source of series. */
import type { Expr, PromqlProblem } from './ast.ts'
import { check, typeNames, typeOf } from './check.ts'
import { parseSyntax } from './parse.ts'

export type { Expr, PromqlProblem, VectorSelector } from './ast.ts'
export { evaluate, type EvaluateOptions } from './evaluate.ts'
export { formatExpr } from './format.ts'
export { labelsKey } from './labels.ts'
export { longestRangeOf, lookbackOf, metricOf, selectorsOf, windowsOf, type Window } from './selectors.ts'
export { conditionHolds, type Value, type VectorSample } from './value.ts'

/** The expression, or everything that is wrong with the text in its order. Never throws. */
export function parsePromql(
  text: string,
): { readonly expr: Expr } | { readonly problems: readonly PromqlProblem[] } {
  const { expr, problems } = parseSyntax(text)
  check(expr, problems)
  const type = typeOf(expr)
  if (problems.length === 0 && type !== 'scalar' && type !== 'vector') {
    const hint = type === 'matrix' ? { hint: 'wrap it in a function such as rate() or max_over_time()' } : {}
    const message = `this gives ${typeNames[type]}, which has no value at an instant`
    problems.push({ offset: expr.from, length: expr.to - expr.from, message, ...hint })
  }
  return problems.length === 0 ? { expr } : { problems: problems.toSorted((a, b) => a.offset - b.offset) }
}
