/** Checks a PromQL condition: its syntax, and whether the metrics and probes it names can be there. */
import type { ComponentUse } from '../model/definition.ts'
import type { LoadContext, PromqlSelector } from './context.ts'
import { limits } from './limits.ts'
import type { Span } from './position.ts'
import { hintFor, nearest } from '../base/nearest.ts'
import { quote } from './problems/quote.ts'
import type { ScalarTree } from './tree.ts'

export interface KnownSeries {
  /** Samplers in use; undefined when one of them is wrong, and so may give anything. */
  readonly samplers: readonly ComponentUse[] | undefined
  readonly probeNames: readonly string[]
  /** False when the condition is about the series of another Prometheus server. */
  readonly ownSeries: boolean
}

export function checkCondition(context: LoadContext, when: ScalarTree, known: KnownSeries): void {
  if (when.text.length > limits.condition) {
    context.report(
      when,
      `a condition has at most ${limits.condition} characters, this one ${when.text.length}`,
    )
    return
  }
  const problems = context.promql.validate?.(when.text) ?? []
  for (const { offset, length, message, hint } of problems) {
    context.report(spanIn(context, when, offset, length), `PromQL: ${message}`, hint)
  }
  if (problems.length > 0 || !known.ownSeries) return
  for (const selector of context.promql.selectorsOf?.(when.text) ?? []) {
    checkSelector(context, when, selector, known)
  }
}

function checkSelector(
  context: LoadContext,
  when: ScalarTree,
  { matchers, from = 0 }: PromqlSelector,
  known: KnownSeries,
): void {
  for (const { name, op, value } of matchers) {
    if (op !== '=') continue
    if (name === 'probe' && value !== '' && !known.probeNames.includes(value)) {
      const at = place(context, when, value, from)
      context.report(at, `there is no probe called ${quote(value)}`, () => hintFor(value, known.probeNames))
    }
    if (name === '__name__') checkMetric(context, when, { metric: value, from }, known)
  }
}

/** Only where every sampler in use says what it gives: a scraped endpoint may give anything. */
function checkMetric(
  context: LoadContext,
  when: ScalarTree,
  { metric, from }: { readonly metric: string; readonly from: number },
  { samplers: uses }: KnownSeries,
): void {
  if (uses === undefined || /^(probe_|load_|quarry_|up$|scrape_)/.test(metric)) return
  const samplers = context.registry.all('sampler')
  const inUse = samplers.filter(({ id }) => uses.some(({ component }) => component === id))
  if (inUse.some(({ metrics }) => metrics.length === 0)) return
  const given = inUse.flatMap(({ metrics }) => metrics.map(({ name }) => name))
  if (given.includes(metric)) return
  const owner = samplers.find(({ metrics }) => metrics.some(({ name }) => name === metric))
  const hint = (): string => {
    if (owner !== undefined) return `sampler \`${owner.id}\` gives it: add it to \`observe.samplers\``
    const guess = nearest(metric, given)
    if (guess !== undefined) return `did you mean \`${guess}\`?`
    return `samplers in use: ${inUse.map(({ id }) => id).join(', ') || 'none'}`
  }
  context.report(
    place(context, when, metric, from),
    `no sampler in use gives the metric ${quote(metric)}`,
    hint,
  )
}

/** Where a word stands in the condition, at or after `from`. */
function place(context: LoadContext, when: ScalarTree, word: string, from: number): Span {
  const offset = when.text.indexOf(word, from)
  return offset < 0 ? when : spanIn(context, when, offset, word.length)
}

function spanIn(context: LoadContext, when: ScalarTree, offset: number, length: number): Span {
  const start = context.contentOffset(when, offset)
  return { start, end: Math.max(start + 1, context.contentOffset(when, offset + length)) }
}
