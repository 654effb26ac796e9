/** What is known of metrics by their names: node_exporter's conventions and our own. */
import type { Layer } from '../../model/finding.ts'

/** Cumulative metrics are named `..._total` (Prometheus naming practice); node_exporter's vmstat and netstat are not. */
export const isCounter = (metric: string): boolean => !GAUGES.test(metric) && COUNTERS.test(metric)

/** Gauges whose name ends as a counter's does. */
const GAUGES =
  /^node_(dentry|inode)_total$|^node_vmstat_nr_(?!dirtied|written|throttled)|^node_netstat_.*_CurrEstab$/
const COUNTERS = /_(total|count|sum|bucket)$|^node_(vmstat|netstat)_|^node_(intr|forks|context_switches)/

const LAYERS: readonly (readonly [RegExp, Layer])[] = [
  [/^probe_/, 'symptom'],
  [/process(es)?_|^namedprocess/, 'process'],
  [/memory|slab|vmstat|dentry|inode|page|oom|swap/, 'memory'],
  [/disk|filesystem|block|_io_|iops/, 'storage'],
  [/network|netstat|sockstat|softnet|tcp|udp|arp|conntrack/, 'network'],
  [/interrupt|context_switches|softirq|timer|sched|procs_/, 'kernel'],
  [/cpu|load|pressure|node_/, 'host'],
]

/** Layer that a metric belongs to; `application` when its name says nothing. */
export function layerOfMetric(metric: string): Layer {
  return LAYERS.find(([pattern]) => pattern.test(metric))?.[1] ?? 'application'
}

/** Unit by the name's suffix, per second for counters. */
export function unitOfMetric(metric: string): string {
  const base = metric.replace(/_total$/, '')
  const unit = /_(bytes|seconds|ratio)$/.exec(base)?.[1] ?? (/_bytes/.test(base) ? 'bytes' : '')
  if (metric.endsWith('_bytes_per_second')) return 'bytes/s'
  if (!isCounter(metric)) return unit === 'ratio' ? 'share' : unit
  if (unit === 'bytes') return 'bytes/s'
  // Seconds per second are a share of one CPU or device.
  return unit === 'seconds' ? 'share' : '/s'
}

/** Gauges whose fall is bad news. */
export const isMoreBetter = (metric: string): boolean =>
  /avail|free|throughput|rate|credit|quota|entropy|_up$/i.test(metric)

/**
 * Metrics that the observer moves by observing, that only restate the clock, or what another tells sooner: the load of the
 * last minute is part of that of the last five and fifteen.
 */
export const isBookkeeping = (metric: string): boolean =>
  /^(node_time|node_boot|scrape_|quarry_|up$|probe_duration_limit|node_timex|node_exporter_|node_load(5|15)$)/.test(
    metric,
  ) || /_(timestamp|start_time|boot_time)_seconds$/.test(metric)
