/** Declarations of metrics, short enough to be read as a table. */
import type { MetricDeclaration } from '../../plugin/sampler.ts'

type Unit = 'seconds' | 'bytes' | ''

/** A value that only grows, until what it counts starts over. */
export function counter(name: string, unit: Unit, help: string, labels: readonly string[] = []) {
  return { name, type: 'counter', unit, help, labels } as const satisfies MetricDeclaration
}

/** A value that goes up and down. */
export function gauge(name: string, unit: Unit, help: string, labels: readonly string[] = []) {
  return { name, type: 'gauge', unit, help, labels } as const satisfies MetricDeclaration
}
