/** What the grammar cannot say: types, functions, matchers. The rules are those of promql/parser/parse.go, checkAST. */
import type { Expr, ExprType, PromqlProblem, VectorSelector } from './ast.ts'
import { childrenOf, comparisonOperators, setOperators, unwrapParens } from './ast.ts'
import {
  functionNames,
  isFunctionName,
  otherPrometheusFunctions,
  signatures,
  type Signature,
} from './functions.ts'
import { metricName } from './labels.ts'
import { valuePredicate } from './matchers.ts'
import { nearest } from '../../base/nearest.ts'
import { compileRegex } from './regex.ts'

export const typeNames: Readonly<Record<ExprType, string>> = {
  scalar: 'a scalar',
  vector: 'an instant vector',
  matrix: 'a range vector',
  string: 'a string',
  invalid: 'nothing',
}

/** What an expression gives, from its form alone. */
export function typeOf(expr: Expr): ExprType {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'selector':
    case 'aggregation':
      return 'vector'
    case 'matrix':
    case 'subquery':
      return 'matrix'
    case 'call':
      return isFunctionName(expr.name) ? signatures[expr.name].returns : 'invalid'
    case 'unary':
    case 'paren':
      return typeOf(expr.expr)
    case 'binary': {
      const types = [typeOf(expr.left), typeOf(expr.right)]
      if (types.includes('invalid')) return 'invalid'
      return types.every((type) => type === 'scalar') ? 'scalar' : 'vector'
    }
    case 'invalid':
      return 'invalid'
  }
}

/** Whether the name may stand for a label: `[a-zA-Z_][a-zA-Z0-9_]*`. */
export const isLabelName = (name: string): boolean => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)

/** Reports everything that is wrong below and in an expression. */
export function check(expr: Expr, problems: PromqlProblem[]): void {
  const report = (at: Expr, message: string, hint?: string): void => {
    const place = { offset: at.from, length: at.to - at.from }
    problems.push({ ...place, message, ...(hint === undefined ? {} : { hint }) })
  }
  const expectType = (at: Expr, wanted: ExprType, where: string): void => {
    const type = typeOf(at)
    if (type === wanted || type === 'invalid') return
    const hint = wanted === 'matrix' && type === 'vector' ? 'add a range, such as [5m]' : undefined
    report(at, `${where} needs ${typeNames[wanted]}, not ${typeNames[type]}`, hint)
  }
  const visit = (node: Expr): void => {
    for (const child of childrenOf(node)) visit(child)
    switch (node.kind) {
      case 'selector':
        checkSelector(node, report)
        break
      case 'subquery':
        expectType(node.expr, 'vector', 'a subquery')
        break
      case 'unary': {
        const type = typeOf(node.expr)
        if (type === 'matrix' || type === 'string') {
          report(node, `a sign needs a scalar or an instant vector after it, not ${typeNames[type]}`)
        }
        break
      }
      case 'aggregation':
        expectType(node.expr, 'vector', node.op)
        if (node.parameter !== undefined) {
          expectType(
            node.parameter,
            node.op === 'count_values' ? 'string' : 'scalar',
            `the first argument of ${node.op}`,
          )
          const label = unwrapParens(node.parameter)
          if (label.kind === 'string' && !isLabelName(label.value)) {
            report(label, `\`${label.value}\` is no label name`)
          }
        }
        break
      case 'binary':
        checkBinary(node, report)
        break
      case 'call':
        checkCall(node, report, expectType)
        break
      case 'number':
      case 'string':
      case 'matrix':
      case 'paren':
      case 'invalid':
        break
    }
  }
  visit(expr)
}

type Report = (at: Expr, message: string, hint?: string) => void

function checkSelector(node: VectorSelector, report: Report): void {
  let selective = node.name !== undefined
  for (const [index, matcher] of node.matchers.entries()) {
    const { name, op, value } = matcher
    const regex = op === '=~' || op === '!~' ? compileRegex(value) : undefined
    if (regex !== undefined && 'problem' in regex) {
      report(node, `\`${value}\` is no regular expression: ${regex.problem}`)
      selective = true
    } else selective ||= !valuePredicate(matcher)('')
    if (name === metricName && node.name !== undefined && index < node.matchers.length - 1) {
      report(node, `the metric name is given twice: \`${node.name}\` and \`${value}\``)
    }
  }
  if (!selective) {
    report(
      node,
      'this selects every series there is',
      'add a metric name, or a matcher that an empty value does not satisfy',
    )
  }
}

function checkBinary(node: Expr & { kind: 'binary' }, report: Report): void {
  const { op, bool, matching } = node
  const [left, right] = [typeOf(node.left), typeOf(node.right)]
  const comparison = comparisonOperators.some((name) => name === op)
  const set = setOperators.some((name) => name === op)
  if (bool && !comparison) report(node, `bool goes with comparisons, not with \`${op}\``)
  for (const [side, type] of [
    [node.left, left],
    [node.right, right],
  ] as const) {
    if (type === 'matrix' || type === 'string') {
      const hint = type === 'matrix' ? 'wrap it in a function such as rate() or avg_over_time()' : undefined
      report(side, `\`${op}\` needs a scalar or an instant vector on each side, not ${typeNames[type]}`, hint)
    }
  }
  const scalar = left === 'scalar' || right === 'scalar'
  if (set && scalar) report(node, `\`${op}\` needs an instant vector on each side, not a scalar`)
  if (comparison && !bool && left === 'scalar' && right === 'scalar') {
    report(node, `a comparison of two scalars needs bool`, `write \`${op} bool\``)
  }
  if (scalar && matching.labels.length > 0) {
    report(node, 'on and ignoring need an instant vector on each side')
  }
  if (set && (matching.card === 'many-to-one' || matching.card === 'one-to-many')) {
    report(node, `group_left and group_right do not go with \`${op}\``)
  }
  for (const label of matching.on ? matching.include : []) {
    if (matching.labels.includes(label)) {
      report(node, `the label \`${label}\` stands both in on() and in the group`)
    }
  }
}

function checkCall(
  node: Expr & { kind: 'call' },
  report: Report,
  expectType: (at: Expr, wanted: ExprType, where: string) => void,
): void {
  const { name, args } = node
  const word: Expr = { kind: 'invalid', from: node.from, to: node.from + name.length }
  if (!isFunctionName(name)) {
    const list = `supported are ${functionNames.join(', ')}`
    if (otherPrometheusFunctions.has(name)) {
      report(word, `the function ${name} of Prometheus is not supported`, list)
    } else {
      const near = nearest(name, functionNames)
      report(word, `there is no function ${name}`, near === undefined ? list : `did you mean ${near}?`)
    }
    return
  }
  const signature: Signature = signatures[name]
  const most = signature.variadic === -1 ? Number.POSITIVE_INFINITY : signature.args.length
  const least = signature.args.length - (signature.variadic === 0 ? 0 : 1)
  if (args.length < least || args.length > most) {
    const wanted =
      least === most
        ? `${least}`
        : most === Number.POSITIVE_INFINITY
          ? `at least ${least}`
          : `${least} or ${most}`
    report(word, `${name} takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${args.length}`)
  }
  for (const [index, arg] of args.entries()) {
    const wanted = signature.args[Math.min(index, signature.args.length - 1)]
    if (wanted !== undefined && index < most) expectType(arg, wanted, `argument ${index + 1} of ${name}`)
  }
  if (name === 'label_replace' || name === 'label_join') checkLabelFunction(name, args, report)
}

function checkLabelFunction(
  name: 'label_replace' | 'label_join',
  args: readonly Expr[],
  report: Report,
): void {
  for (const [index, arg] of args.entries()) {
    const literal = unwrapParens(arg)
    if (literal.kind !== 'string') continue
    const isLabel = index === 1 || (name === 'label_join' && index >= 3)
    if (isLabel && !isLabelName(literal.value)) report(literal, `\`${literal.value}\` is no label name`)
    if (name === 'label_replace' && index === 4) {
      const regex = compileRegex(literal.value)
      if ('problem' in regex) {
        report(literal, `\`${literal.value}\` is no regular expression: ${regex.problem}`)
      }
    }
  }
}
