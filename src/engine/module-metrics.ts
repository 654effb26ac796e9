/** What a module measures, among the metrics that symptoms are evaluated over. */
import type { Clock } from '../base/clock.ts'
import type { MetricStore, MetricTick } from '../evidence/metrics.ts'
import type { ModuleContext } from '../plugin/module.ts'

/** Publishes for one module: each node has ticks of its own, whose series have the labels `node` and `module`. */
export function metricPublisher(
  module: string,
  metrics: MetricStore,
  clock: Clock,
): ModuleContext['metrics'] {
  const ticks = new Map<string, MetricTick>()
  return ({ name: node }, values) => {
    const tick = ticks.get(node) ?? metrics.source({ node, module })
    ticks.set(node, tick)
    tick.begin(clock.nowMs())
    for (const { metric, labels, value } of values) tick.sink.series(metric, labels).set(value)
    tick.end()
  }
}
