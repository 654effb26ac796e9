/** Reads metrics of a node at a fixed pace. */
import type { Labels } from '../model/series.ts'
import type { Definable } from './define.ts'
import type { FileView, Node } from './node.ts'

export interface MetricDeclaration {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  /** seconds, bytes, ratio, ... or empty */
  readonly unit: string
  readonly help: string
  readonly labels: readonly string[]
}

/** A series that a sampler writes to; obtained once and kept, so that a tick allocates nothing. */
export interface SeriesHandle {
  /** Value at the time of the current tick. A series that a tick leaves out goes stale. */
  set(value: number): void
}

export interface SampleSink {
  series(metric: string, labels?: Labels): SeriesHandle
  /** Forgets a series that will not be written again, such as that of a process that ended. */
  forget(handle: SeriesHandle): void
}

export interface SamplerContext {
  readonly node: Node
  readonly sink: SampleSink
  readonly signal: AbortSignal
}

/** Disposable state of one sampler on one node. */
export interface Sampler {
  /** One tick. Synchronous where it only reads small files. */
  sample(files: FileView): void | Promise<void>
  close?(): Promise<void>
}

export interface SamplerPlugin<P = unknown> extends Definable<P> {
  readonly metrics: readonly MetricDeclaration[]
  /** It reads what belongs to a network: once for each network of a host that nodes have, not once for the host. */
  readonly perNetwork?: true
  open(context: SamplerContext, properties: P): Sampler
}
