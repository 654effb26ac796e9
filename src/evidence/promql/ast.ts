/** PromQL as data: what the parser makes of the text. Durations and times are milliseconds. */
import type { LabelMatcher } from '../../model/series.ts'

/** Where a node stands in the text: [from, to) in UTF-16 units. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What an expression gives; `invalid` stands where a problem was reported already. */
export type ExprType = 'scalar' | 'vector' | 'matrix' | 'string' | 'invalid'

export const arithmeticOperators = ['+', '-', '*', '/', '%', '^', 'atan2'] as const
export const comparisonOperators = ['==', '!=', '>', '<', '>=', '<='] as const
export const setOperators = ['and', 'or', 'unless'] as const
export type ArithmeticOperator = (typeof arithmeticOperators)[number]
export type ComparisonOperator = (typeof comparisonOperators)[number]
export type SetOperator = (typeof setOperators)[number]
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator

export const aggregators = [
  'sum',
  'min',
  'max',
  'avg',
  'count',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'quantile',
  'count_values',
  'group',
] as const
export type Aggregator = (typeof aggregators)[number]

/** `offset` and `@` of a selector or subquery. `start` and `end` are both the time of an instant query. */
export interface TimeShift {
  readonly offsetMs: number
  readonly at?: number | 'start' | 'end'
}

export interface NumberLiteral extends Span {
  readonly kind: 'number'
  readonly value: number
}

export interface StringLiteral extends Span {
  readonly kind: 'string'
  readonly value: string
}

export interface VectorSelector extends Span {
  readonly kind: 'selector'
  /** The name before the braces, if any; it is among the matchers as `__name__`, the last of them. */
  readonly name?: string
  readonly matchers: readonly LabelMatcher[]
  readonly shift: TimeShift
}

export interface MatrixSelector extends Span {
  readonly kind: 'matrix'
  /** Its `shift` is that of the whole. */
  readonly selector: VectorSelector
  readonly rangeMs: number
}

export interface Subquery extends Span {
  readonly kind: 'subquery'
  readonly expr: Expr
  readonly rangeMs: number
  /** Absent: the default step of the evaluation. */
  readonly stepMs?: number
  readonly shift: TimeShift
}

export interface Call extends Span {
  readonly kind: 'call'
  readonly name: string
  readonly args: readonly Expr[]
}

export interface Aggregation extends Span {
  readonly kind: 'aggregation'
  readonly op: Aggregator
  readonly without: boolean
  readonly labels: readonly string[]
  /** The k, quantile or label name of the aggregators that take one. */
  readonly parameter?: Expr
  readonly expr: Expr
}

/** How the two sides of a binary operation find each other. */
export interface Matching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'
  /** True for `on`, false for `ignoring` and when nothing is said. */
  readonly on: boolean
  readonly labels: readonly string[]
  /** Labels that `group_left` or `group_right` takes from the one side. */
  readonly include: readonly string[]
}

export interface BinaryExpr extends Span {
  readonly kind: 'binary'
  readonly op: BinaryOperator
  readonly bool: boolean
  readonly matching: Matching
  readonly left: Expr
  readonly right: Expr
}

export interface UnaryExpr extends Span {
  readonly kind: 'unary'
  readonly op: '+' | '-'
  readonly expr: Expr
}

export interface ParenExpr extends Span {
  readonly kind: 'paren'
  readonly expr: Expr
}

/** Stands where the text could not be understood. Never in the result of a parse without problems. */
export interface InvalidExpr extends Span {
  readonly kind: 'invalid'
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregation
  | BinaryExpr
  | UnaryExpr
  | ParenExpr
  | InvalidExpr

/** Something wrong with the text: `length` UTF-16 units from `offset`. `hint` says how to mend it. */
export interface PromqlProblem {
  readonly offset: number
  readonly length: number
  readonly message: string
  readonly hint?: string
}

/** The expression inside any number of parentheses. */
export function unwrapParens(expr: Expr): Expr {
  let inner = expr
  while (inner.kind === 'paren') inner = inner.expr
  return inner
}

/** The expressions directly below one, in the order of the text. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'matrix':
      return [expr.selector]
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.expr]
    case 'call':
      return expr.args
    case 'aggregation':
      return expr.parameter === undefined ? [expr.expr] : [expr.parameter, expr.expr]
    case 'binary':
      return [expr.left, expr.right]
    case 'number':
    case 'string':
    case 'selector':
    case 'invalid':
      return []
  }
}
