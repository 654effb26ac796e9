/** The conditions of the symptoms over time: both sides of each comparison, as charts show them. */
import { evaluate, formatExpr, metricOf, parsePromql, selectorsOf } from '../evidence/promql/index.ts'
import type { Expr } from '../evidence/promql/index.ts'
import { seriesFromEvidence } from '../evidence/metrics-stored.ts'
import type { Evidence } from '../evidence/query.ts'
import type { RunRecord } from '../model/run.ts'
import type { Labels, SeriesSource } from '../model/series.ts'
import type { TableRow } from './shown-findings.ts'
import type { TimeSpan } from './time-span.ts'

/** A comparison of a condition, such as `rate(x[1m]) > 5`; `limits` are what it is held against. */
export interface ConditionChart {
  readonly symptom: string
  readonly text: string
  readonly unit: string
  /** Rows with `ts`, `value` and `series`. */
  readonly lines: readonly TableRow[]
  readonly limits: readonly TableRow[]
}

interface Comparison {
  readonly expr: Expr
  readonly left: Expr
  readonly right?: Expr
}

const MOST_CHARTS = 6
const STEPS = 300
/** A series that is silent for longer has ended. */
const SILENCE_MS = 30_000

/** A chart for each comparison in the conditions of the symptoms that showed, over the given span. */
export async function loadConditions(
  evidence: Evidence,
  record: RunRecord,
  span: TimeSpan,
): Promise<readonly ConditionChart[]> {
  const conditions = new Map(record.symptoms.map(({ name, when }) => [name, when]))
  const comparisons = [...conditions].flatMap(([symptom, when]) => {
    const parsed = parsePromql(when)
    return 'expr' in parsed ? comparisonsOf(parsed.expr).map((one) => ({ symptom, ...one })) : []
  })
  if (comparisons.length === 0) return []
  const chosen = comparisons.slice(0, MOST_CHARTS)
  const metrics = chosen.flatMap(({ expr }) => selectorsOf(expr).map(metricOf))
  const named = metrics.filter((name) => name !== undefined)
  const source = await seriesFromEvidence(evidence, {
    silenceMs: SILENCE_MS,
    toMs: Number(span.to / 1_000_000n) + 1,
    // A selector without a name may mean any metric.
    ...(named.length === metrics.length ? { metrics: [...new Set(named)] } : {}),
  })
  return chosen
    .map(({ symptom, expr, left, right }) => ({
      symptom,
      text: formatExpr(expr),
      unit: unitOf(left),
      lines: rowsOf(left, source, span),
      limits: right === undefined ? [] : rowsOf(right, source, span),
    }))
    .filter(({ lines }) => lines.length > 0)
}

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '>', '<', '>=', '<='])
const SETS: ReadonlySet<string> = new Set(['and', 'or', 'unless'])

function comparisonsOf(expr: Expr): readonly Comparison[] {
  if (expr.kind === 'paren') return comparisonsOf(expr.expr)
  if (expr.kind === 'binary' && SETS.has(expr.op)) {
    return [...comparisonsOf(expr.left), ...comparisonsOf(expr.right)]
  }
  if (expr.kind !== 'binary' || !COMPARISONS.has(expr.op)) return [{ expr, left: expr }]
  // What is compared goes to the left, also in `5 < x`.
  return selectorsOf(expr.left).length === 0
    ? [{ expr, left: expr.right, right: expr.left }]
    : [{ expr, left: expr.left, right: expr.right }]
}

/** Samples as they were taken where the expression is a plain selector, its value at even steps elsewhere. */
function rowsOf(expr: Expr, source: SeriesSource, { from, to }: TimeSpan): readonly TableRow[] {
  const rows: TableRow[] = []
  const add = (timeMs: number, labels: Labels, value: number): void => {
    if (!Number.isFinite(value)) return
    rows.push({ ts: BigInt(Math.round(timeMs * 1000)) * 1000n, value, series: seriesName(labels) })
  }
  const fromMs = Number(from) / 1e6
  const toMs = Number(to) / 1e6
  if (expr.kind === 'selector' && expr.shift.offsetMs === 0 && expr.shift.at === undefined) {
    for (const { labels, times, values, length } of source.select(expr.matchers, fromMs, toMs)) {
      for (let index = 0; index < length; index++) {
        const time = times[index] ?? 0
        if (time >= fromMs && time <= toMs) add(time, labels, values[index] ?? Number.NaN)
      }
    }
    return rows
  }
  try {
    for (let step = 0; step <= STEPS; step++) {
      const timeMs = fromMs + ((toMs - fromMs) * step) / STEPS
      const value = evaluate(expr, source, timeMs)
      if (value.type === 'scalar') add(timeMs, {}, value.value)
      else for (const sample of value.samples) add(timeMs, sample.labels, sample.value)
    }
  } catch {
    // What could not be evaluated while it ran was said then; the chart shows as much as there is.
  }
  return rows
}

const seriesName = (labels: Labels): string =>
  Object.entries(labels)
    .filter(([name]) => name !== '__name__')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')

/** The unit by the conventions of metric names (https://prometheus.io/docs/practices/naming/); empty when unsure. */
function unitOf(expr: Expr): string {
  if (expr.kind === 'paren' || expr.kind === 'unary' || expr.kind === 'aggregation') return unitOf(expr.expr)
  if (expr.kind === 'selector') {
    const name = expr.name ?? metricOf(expr) ?? ''
    if (/_seconds(_total)?$/.test(name)) return 's'
    return /_bytes(_total)?$/.test(name) ? 'bytes' : ''
  }
  if (expr.kind === 'matrix') return unitOf(expr.selector)
  if (expr.kind !== 'call') return ''
  const unit = expr.args.map(unitOf).find((one) => one !== '') ?? ''
  if (!/^(i?rate|i?delta|deriv)$/.test(expr.name) || /delta/.test(expr.name)) return unit
  return unit === 's' ? 'share' : `${unit}/s`
}
