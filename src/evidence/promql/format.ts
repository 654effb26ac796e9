/** An expression as text again, with only the parentheses that were written. */
import type { Expr, Matching, TimeShift } from './ast.ts'
import type { LabelMatcher } from '../../model/series.ts'
import { metricName } from './labels.ts'
import { formatDecimal } from './numbers.ts'

/** Text that parses to the same expression. */
export function formatExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return formatDecimal(expr.value).replace('+', '')
    case 'string':
      return JSON.stringify(expr.value)
    case 'selector':
      return formatSelector(expr.name, expr.matchers) + formatShift(expr.shift)
    case 'matrix': {
      const { name, matchers, shift } = expr.selector
      return `${formatSelector(name, matchers)}[${formatMs(expr.rangeMs)}]${formatShift(shift)}`
    }
    case 'subquery': {
      const step = expr.stepMs === undefined ? '' : formatMs(expr.stepMs)
      return `${formatExpr(expr.expr)}[${formatMs(expr.rangeMs)}:${step}]${formatShift(expr.shift)}`
    }
    case 'call':
      return `${expr.name}(${expr.args.map(formatExpr).join(', ')})`
    case 'aggregation': {
      const grouped = expr.without || expr.labels.length > 0
      const modifier = grouped ? ` ${expr.without ? 'without' : 'by'} (${expr.labels.join(', ')}) ` : ''
      const parameter = expr.parameter === undefined ? '' : `${formatExpr(expr.parameter)}, `
      return `${expr.op}${modifier}(${parameter}${formatExpr(expr.expr)})`
    }
    case 'binary': {
      const bool = expr.bool ? ' bool' : ''
      return `${formatExpr(expr.left)} ${expr.op}${bool}${formatMatching(expr.matching)} ${formatExpr(expr.right)}`
    }
    case 'unary':
      return `${expr.op}${formatExpr(expr.expr)}`
    case 'paren':
      return `(${formatExpr(expr.expr)})`
    case 'invalid':
      return ''
  }
}

const formatMs = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`)

function formatSelector(name: string | undefined, matchers: readonly LabelMatcher[]): string {
  const shown = name === undefined ? matchers : matchers.filter((matcher) => matcher.name !== metricName)
  const inside = shown
    .map((matcher) => `${matcher.name}${matcher.op}${JSON.stringify(matcher.value)}`)
    .join(', ')
  return (name ?? '') + (name === undefined || inside !== '' ? `{${inside}}` : '')
}

function formatShift({ offsetMs, at }: TimeShift): string {
  const time = at === undefined ? '' : ` @ ${typeof at === 'number' ? at / 1000 : `${at}()`}`
  if (offsetMs === 0) return time
  return `${time} offset ${offsetMs < 0 ? '-' : ''}${formatMs(Math.abs(offsetMs))}`
}

function formatMatching({ card, on, labels, include }: Matching): string {
  if (!on && labels.length === 0 && card !== 'many-to-one' && card !== 'one-to-many') return ''
  const group = card === 'many-to-one' ? 'group_left' : card === 'one-to-many' ? 'group_right' : ''
  return ` ${on ? 'on' : 'ignoring'} (${labels.join(', ')})${group === '' ? '' : ` ${group} (${include.join(', ')})`}`
}
