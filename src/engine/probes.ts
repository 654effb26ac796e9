/** The probes of a run: each tried again and again, and at once when the ladder wants to know. */
import { abortReason, sleep, withTimeout } from '../base/abort.ts'
import { formatDuration } from '../base/duration.ts'
import { messageOf } from '../base/errors.ts'
import type { MetricStore } from '../evidence/metrics.ts'
import type { EvidenceWriter } from '../evidence/writer.ts'
import type { Definition, ProbeUse } from '../model/definition.ts'
import type { ProbeRecord } from '../model/run.ts'
import type { ProbeCommand } from '../plugin/collector.ts'
import type { Probe, ProbeResult } from '../plugin/probe.ts'
import type { Registry } from '../plugin/registry.ts'
import type { SeriesHandle } from '../plugin/sampler.ts'
import type { Ensemble } from './ensemble.ts'
import type { Journal } from './journal.ts'

export interface Probes extends AsyncDisposable {
  readonly records: readonly ProbeRecord[]
  /** Command lines of the named probes that are commands, to be run once more under observation. */
  commands(names: readonly string[]): readonly ProbeCommand[]
  /** Tries at least this often, in ms, until told otherwise; `null` goes back to the definition's pace. */
  pace(milliseconds: number | null): void
  /** Resolves when attempts of the named probes that began after this call have ended. */
  attempt(names: readonly string[], signal: AbortSignal): Promise<void>
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

/** Opens and starts all probes; they are tried from the first node of their group. */
export async function openProbes(options: ProbeOptions): Promise<Probes> {
  const { definition } = options
  await using stack = new AsyncDisposableStack()
  const pace: Pace = { limitMs: Number.POSITIVE_INFINITY }
  const running: RunningProbe[] = []
  for (const use of definition.observe.probes) running.push(await startProbe(use, options, pace, stack))
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
      pace.limitMs = milliseconds ?? Number.POSITIVE_INFINITY
      for (const probe of running) probe.wake()
    },
    attempt: async (names, signal) => {
      const wanted = running.filter(({ record }) => names.includes(record.name))
      const aborted = new AbortController()
      const ended = Promise.all(wanted.map((probe) => probe.next()))
      await Promise.race([ended, sleep(2 ** 31 - 1, AbortSignal.any([signal, aborted.signal]))]).finally(() =>
        aborted.abort(new Error('attempts have ended')),
      )
    },
    [Symbol.asyncDispose]: async () => {
      for (const probe of running) probe.wake()
      await Promise.all(running.map(({ done }) => done))
      await owned.disposeAsync()
    },
  }
}

interface Pace {
  limitMs: number
}

interface RunningProbe {
  readonly record: ProbeRecord
  readonly environment: Readonly<Record<string, string>>
  readonly done: Promise<void>
  wake(): void
  /** Resolves when an attempt that began after the call has ended, or when the probe is stopped. */
  next(): Promise<void>
}

async function startProbe(
  use: ProbeUse,
  options: ProbeOptions,
  pace: Pace,
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
  const isCommand = plugin.subject(use.properties).type === 'command'
  const properties = isCommand ? use.properties : expand(use.properties, environment)
  const probe = await plugin.open({ name: use.name, node, environment, timeoutMs: use.timeoutMs }, properties)
  if (probe.close !== undefined) stack.defer(() => probe.close?.())

  const record: ProbeRecord = {
    name: use.name,
    kind: plugin.id,
    group: use.group,
    target: plugin.target(properties),
    subject: plugin.subject(properties),
    everyMs: use.everyMs,
    timeoutMs: use.timeoutMs,
  }
  const tick = metrics.source({ node: node.name, probe: use.name, kind: plugin.id })
  const series = new Map<string, SeriesHandle>()
  const set = (metric: string, value: number): void => {
    const handle = series.get(metric) ?? tick.sink.series(metric)
    series.set(metric, handle)
    handle.set(value)
  }
  const rows = writer.sink({ node: node.name, collector: plugin.id, capture: '' })
  const publish = (ts: bigint, result: ProbeResult & { durationNs: number }): void => {
    tick.begin(journal.clock.nowMs())
    set('probe_success', result.success ? 1 : 0)
    set('probe_duration_seconds', result.durationNs / 1e9)
    for (const [name, value] of Object.entries(result.values ?? {})) set(`probe_${name}`, value)
    tick.end()
    rows.add('probes', {
      ts,
      probe: use.name,
      kind: plugin.id,
      target: record.target,
      success: result.success,
      duration_ns: Math.round(result.durationNs),
      error: result.error ?? '',
      stage: result.stage ?? (result.success ? 'done' : ''),
    })
    const { success, error = '' } = result
    journal.progress({ type: 'probe', name: use.name, success, durationMs: result.durationNs / 1e6, error })
  }

  let waiting: (() => void)[] = []
  let wakeUp = new AbortController()
  const wake = (): void => wakeUp.abort(new Error('tried now'))
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const began = performance.now()
      const ts = journal.clock.now()
      const served = waiting
      waiting = []
      wakeUp = new AbortController()
      const result = await attemptOnce(probe, use, signal)
      if (!signal.aborted) publish(ts, result)
      for (const resolve of served) resolve()
      const due = (): number => Math.min(use.everyMs, pace.limitMs) - (performance.now() - began)
      while (due() > 0 && waiting.length === 0 && !signal.aborted) {
        await sleep(due(), AbortSignal.any([signal, wakeUp.signal])).catch(() => undefined)
        wakeUp = new AbortController()
      }
    }
    for (const resolve of waiting) resolve()
  }
  return {
    record,
    environment,
    done: loop(),
    wake,
    next: () =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve()
          return
        }
        waiting.push(resolve)
        wake()
      }),
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

/** One attempt within its timeout; whatever goes wrong is a failed attempt. */
async function attemptOnce(
  probe: Probe,
  use: ProbeUse,
  signal: AbortSignal,
): Promise<ProbeResult & { readonly durationNs: number }> {
  using time = withTimeout(signal, use.timeoutMs, `no answer within ${formatDuration(use.timeoutMs)}`)
  const began = process.hrtime.bigint()
  const elapsed = (): number => Number(process.hrtime.bigint() - began)
  try {
    const result = await probe.attempt(time.signal)
    return { ...result, durationNs: result.durationNs ?? elapsed() }
  } catch (error) {
    const why = time.signal.aborted ? abortReason(time.signal).message : messageOf(error)
    return { success: false, error: why, durationNs: elapsed() }
  }
}
