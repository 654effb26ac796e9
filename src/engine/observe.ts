/**
 * Continuous observation of a run: samplers at one pace, probes each at its own, everything into the metric store that
 * symptoms are evaluated over, and from there into evidence.
 */
import { sleep, whenAborted, withTimeout } from '../base/abort.ts'
import { messageOf } from '../base/errors.ts'
import { createMetricStore } from '../evidence/metrics.ts'
import type { MetricStore } from '../evidence/metrics.ts'
import type { EvidenceWriter } from '../evidence/writer.ts'
import type { Definition } from '../model/definition.ts'
import type { FileView, Node } from '../plugin/node.ts'
import type { Registry } from '../plugin/registry.ts'
import type { Sampler } from '../plugin/sampler.ts'
import type { Ensemble } from './ensemble.ts'
import { notLookedAt, type Journal } from './journal.ts'
import { openProbes } from './probes.ts'
import type { Probes } from './probes.ts'
import { checkNeeds } from '../node/needs.ts'

/** A killed run loses the metrics of this long; a long one flushes less often, for each flush leaves a file a table. */
const FLUSH_MS = 10_000
const MOST_FLUSH_MS = 60_000
const FLUSHES = 30
/** The workload waits so long for samplers to have begun everywhere; a node that hangs is not waited for. */
const FIRST_TICK_MS = 5000

export interface Observation extends AsyncDisposable {
  readonly metrics: MetricStore
  readonly probes: Probes
}

/** How the parts of a run find each other while it is observed. */
export interface ObserveOptions {
  readonly definition: Definition
  readonly registry: Registry
  readonly ensemble: Ensemble
  readonly journal: Journal
  readonly writer: EvidenceWriter
  /** History that the symptoms need, ms. */
  readonly retentionMs: number
  /** Aborts the run, for a failure after which going on makes no sense, such as a full disk. */
  readonly abort: (reason: Error) => void
}

/** Starts all samplers and probes; disposing stops them and writes what is left. */
export async function observe(options: ObserveOptions): Promise<Observation> {
  const { definition, registry, ensemble, journal, writer, retentionMs, abort } = options
  const metrics = createMetricStore({ retentionMs })
  const stopped = new AbortController()
  await using stack = new AsyncDisposableStack()

  for (const { name, unseen } of ensemble.nodes) {
    if (unseen === undefined) continue
    const remedy = 'give machines of it as nodes too, if Quarry can reach them'
    notLookedAt(journal, { collector: 'all samplers and collectors', node: name, why: unseen, remedy })
  }
  const samplers: RunningSampler[] = []
  for (const use of definition.observe.samplers) {
    const plugin = registry.get('sampler', use.component)
    if (plugin === undefined) {
      throw new Error(`sampler ${use.component} is in the definition and not in the registry`)
    }
    for (const node of plugin.perNetwork ? ensemble.networks : ensemble.hosts) {
      const missing = (await checkNeeds(node, plugin.needs))[0]
      if (missing !== undefined) {
        const { why, remedy } = missing
        notLookedAt(journal, { collector: plugin.id, node: node.name, why, remedy })
        continue
      }
      const tick = metrics.source({ node: node.name })
      const sampler = plugin.open(
        { node, sink: tick.sink, signal: stopped.signal },
        ensemble.references.propertiesOf(plugin, use),
      )
      samplers.push({ id: plugin.id, node, sampler, tick, busy: false, failed: false })
      if (sampler.close !== undefined) stack.defer(() => sampler.close?.())
    }
  }

  const sampled = [...new Set(samplers.map(({ node }) => node))]
  const sampleAll = (): Promise<unknown> =>
    Promise.all(
      sampled.map((node) =>
        sampleNode(
          node,
          samplers.filter((one) => one.node === node && !one.busy),
          journal,
        ),
      ),
    )

  const drain = (): void =>
    void metrics.drain((node) => writer.sink({ node, collector: 'sampler', capture: '' }))
  const began = performance.now()
  let flushed = began
  // What a workload does in its first moments is seen against what was before it.
  using first = withTimeout(stopped.signal, FIRST_TICK_MS, 'the first tick takes long')
  await Promise.race([sampleAll(), whenAborted(first.signal)])
  const { everyMs } = definition.observe
  const loops = [
    sleep(everyMs, stopped.signal).then(
      () => repeat(everyMs, stopped.signal, () => void sampleAll()),
      () => undefined,
    ),
    repeat(FLUSH_MS, stopped.signal, async () => {
      const now = performance.now()
      if (now - flushed < Math.min(MOST_FLUSH_MS, (now - began) / FLUSHES)) return
      flushed = now
      try {
        drain()
        await writer.flush()
      } catch (error) {
        abort(error instanceof Error ? error : new Error(messageOf(error)))
      }
    }),
  ]
  // Also when a probe cannot be opened: nothing is sampled, and nothing started, for a run that has ended.
  stack.defer(async () => {
    stopped.abort(new Error('observation has ended'))
    await Promise.all(loops)
  })
  const probes = await openProbes({
    definition,
    registry,
    ensemble,
    journal,
    writer,
    metrics,
    signal: stopped.signal,
  })
  stack.use(probes)

  const owned = stack.move()
  return {
    metrics,
    probes,
    [Symbol.asyncDispose]: async () => {
      stopped.abort(new Error('observation has ended'))
      await owned.disposeAsync()
      drain()
      await writer.flush()
    },
  }
}

interface RunningSampler {
  readonly id: string
  readonly node: Node
  readonly sampler: Sampler
  readonly tick: ReturnType<MetricStore['source']>
  busy: boolean
  failed: boolean
}

/** A sampler that is still busy with its last tick misses this one; one that fails is reported once and tried again. */
async function sampleNode(
  { files }: Node,
  samplers: readonly RunningSampler[],
  journal: Journal,
): Promise<void> {
  if (files.snapshot === undefined) {
    await Promise.all(samplers.map((one) => sampleOnce(one, files, journal)))
    return
  }
  for (const one of samplers) one.busy = true
  try {
    const now = await files.snapshot()
    await Promise.all(
      samplers.map((one) => {
        one.busy = false
        return sampleOnce(one, now, journal)
      }),
    )
  } catch (error) {
    for (const one of samplers) {
      one.busy = false
      reportFailure(one, error, journal)
    }
  }
}

/** Told once; the sampler goes on trying. */
function reportFailure(one: RunningSampler, error: unknown, journal: Journal): void {
  if (one.failed) return
  one.failed = true
  const remedy = 'see `quarry doctor`; the sampler goes on trying'
  notLookedAt(journal, { collector: one.id, node: one.node.name, why: messageOf(error), remedy })
}

/** Never rejects. */
async function sampleOnce(one: RunningSampler, files: FileView, journal: Journal): Promise<void> {
  const failed = (error: unknown): void => {
    one.tick.end()
    reportFailure(one, error, journal)
  }
  one.tick.begin(journal.clock.nowMs())
  try {
    const pending = one.sampler.sample(files)
    if (pending === undefined) {
      one.tick.end()
      return
    }
    one.busy = true
    await pending
    one.tick.end()
  } catch (error) {
    failed(error)
  } finally {
    one.busy = false
  }
}

/** Calls `action` every `milliseconds`, without overlap, until the signal aborts; resolves then. */
export async function repeat(
  milliseconds: number,
  signal: AbortSignal,
  action: () => void | Promise<void>,
): Promise<void> {
  let next = performance.now()
  while (!signal.aborted) {
    await action()
    next = Math.max(next + milliseconds, performance.now() + 1)
    await sleep(next - performance.now(), signal).catch(() => undefined)
  }
}
