/** Binary operators, and how vectors find each other; promql/engine.go, VectorBinop and its neighbours. */
import type { BinaryExpr, BinaryOperator } from './ast.ts'
import type { Labels } from '../../model/series.ts'
import {
  dropLabels,
  formatLabels,
  keepLabels,
  keyOn,
  keyWithout,
  labelsKey,
  labelValue,
  withLabel,
  withoutName,
} from './labels.ts'
import { power } from './numbers.ts'
import { evaluationError, type VectorSample } from './value.ts'

/** Arithmetic gives its result; a comparison gives its left side, or `undefined` where it does not hold. */
export function operate(op: BinaryOperator, left: number, right: number): number | undefined {
  switch (op) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      return left % right
    case '^':
      return power(left, right)
    case 'atan2':
      return Math.atan2(left, right)
    case '==':
      return left === right ? left : undefined
    case '!=':
      return left !== right ? left : undefined
    case '>':
      return left > right ? left : undefined
    case '<':
      return left < right ? left : undefined
    case '>=':
      return left >= right ? left : undefined
    case '<=':
      return left <= right ? left : undefined
    case 'and':
    case 'or':
    case 'unless':
      throw new Error(`${op} combines vectors, not values`)
  }
}

const arithmetic = new Set<BinaryOperator>(['+', '-', '*', '/', '%', '^'])
const comparison = new Set<BinaryOperator>(['==', '!=', '>', '<', '>=', '<='])

/** A comparison of scalars, which always has `bool`, or arithmetic on them. */
export function ofScalars(op: BinaryOperator, left: number, right: number): number {
  const result = operate(op, left, right)
  return comparison.has(op) ? (result === undefined ? 0 : 1) : (result ?? Number.NaN)
}

/** A vector with a scalar on one side. The samples kept by a comparison are those of the vector. */
export function withScalar(
  { op, bool }: BinaryExpr,
  samples: readonly VectorSample[],
  scalar: number,
  scalarIsLeft: boolean,
): VectorSample[] {
  // atan2 keeps the metric name, as Prometheus 2.42 does.
  const drop = bool || arithmetic.has(op)
  const results: VectorSample[] = []
  for (const { labels, value } of samples) {
    const result = scalarIsLeft ? operate(op, scalar, value) : operate(op, value, scalar)
    if (result === undefined && !bool) continue
    const kept = bool ? (result === undefined ? 0 : 1) : comparison.has(op) ? value : (result ?? Number.NaN)
    results.push({ labels: drop ? withoutName(labels) : labels, value: kept })
  }
  return results
}

function keyOf({ matching }: BinaryExpr): (labels: Labels) => string {
  const { on, labels: names } = matching
  return on ? (labels) => keyOn(labels, names) : (labels) => keyWithout(labels, names)
}

/** `and`, `or` and `unless`. */
export function combineSets(
  node: BinaryExpr,
  left: readonly VectorSample[],
  right: readonly VectorSample[],
): VectorSample[] {
  const key = keyOf(node)
  if (node.op === 'or') {
    const taken = new Set(left.map(({ labels }) => key(labels)))
    return [...left, ...right.filter(({ labels }) => !taken.has(key(labels)))]
  }
  const others = new Set(right.map(({ labels }) => key(labels)))
  return left.filter(({ labels }) => others.has(key(labels)) === (node.op === 'and'))
}

/** Arithmetic and comparison of two vectors, sample by sample with the same matching labels. */
export function combineVectors(
  node: BinaryExpr,
  left: readonly VectorSample[],
  right: readonly VectorSample[],
): VectorSample[] {
  if (left.length === 0 || right.length === 0) return []
  const { op, bool, matching } = node
  const swapped = matching.card === 'one-to-many'
  const [many, one] = swapped ? [right, left] : [left, right]
  const key = keyOf(node)

  const partners = new Map<string, VectorSample>()
  for (const sample of one) {
    const signature = key(sample.labels)
    const other = partners.get(signature)
    if (other !== undefined) throw manyToMany(node, swapped ? 'left' : 'right', other, sample)
    partners.set(signature, sample)
  }

  const results: VectorSample[] = []
  const seen = new Map<string, Set<string>>()
  for (const sample of many) {
    const signature = key(sample.labels)
    const partner = partners.get(signature)
    if (partner === undefined) continue
    const result = swapped
      ? operate(op, partner.value, sample.value)
      : operate(op, sample.value, partner.value)
    if (result === undefined && !bool) continue
    const named = resultLabels(node, sample.labels, partner.labels)
    const labels = bool ? withoutName(named) : named
    const group = seen.get(signature)
    if (group === undefined) seen.set(signature, new Set([labelsKey(labels)]))
    else if (matching.card === 'one-to-one') {
      throw evaluationError(
        `several series on the left of \`${op}\` match ${formatLabels(partner.labels)} on its right`,
        'say group_left or group_right after on() or ignoring()',
      )
    } else if (group.size === group.add(labelsKey(labels)).size) {
      throw evaluationError(`\`${op}\` gives several results with the labels ${formatLabels(labels)}`)
    }
    results.push({ labels, value: bool ? (result === undefined ? 0 : 1) : (result ?? Number.NaN) })
  }
  return results
}

function manyToMany({ op, matching }: BinaryExpr, side: string, a: VectorSample, b: VectorSample): Error {
  const group = matching.on
    ? keepLabels(a.labels, matching.labels)
    : dropLabels(withoutName(a.labels), matching.labels)
  return evaluationError(
    `two series on the ${side} of \`${op}\` have the matching labels ${formatLabels(group)}: ` +
      `${formatLabels(a.labels)} and ${formatLabels(b.labels)}`,
    'matching labels must be unique on one side: add labels to on(), or aggregate first',
  )
}

function resultLabels({ op, matching }: BinaryExpr, many: Labels, one: Labels): Labels {
  let labels = arithmetic.has(op) ? withoutName(many) : many
  if (matching.card === 'one-to-one') {
    if (matching.on) labels = keepLabels(labels, matching.labels)
    else if (matching.labels.length > 0) labels = dropLabels(labels, matching.labels)
  }
  for (const name of matching.include) labels = withLabel(labels, name, labelValue(one, name))
  return labels
}
