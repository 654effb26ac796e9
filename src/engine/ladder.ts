/**
 * The ladder: collectors from the least to the most intrusive. After every rung the symptoms are looked at again; one
 * that has vanished was cured by that rung, which ends the climb and is itself a finding.
 */
import { abortReason, throwIfAborted, withTimeout } from '../base/abort.ts'
import { wallClockLead } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import { messageOf } from '../base/errors.ts'
import type { ComponentUse, Definition } from '../model/definition.ts'
import type { CaptureRecord, CaptureRole, RungRecord, Target } from '../model/run.ts'
import { compareTiers } from '../model/tier.ts'
import { createIngest } from './raw-output.ts'
import { metered } from './cost.ts'
import type { EvidenceWriter } from '../evidence/writer.ts'
import { checkNeeds } from '../node/needs.ts'
import { ledgerOn } from '../node/ssh-undo.ts'
import type { CollectContext, ProbeCommand } from '../plugin/collector.ts'
import type { RowSink } from '../plugin/evidence.ts'
import type { Need } from '../plugin/need.ts'
import type { Node } from '../plugin/node.ts'
import type { ComponentOf, Registry } from '../plugin/registry.ts'
import type { UndoLedger } from '../plugin/undo.ts'
import type { RunDirectory } from '../store/run-directory.ts'
import { notLookedAt, type Journal } from './journal.ts'
import { isPresent } from './node-group.ts'
import { livesIn } from './targets.ts'

type Collector = ComponentOf<'collector'>

export interface Rung {
  readonly collector: Collector
  readonly properties: unknown
}

/** What a climb needs of the run it belongs to. */
export interface LadderContext {
  readonly definition: Definition
  readonly directory: RunDirectory
  readonly journal: Journal
  readonly writer: EvidenceWriter
  readonly ledger: UndoLedger
}

export interface Climb {
  readonly id: string
  readonly role: CaptureRole
  readonly symptom: string | null
  readonly rungs: readonly Rung[]
  readonly nodes: readonly Node[]
  /** Where collectors that look at a network climb: of nodes that share one, one. */
  readonly networks: readonly Node[]
  readonly targets: readonly Target[]
  readonly commands: readonly ProbeCommand[]
  /** Rungs of one tier at a time (a reference need not be looked at after each). */
  readonly together: boolean
  /** Looks at the symptoms: `true` while the one that is climbed for is still there; null on a reference. */
  readonly look: ((rung: Collector) => Promise<boolean>) | null
  readonly signal: AbortSignal
}

/** The rungs of a definition's ladder, in the order in which they are climbed. */
export function rungsOf(definition: Definition, registry: Registry): Rung[] {
  const { ladder, allow } = definition.evidence
  const uses: readonly ComponentUse[] =
    ladder === 'default'
      ? registry
          .all('collector')
          .filter(({ inDefaultLadder }) => inDefaultLadder)
          .map(({ id, properties }) => ({ name: id, component: id, properties: properties.parse({}) }))
      : ladder
  const rungs = uses.flatMap(({ component, properties }) => {
    const collector = registry.get('collector', component)
    return collector === undefined || !allow.includes(collector.tier) ? [] : [{ collector, properties }]
  })
  // Sorting is stable: within a tier the order of the list is kept.
  return rungs.toSorted((a, b) => compareTiers(a.collector.tier, b.collector.tier))
}

/** Climbs until the top, a cure or an abort. The record is saved after every rung. */
export async function climb(spec: Climb, context: LadderContext): Promise<CaptureRecord> {
  const { journal } = context
  const index = journal.record.captures.length
  const { id, role, symptom, targets } = spec
  let capture: CaptureRecord = {
    id,
    role,
    symptom,
    from: String(journal.clock.now()),
    to: null,
    targets,
    rungs: [],
  }
  const save = (change: Partial<CaptureRecord>): void => {
    capture = { ...capture, ...change }
    const captures = [...journal.record.captures]
    captures[index] = capture
    journal.update({ captures })
  }
  save({})
  journal.event('note', id, 'the climb begins')
  journal.progress({ type: 'climb', capture: id, what: 'began', rungs: spec.rungs.length })
  let showing = true
  for (const group of spec.together ? byTier(spec.rungs) : spec.rungs.map((rung) => [rung])) {
    if (spec.signal.aborted || !showing) break
    const records = (
      await Promise.all(
        group.flatMap((rung) =>
          (rung.collector.perNetwork ? spec.networks : spec.nodes)
            // Of a machine that died there is only the outside left to look at.
            .filter((node) => node.machine === undefined || isPresent(node) || rung.collector.fromOutside)
            .map((node) => takeRung(rung, node, spec, context)),
        ),
      )
    ).flat()
    const [first] = group
    // A symptom of a node that was lost is not cured because nothing is heard of it any more.
    const look = [...spec.nodes, ...spec.networks].every(isPresent) ? spec.look : null
    if (look !== null && first !== undefined && records.some(({ status }) => status !== 'missing')) {
      showing = await look(first.collector).catch(() => true)
    }
    const symptomAfter = look === null ? null : showing
    save({ rungs: [...capture.rungs, ...records.map((record) => ({ ...record, symptomAfter }))] })
    for (const record of records) report(record, symptomAfter, spec, journal)
  }
  save({ to: String(journal.clock.now()) })
  await context.writer.flush()
  journal.event('note', id, showing ? 'the climb ends' : 'the climb ends: the symptom is gone')
  journal.progress({ type: 'climb', capture: id, what: 'ended', rungs: spec.rungs.length })
  return capture
}

/** Rungs that may be taken at once: those of a tier, but two tracers cannot hold one process. */
function byTier(rungs: readonly Rung[]): Rung[][] {
  const key = ({ collector }: Rung): string =>
    compareTiers(collector.tier, 'stop') < 0 ? collector.tier : collector.id
  return Object.values(Object.groupBy(rungs, key)).filter((group) => group !== undefined)
}

function report(record: RungRecord, symptomAfter: boolean | null, spec: Climb, journal: Journal): void {
  const { collector, tier, status, why, rows } = record
  const detail = why ?? `${rows} rows`
  const said = `${status}, ${detail}${symptomAfter === false ? '; the symptom is gone' : ''}`
  journal.event('rung', collector, `${spec.id}: ${said}`)
  journal.progress({
    type: 'rung',
    capture: spec.id,
    collector,
    tier,
    what: 'ended',
    status,
    detail,
    symptomAfter,
  })
}

/** One collector on one node; never throws: whatever goes wrong is in the record. */
async function takeRung(rung: Rung, node: Node, spec: Climb, context: LadderContext): Promise<RungRecord> {
  const { collector, properties } = rung
  const { journal, definition } = context
  const { id, tier } = collector
  const from = String(journal.clock.now())
  const symptomBefore = spec.look === null ? null : true
  const base = { collector: id, tier, node: node.name, from, symptomBefore, symptomAfter: null } as const
  const nothing = { rows: 0, badLines: 0, costCpuNs: 0, raw: [] } as const
  const ended = (): { readonly to: string } => ({ to: String(journal.clock.now()) })
  const blame = (why: string, remedy: string): void =>
    notLookedAt(journal, { collector: id, node: node.name, why, remedy })

  // A healthy system is not stopped: there a tracer gets the commands of probes, and no process.
  const spared = spec.role === 'reference' && compareTiers(tier, 'stop') >= 0
  const targets = spared ? [] : targetsOn(node, collector, spec)
  const limit = definition.evidence.rungTimeoutMs
  using time = withTimeout(spec.signal, limit, `collector ${id} exceeded ${formatDuration(limit)}`)
  using meter = metered(node)
  try {
    if (node.lost !== undefined && collector.fromOutside !== true) throwIfAborted(node.lost)
    const lacks = await checkNeeds(node, collector.needs, targets)
    // Where no target is a JVM, say, there is nothing to install: that is no defect of the host and nothing to mend.
    const missing = lacks.find(({ need }) => isOfOthers(need)) ?? lacks[0]
    if (missing !== undefined) {
      const { why, remedy } = missing
      if (!isOfOthers(missing.need)) blame(why, remedy)
      return { ...base, ...ended(), ...nothing, status: 'missing', why, remedy }
    }
    journal.progress({ type: 'rung', capture: spec.id, collector: id, tier, what: 'began' })
    const counted = countRows(context.writer.sink({ node: node.name, collector: id, capture: spec.id }))
    const raw = createIngest(context.directory, id, spec.id, node, time.signal)
    const collect: CollectContext = {
      // A wall clock that was set since the run began is, to whoever reads times from tools, a clock with an offset.
      node: { ...meter.node, clockOffsetNs: node.clockOffsetNs + wallClockLead(journal.clock) },
      clock: journal.clock,
      targets,
      commands: spec.commands,
      windowMs: definition.evidence.windowMs,
      rows: counted.sink,
      ingest: raw.ingest,
      ledger: ledgerOn(node, context.ledger),
      note: (sentence) => journal.event('rung', id, `${spec.id}: ${sentence}`),
      signal: time.signal,
    }
    const failed = await outcome(collector.collect(collect, properties), time.signal)
    const failure = failed === undefined ? undefined : causeOf(failed, node)
    const costCpuNs = meter.spent()
    const told = { rows: counted.rows(), badLines: raw.badLines(), costCpuNs, raw: raw.files() }
    if (failure === undefined) return { ...base, ...ended(), ...told, status: 'ok' }
    const status = statusOf(spec.signal, time.signal)
    const why = messageOf(failure)
    const remedy = remedyOf(failure, status)
    if (status !== 'skipped') blame(why, remedy)
    return { ...base, ...ended(), ...told, status, why, remedy }
  } catch (error) {
    const cause = causeOf(error, node)
    const why = messageOf(cause)
    const remedy = remedyOf(cause, 'failed')
    blame(why, remedy)
    return { ...base, ...ended(), ...nothing, status: 'failed', why, remedy }
  }
}

/** Needs of collectors that are for other nodes, or for other processes: nobody is to blame when they are not met. */
const isOfOthers = ({ type }: Need): boolean => type === 'target' || type === 'machine'

/** Whatever a collector makes of it: when the connection to its node was lost, that is why it failed. */
const causeOf = (failure: unknown, { lost }: Node): unknown =>
  lost?.aborted === true ? abortReason(lost) : failure

/** The targets that a collector looks at from a node: those on its host, or of a network those in it. */
function targetsOn(node: Node, { perNetwork }: Collector, { nodes, networks, targets }: Climb): Target[] {
  if (!perNetwork) return targets.filter((target) => target.node === node.name)
  const onHost = targets.filter(
    (target) => nodes.find(({ name }) => name === target.node)?.host === node.host,
  )
  if (node.network !== undefined) return onHost.filter(({ pid }) => livesIn(node, pid))
  return onHost.filter(
    ({ pid }) => !networks.some((other) => other.host === node.host && livesIn(other, pid)),
  )
}

/** What became of a rung that did not end well: the climb was given up, its own time was up, or it failed. */
function statusOf(climb: AbortSignal, rung: AbortSignal): RungRecord['status'] {
  if (climb.aborted) return 'skipped'
  return rung.aborted ? 'timeout' : 'failed'
}

function remedyOf(failure: unknown, status: RungRecord['status']): string {
  if (failure instanceof Error && 'remedy' in failure && typeof failure.remedy === 'string') {
    return failure.remedy
  }
  return status === 'timeout'
    ? 'see what it wrote in evidence/raw of the run; to give it longer: evidence: {rungTimeout: 5m}'
    : 'see what it wrote in evidence/raw of the run; `quarry doctor` tells what the collector needs'
}

const GRACE_MS = 5000

/**
 * What a collector failed with, or undefined. One that does not end after its signal is left behind after a grace
 * period, so that it cannot hold up the run; its processes are ended with the run.
 */
async function outcome(work: Promise<void>, signal: AbortSignal): Promise<unknown> {
  const ended = work.then(
    () => undefined,
    (error: unknown) => error ?? new Error('failed without a reason'),
  )
  const { promise: abandoned, resolve } = Promise.withResolvers<unknown>()
  let timer: NodeJS.Timeout | undefined
  const arm = (): void => {
    timer = setTimeout(() => resolve(abortReason(signal)), GRACE_MS)
  }
  if (signal.aborted) arm()
  else signal.addEventListener('abort', arm, { once: true })
  try {
    return await Promise.race([ended, abandoned])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', arm)
  }
}

/** A sink that counts, also what goes into it by column. */
function countRows(inner: RowSink): { readonly sink: RowSink; rows(): number } {
  let rows = 0
  const bulk: RowSink['bulk'] = (name) => {
    const table = inner.bulk?.(name)
    if (table === undefined) throw new Error('this sink takes no columns')
    return {
      column: (column) => table.column(column),
      endRow: () => {
        rows += 1
        table.endRow()
      },
    }
  }
  return {
    sink: {
      add: (table, row) => {
        rows += 1
        inner.add(table, row)
      },
      ...(inner.bulk === undefined ? {} : { bulk }),
    },
    rows: () => rows,
  }
}
