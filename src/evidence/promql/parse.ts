/**
 * A parser of PromQL by precedence climbing, with the grammar of Prometheus 2.42 (promql/parser/generated_parser.y).
 *
 * It is our own because the lezer grammar of Prometheus' editor reads `a > b offset 5m` as `(a > b) offset 5m` and
 * `-1^2` as `(-1)^2`. After a mistake it goes on at the next comma or bracket, so that all mistakes are reported.
 */
import type {
  Aggregator,
  BinaryOperator,
  Expr,
  Matching,
  PromqlProblem,
  TimeShift,
  VectorSelector,
} from './ast.ts'
import type { LabelMatcher } from '../../model/series.ts'
import { aggregators } from './ast.ts'
import { metricName } from './labels.ts'
import { Cursor } from './cursor.ts'
import { durationMs, lex, numberValue, type Token } from './lex.ts'
import { nearest } from '../../base/nearest.ts'

const precedence: Readonly<Record<BinaryOperator, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '>': 3,
  '<': 3,
  '>=': 3,
  '<=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
}
/** A sign binds like `*`: `-a^2` is `-(a^2)`, `-a*2` is `(-a)*2`. */
const unaryPrecedence = 5
/** Nothing that a person writes is nested deeper; hostile text ends here instead of in a stack overflow. */
const maxDepth = 200
const maxOperators = 1000
const maxLength = 50_000

const isBinaryOperator = (text: string): text is BinaryOperator => Object.hasOwn(precedence, text)
const isAggregator = (text: string): text is Aggregator => aggregators.some((name) => name === text)
/** Words that cannot be metric names. */
const reserved = new Set(['bool', 'on', 'ignoring', 'group_left', 'group_right', 'atan2'])

/** Parses the text; types, functions and regular expressions are not checked yet. Never throws. */
export function parseSyntax(text: string): { readonly expr: Expr; readonly problems: PromqlProblem[] } {
  const problems: PromqlProblem[] = []
  if (text.length > maxLength) {
    problems.push({
      offset: maxLength,
      length: text.length - maxLength,
      message: `at most ${maxLength} characters`,
    })
    return { expr: { kind: 'invalid', from: 0, to: text.length }, problems }
  }
  const parser = new Parser(lex(text, problems), problems)
  return { expr: parser.whole(), problems }
}

class Parser extends Cursor {
  private depth = 0
  private operators = 0

  whole(): Expr {
    const expr = this.expression(0)
    if (this.token().type !== 'end') this.fail('an operator or the end', this.afterExpression())
    return expr
  }

  private afterExpression(): string | undefined {
    const near = nearest(this.word(), ['and', 'or', 'unless', 'offset', 'bool', 'atan2'])
    return this.word() !== '' && near !== undefined ? `did you mean ${near}?` : undefined
  }

  private expression(minimum: number): Expr {
    if (++this.depth > maxDepth) {
      this.depth--
      return this.giveUp(`at most ${maxDepth} levels of nesting`)
    }
    let left = this.prefix()
    for (;;) {
      const text = this.token().type === 'symbol' ? this.token().text : this.word()
      if (!isBinaryOperator(text) || precedence[text] < minimum) break
      if (++this.operators > maxOperators) return this.giveUp(`at most ${maxOperators} operators`)
      this.next()
      const bool = this.word() === 'bool'
      if (bool) this.next()
      const matching = this.matching(text)
      // `^` groups to the right, everything else to the left.
      const right = this.expression(text === '^' ? precedence[text] : precedence[text] + 1)
      left = { kind: 'binary', op: text, bool, matching, left, right, from: left.from, to: right.to }
    }
    this.depth--
    return left
  }

  /** Reports a limit, and reads no further. */
  private giveUp(limit: string): Expr {
    const invalid = this.fail(limit)
    this.index = this.tokens.length - 1
    return invalid
  }

  private matching(op: BinaryOperator): Matching {
    const set = op === 'and' || op === 'or' || op === 'unless'
    let card: Matching['card'] = set ? 'many-to-many' : 'one-to-one'
    const how = this.word()
    if (how !== 'on' && how !== 'ignoring') return { card, on: false, labels: [], include: [] }
    this.next()
    const labels = this.labelList()
    let include: readonly string[] = []
    const group = this.word()
    if (group === 'group_left' || group === 'group_right') {
      this.next()
      card = group === 'group_left' ? 'many-to-one' : 'one-to-many'
      if (this.at('(')) include = this.labelList()
    }
    return { card, on: how === 'on', labels, include }
  }

  private labelList(): readonly string[] {
    const labels: string[] = []
    if (!this.at('(')) {
      this.fail('a list of label names in parentheses')
      return labels
    }
    this.next()
    while (!this.at(')') && this.token().type !== 'end') {
      const { type, text } = this.token()
      if (type === 'identifier' && !text.includes(':')) labels.push(this.next().text)
      else this.fail('a label name')
      if (!this.accept(',')) break
    }
    this.expect(')')
    return labels
  }

  private prefix(): Expr {
    const { from, text } = this.token()
    if (!this.at('-') && !this.at('+')) return this.postfix(this.primary())
    this.next()
    const expr = this.expression(unaryPrecedence + 1)
    if (expr.kind === 'number') return { ...expr, value: text === '-' ? -expr.value : expr.value, from }
    return { kind: 'unary', op: text === '-' ? '-' : '+', expr, from, to: expr.to }
  }

  private primary(): Expr {
    const token = this.token()
    const { from } = token
    if (token.type === 'number') {
      this.next()
      const value = numberValue(token.text)
      if (value !== undefined) return { kind: 'number', value, from, to: token.to }
      this.problems.push({ offset: from, length: token.to - from, message: `\`${token.text}\` is no number` })
      return { kind: 'invalid', from, to: token.to }
    }
    if (token.type === 'string') {
      this.next()
      return { kind: 'string', value: token.text, from, to: token.to }
    }
    if (this.accept('(')) {
      const expr = this.expression(0)
      this.expect(')')
      return { kind: 'paren', expr, from, to: this.end() }
    }
    if (this.at('{')) return this.selector(undefined, from)
    if (token.type === 'identifier') return this.named(token)
    if (token.type === 'duration') {
      return this.skip(
        'an expression',
        'a duration stands only in brackets, or after offset; write seconds as a number',
      )
    }
    return this.skip('an expression')
  }

  /** Reports and steps over a token that can begin nothing, unless it closes something. */
  private skip(expected: string, hint?: string): Expr {
    const invalid = this.fail(expected, hint)
    const { type, text } = this.token()
    if (type === 'duration' || type === 'identifier') this.next()
    else if (type === 'symbol' && !')]},'.includes(text) && text !== '') this.next()
    return invalid
  }

  private named(token: Token): Expr {
    const lower = token.text.toLowerCase()
    if (lower === 'inf' || lower === 'nan') {
      this.next()
      const value = lower === 'inf' ? Number.POSITIVE_INFINITY : Number.NaN
      return { kind: 'number', value, from: token.from, to: token.to }
    }
    if (isAggregator(lower) && (this.at('(', 1) || this.word(1) === 'by' || this.word(1) === 'without')) {
      return this.aggregation(lower)
    }
    if (reserved.has(lower)) {
      return this.skip(
        'an expression',
        `\`${token.text}\` is a word of PromQL; use {__name__="${token.text}"}`,
      )
    }
    this.next()
    if (this.at('(') && !token.text.includes(':')) {
      const args = this.args()
      return { kind: 'call', name: token.text, args, from: token.from, to: this.end() }
    }
    return this.selector(token.text, token.from)
  }

  private args(): readonly Expr[] {
    const args: Expr[] = []
    this.expect('(')
    while (!this.at(')') && this.token().type !== 'end') {
      args.push(this.expression(0))
      if (!this.at(',')) break
      this.next()
      if (this.at(')')) this.fail('another argument')
    }
    this.expect(')')
    return args
  }

  private aggregation(op: Aggregator): Expr {
    const { from, to } = this.next()
    const grouping = (): { without: boolean; labels: readonly string[] } | undefined => {
      const how = this.word()
      if (how !== 'by' && how !== 'without') return undefined
      this.next()
      return { without: how === 'without', labels: this.labelList() }
    }
    const before = grouping()
    const args = this.at('(') ? this.args() : [this.fail('`(`')]
    const { without, labels } = before ?? grouping() ?? { without: false, labels: [] }
    const wanted = op === 'topk' || op === 'bottomk' || op === 'quantile' || op === 'count_values' ? 2 : 1
    const expr = args.at(-1)
    if (expr === undefined || args.length !== wanted) {
      const message = `${op} takes ${wanted === 1 ? 'one argument' : 'two arguments'}, not ${args.length}`
      this.problems.push({ offset: from, length: to - from, message })
      return { kind: 'invalid', from, to: this.end() }
    }
    const parameter = wanted === 2 && args[0] !== undefined ? { parameter: args[0] } : {}
    return { kind: 'aggregation', op, without, labels, ...parameter, expr, from, to: this.end() }
  }

  private selector(name: string | undefined, from: number): Expr {
    const matchers: LabelMatcher[] = []
    if (this.accept('{')) {
      while (!this.at('}') && this.token().type !== 'end') {
        if (this.token().type !== 'identifier') {
          this.fail('a label name')
          break
        }
        const label = this.next().text
        const op = this.token().text
        if (this.token().type !== 'symbol' || (op !== '=' && op !== '!=' && op !== '=~' && op !== '!~')) {
          this.fail('=, !=, =~ or !~')
          break
        }
        this.next()
        if (this.token().type !== 'string') {
          this.fail('a string in quotes')
          break
        }
        matchers.push({ name: label, op, value: this.next().text })
        if (!this.accept(',')) break
      }
      this.expect('}')
    }
    if (name !== undefined) matchers.push({ name: metricName, op: '=', value: name })
    const named = name === undefined ? {} : { name }
    return { kind: 'selector', ...named, matchers, shift: { offsetMs: 0 }, from, to: this.end() }
  }

  private postfix(operand: Expr): Expr {
    let expr = operand
    for (;;) {
      if (this.at('[')) expr = this.range(expr)
      else if (this.word() === 'offset') expr = this.offset(expr)
      else if (this.at('@')) expr = this.atTime(expr)
      else return expr
    }
  }

  private duration(expected: string): number | undefined {
    const { type, text, from, to } = this.token()
    if (type !== 'duration') {
      this.fail(expected, type === 'number' ? `did you mean ${text}s?` : undefined)
      if (type === 'number') this.next()
      return undefined
    }
    this.next()
    const value = durationMs(text)
    if (typeof value === 'number') return value
    this.problems.push({ offset: from, length: to - from, message: value.problem })
    return undefined
  }

  private range(expr: Expr): Expr {
    const { from: open } = this.next()
    const rangeMs = this.duration('a duration such as 5m')
    const subquery = this.accept(':')
    const stepMs = subquery && !this.at(']') ? this.duration('a duration such as 10s') : undefined
    this.expect(']')
    const span = { from: expr.from, to: this.end() }
    if (rangeMs === undefined || expr.kind === 'invalid') return { kind: 'invalid', ...span }
    if (subquery) {
      const step = stepMs === undefined ? {} : { stepMs }
      return { kind: 'subquery', expr, rangeMs, ...step, shift: { offsetMs: 0 }, ...span }
    }
    const shifted = expr.kind === 'selector' && (expr.shift.offsetMs !== 0 || expr.shift.at !== undefined)
    if (expr.kind === 'selector' && !shifted) return { kind: 'matrix', selector: expr, rangeMs, ...span }
    this.problems.push({
      offset: open,
      length: this.end() - open,
      message: shifted ? 'offset and @ come after the range' : 'a range needs a selector before it',
      hint: shifted
        ? 'write a[5m] offset 1m'
        : 'for a range of any expression write a subquery, such as (a + b)[5m:10s]',
    })
    return { kind: 'invalid', ...span }
  }

  private offset(expr: Expr): Expr {
    this.next()
    const sign = this.accept('-') ? -1 : 1
    const value = this.duration('a duration such as 5m')
    if (value === undefined) return expr
    const shift = shiftOf(expr)
    if (shift?.offsetMs === 0) return this.shifted(expr, { ...shift, offsetMs: sign * value })
    return this.misplaced(
      expr,
      shift === undefined ? 'offset needs a selector or subquery before it' : 'a second offset',
    )
  }

  private atTime(expr: Expr): Expr {
    this.next()
    const at = this.atValue()
    if (at === undefined) return expr
    const shift = shiftOf(expr)
    if (shift !== undefined && shift.at === undefined) return this.shifted(expr, { ...shift, at })
    return this.misplaced(
      expr,
      shift === undefined ? '@ needs a selector or subquery before it' : 'a second @',
    )
  }

  private atValue(): TimeShift['at'] | undefined {
    const word = this.word()
    if ((word === 'start' || word === 'end') && this.at('(', 1) && this.at(')', 2)) {
      this.index += 3
      return word
    }
    const sign = this.at('-') ? -1 : 1
    if (this.at('-') || this.at('+')) this.next()
    const { type, text } = this.token()
    const seconds = type === 'number' ? numberValue(text) : undefined
    if (seconds === undefined || !Number.isFinite(seconds)) {
      this.fail('seconds since the epoch, start() or end()')
      return undefined
    }
    this.next()
    return Math.round(sign * seconds * 1000)
  }

  private misplaced(expr: Expr, message: string): Expr {
    if (expr.kind !== 'invalid') {
      this.problems.push({ offset: expr.from, length: this.end() - expr.from, message })
    }
    return { kind: 'invalid', from: expr.from, to: this.end() }
  }

  private shifted(expr: Expr, shift: TimeShift): Expr {
    const to = this.end()
    if (expr.kind === 'matrix') {
      const selector: VectorSelector = { ...expr.selector, shift }
      return { ...expr, selector, to }
    }
    return expr.kind === 'selector' || expr.kind === 'subquery' ? { ...expr, shift, to } : expr
  }
}

/** The shift of what can be shifted. */
function shiftOf(expr: Expr): TimeShift | undefined {
  if (expr.kind === 'matrix') return expr.selector.shift
  return expr.kind === 'selector' || expr.kind === 'subquery' ? expr.shift : undefined
}
