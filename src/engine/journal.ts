/** The record of one run as it grows: states, errors and events, on disk at every step. */
import { hostname, release } from 'node:os'
import type { Clock } from '../base/clock.ts'
import { EnvironmentError, TargetError, UserError, messageOf } from '../base/errors.ts'
import type { Definition } from '../model/definition.ts'
import type { NotLookedAt } from '../model/finding.ts'
import type { RunRecord, RunState } from '../model/run.ts'
import type { RowSink } from '../plugin/evidence.ts'
import type { RunDirectory } from '../store/run-directory.ts'
import type { Progress } from './progress.ts'
import { quarryVersion } from './version.ts'

export interface Journal {
  /** The record as it is now. */
  readonly record: RunRecord
  readonly clock: Clock
  enter(state: RunState): void
  /** Changes the record and saves it. */
  update(patch: Partial<RunRecord>): void
  /** Something went wrong; the first time decides `failedDuring`. */
  error(error: unknown): void
  /** A row of the timeline, in `events.jsonl` and the `events` table. */
  event(kind: 'phase' | 'symptom' | 'rung' | 'state' | 'note', name: string, detail: string): void
  /** From now on events also go to the evidence. */
  attach(rows: RowSink): void
  readonly progress: Progress
}

/** Opens the journal of a new run in state `created`. */
export function openJournal(
  directory: RunDirectory,
  definition: Definition,
  clock: Clock,
  progress: Progress,
): Journal {
  const nanos = (): string => String(clock.now())
  let rows: RowSink | undefined
  let record: RunRecord = {
    version: 1,
    id: directory.id,
    definition: definition.file,
    ...(definition.description === undefined ? {} : { description: definition.description }),
    parameters: definition.parameters,
    state: 'created',
    states: [{ state: 'created', at: nanos() }],
    verdict: null,
    failedDuring: null,
    errors: [],
    partial: true,
    nodes: [],
    phases: [],
    probes: [],
    watchedFor: definition.symptoms.map(({ name }) => name),
    symptoms: [],
    captures: [],
    checks: [],
    notLookedAt: [],
    cost: { observerCpuNs: 0, wallNs: 0 },
    host: hostname(),
    kernel: release(),
    quarry: quarryVersion,
  }
  const update = (patch: Partial<RunRecord>): void => {
    record = { ...record, ...patch }
    directory.save(record)
  }
  const event: Journal['event'] = (kind, name, detail) => {
    const ts = clock.now()
    directory.append('events.jsonl', { ts: String(ts), kind, name, detail })
    rows?.add('events', { ts, kind, name, detail })
  }
  update({})
  return {
    get record() {
      return record
    },
    clock,
    progress,
    update,
    event,
    attach: (sink) => {
      rows = sink
    },
    enter: (state) => {
      update({ state, states: [...record.states, { state, at: nanos() }] })
      event('state', state, 'entered')
      progress({ type: 'state', state })
    },
    error: (error) => {
      const { state } = record
      const remedy = remedyOf(error)
      update({
        partial: true,
        failedDuring: record.failedDuring ?? state,
        errors: [
          ...record.errors,
          { state, message: messageOf(error), ...(remedy === undefined ? {} : { remedy }) },
        ],
      })
      event('note', 'error', messageOf(error))
      progress({ type: 'note', text: messageOf(error) + (remedy === undefined ? '' : `; ${remedy}`) })
    },
  }
}

/** Adds to what was not looked at, once. */
export function notLookedAt(journal: Journal, entry: NotLookedAt): void {
  const known = journal.record.notLookedAt.some(
    (one) => one.collector === entry.collector && one.node === entry.node,
  )
  if (!known) journal.update({ notLookedAt: [...journal.record.notLookedAt, entry] })
}

function remedyOf(error: unknown): string | undefined {
  return error instanceof UserError || error instanceof EnvironmentError || error instanceof TargetError
    ? error.remedy
    : undefined
}
