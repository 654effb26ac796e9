/** The metrics of a load, and its live counts. */
import type { MetricValue, ModuleContext } from '../../plugin/module.ts'
import type { Node } from '../../plugin/node.ts'
import type { SeriesReport } from './messages.ts'

/** Publishes `load_operations_total` and `load_latency_seconds` of an interval, and writes the counts to the log. */
export function publishInterval(
  context: Pick<ModuleContext, 'metrics' | 'log'>,
  node: Node,
  series: readonly SeriesReport[],
): void {
  context.metrics(
    node,
    series.flatMap(({ kind, outcome, total, quantiles }): MetricValue[] => [
      { metric: 'load_operations_total', labels: { kind, outcome }, value: total },
      ...Object.entries(quantiles).map(([quantile, value]) => ({
        metric: 'load_latency_seconds',
        labels: { kind, outcome, quantile },
        value,
      })),
    ]),
  )
  const counts = series.map(({ kind, outcome, total, quantiles: { '0.99': p99 } }) => {
    const latency = p99 === undefined ? '' : ` (p99 ${(1000 * p99).toFixed(2)} ms)`
    return `${kind} ${outcome} ${total}${latency}`
  })
  context.log(`${node.name}: ${counts.length === 0 ? 'no operation has ended' : counts.join(', ')}`)
}
