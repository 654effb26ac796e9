/** The probes of a run: each tried again and again, and at once when the ladder wants to know. */
import type { MetricStore, MetricTick } from '../evidence/metrics.ts'
import type { EvidenceWriter } from '../evidence/writer.ts'
import type { Definition, ProbeUse } from '../model/definition.ts'
import type { ProbeRecord } from '../model/run.ts'
import type { ProbeCommand } from '../plugin/collector.ts'
import type { RowSink } from '../plugin/evidence.ts'
import type { Registry } from '../plugin/registry.ts'
import type { SeriesHandle } from '../plugin/sampler.ts'
import type { Ensemble } from './ensemble.ts'
import type { Journal } from './journal.ts'
import { createProbePlaces, subjectSeenFrom, type ProbePlaces } from './probe-places.ts'
import { startLoop, type Attempt, type ProbeLoop } from './probe-loop.ts'

export interface Probes extends AsyncDisposable {
  readonly records: readonly ProbeRecord[]
  /** Command lines of the named probes that are commands, to be run once more under observation. */
  commands(names: readonly string[]): readonly ProbeCommand[]
  /** Tries at least this often, in ms, until told otherwise; `null` goes back to the definition's pace. */
  pace(milliseconds: number | null): void
  /** Resolves when attempts of the named probes that began after this call have ended. */
  attempt(names: readonly string[]): Promise<void>
}

interface ProbeOptions {
  readonly definition: Definition
  readonly registry: Registry
  readonly ensemble: Ensemble
  readonly journal: Journal
  readonly writer: EvidenceWriter
  readonly metrics: MetricStore
  readonly signal: AbortSignal
}

/** Opens and starts all probes; those that need a node, or whose group is named, are tried from the first node of it. */
export async function openProbes(options: ProbeOptions): Promise<Probes> {
  const { definition } = options
  await using stack = new AsyncDisposableStack()
  const running: RunningProbe[] = []
  const places = stack.use(createProbePlaces(options.journal, options.signal))
  for (const use of definition.observe.probes) running.push(await startProbe(use, options, places, stack))
  options.journal.update({ probes: running.map(({ record }) => record) })
  const owned = stack.move()
  return {
    records: running.map(({ record }) => record),
    commands: (names) =>
      running
        .filter(({ record }) => names.includes(record.name))
        .flatMap(({ record, environment }) =>
          record.subject.type === 'command'
            ? [{ probe: record.name, command: record.subject.command, environment }]
            : [],
        ),
    pace: (milliseconds) => {
      for (const probe of running) probe.pace(milliseconds)
    },
    attempt: async (names) => {
      await Promise.all(
        running.filter(({ record }) => names.includes(record.name)).map((probe) => probe.attempt()),
      )
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(running.map(({ done }) => done))
      await owned.disposeAsync()
    },
  }
}

interface RunningProbe extends ProbeLoop {
  readonly record: ProbeRecord
  readonly environment: Readonly<Record<string, string>>
}

async function startProbe(
  use: ProbeUse,
  options: ProbeOptions,
  places: ProbePlaces,
  stack: AsyncDisposableStack,
): Promise<RunningProbe> {
  const { registry, ensemble, journal, writer, metrics, signal } = options
  const plugin = registry.get('probe', use.component)
  if (plugin === undefined) {
    throw new Error(`probe ${use.component} is in the definition and not in the registry`)
  }
  const node = ensemble.group(use.group)[0]
  if (node === undefined) throw new Error(`node group ${use.group} of probe ${use.name} has no node`)
  const environment = ensemble.environment(node)
  // A command's shell sees the environment itself; the properties of other probes name it, as in `$QUARRY_SCRATCH/sock`.
  const given = ensemble.references.propertiesOf(plugin, use)
  const properties = plugin.subject(given).type === 'command' ? given : expand(given, environment)
  const context = { name: use.name, node, environment, timeoutMs: use.timeoutMs }
  const { probe, from } = await places.open(plugin, use, context, properties)
  if (probe.close !== undefined) stack.defer(() => probe.close?.())

  const subject = plugin.subject(properties)
  const record: ProbeRecord = {
    name: use.name,
    kind: plugin.id,
    group: use.group,
    from,
    target: plugin.target(properties),
    subject: from === node.name ? subjectSeenFrom(node, subject) : subject,
    everyMs: use.everyMs,
    timeoutMs: use.timeoutMs,
  }
  const labels = { node: node.name, probe: use.name, kind: plugin.id }
  const publish = publisher(
    record,
    metrics.source(labels),
    writer.sink({ node: node.name, collector: plugin.id, capture: '' }),
    journal,
  )
  return {
    record,
    environment,
    ...startLoop(
      {
        probe,
        use,
        publish,
        // The others are tried from here.
        lost: ['command', 'file'].includes(record.subject.type) ? node.lost : undefined,
        clock: journal.clock,
        follows: record.subject.type === 'file',
      },
      signal,
    ),
  }
}

/** Results go to the metrics that symptoms are about, to the evidence, and to whoever watches. */
function publisher(
  record: ProbeRecord,
  tick: MetricTick,
  rows: RowSink,
  journal: Journal,
): (attempt: Attempt) => void {
  const { name, kind, target } = record
  const series = new Map<string, SeriesHandle>()
  const set = (metric: string, value: number): void => {
    const handle = series.get(metric) ?? tick.sink.series(metric)
    series.set(metric, handle)
    handle.set(value)
  }
  let latest = 0n
  return ({ ts, result }) => {
    const { success, durationNs, error = '', stage = success ? 'done' : '', values = {} } = result
    rows.add('probes', {
      ts,
      probe: name,
      kind,
      target,
      success,
      duration_ns: Math.round(durationNs),
      error,
      stage,
    })
    journal.progress({ type: 'probe', name, success, durationMs: durationNs / 1e6, error })
    // An attempt that hung while a later one succeeded says nothing of now.
    if (ts < latest) return
    latest = ts
    tick.begin(journal.clock.nowMs())
    set('probe_success', success ? 1 : 0)
    set('probe_duration_seconds', durationNs / 1e9)
    for (const [metric, value] of Object.entries(values)) set(`probe_${metric}`, value)
    tick.end()
  }
}

/** Strings with `$NAME` or `${NAME}` replaced, where the environment has the name; others are left as they are. */
function expand(value: unknown, environment: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(
      /\$(?:(\w+)|\{(\w+)\})/g,
      (text, bare, braced) => environment[bare ?? braced] ?? text,
    )
  }
  if (Array.isArray(value)) return value.map((item) => expand(item, environment))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return value
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item, environment)]))
}
