/** Label matchers as predicates. */
import type { LabelMatcher, Labels } from '../../model/series.ts'
import { UserError } from '../../base/errors.ts'
import { labelValue } from './labels.ts'
import { compileRegex } from './regex.ts'

// Matchers belong to parsed expressions and live as long as they do.
const compiled = new WeakMap<LabelMatcher, (value: string) => boolean>()

/** Whether a value satisfies the matcher. Throws a UserError for an expression that is none. */
export function valuePredicate(matcher: LabelMatcher): (value: string) => boolean {
  const known = compiled.get(matcher)
  if (known !== undefined) return known
  const predicate = compile(matcher)
  compiled.set(matcher, predicate)
  return predicate
}

function compile({ op, value }: LabelMatcher): (value: string) => boolean {
  if (op === '=') return (candidate) => candidate === value
  if (op === '!=') return (candidate) => candidate !== value
  const regex = compileRegex(value)
  if ('problem' in regex) throw new UserError(`\`${value}\` is no regular expression: ${regex.problem}`)
  return op === '=~' ? (candidate) => regex.test(candidate) : (candidate) => !regex.test(candidate)
}

/** Whether labels satisfy all matchers; a missing label counts as empty. */
export function labelsPredicate(matchers: readonly LabelMatcher[]): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => [matcher.name, valuePredicate(matcher)] as const)
  return (labels) => tests.every(([name, test]) => test(labelValue(labels, name)))
}
