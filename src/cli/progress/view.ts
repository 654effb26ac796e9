/** What is known of a run under way, gathered from its progress events: the model behind the live view. */
import type { ProgressEvent } from '../../engine/progress.ts'
import type { RunState } from '../../model/run.ts'

export interface ModuleView {
  readonly name: string
  readonly phase: string
  state: 'running' | 'ended' | 'failed'
}

export interface SymptomView {
  readonly name: string
  state: 'unknown' | 'healthy' | 'pending' | 'showing' | 'gone'
  since: number
  value: number | null
}

export interface ProbeView {
  readonly name: string
  success: boolean
  error: string
  /** Durations of the latest attempts, ms, oldest first. */
  readonly recent: number[]
}

export interface RungView {
  readonly collector: string
  readonly tier: string
  readonly began: number
  status: string | null
  detail: string
  cured: boolean
}

export interface RunView {
  id: string
  directory: string
  readonly began: number
  expectedMs: number | null
  state: RunState
  readonly modules: Map<string, ModuleView>
  readonly symptoms: Map<string, SymptomView>
  readonly probes: Map<string, ProbeView>
  climb: {
    readonly capture: string
    readonly total: number
    readonly rungs: RungView[]
    ended: boolean
  } | null
  notes: string[]
}

const RECENT = 24

/** Nothing known yet. */
export function createView(now: number): RunView {
  return {
    id: '',
    directory: '',
    began: now,
    expectedMs: null,
    state: 'created',
    modules: new Map(),
    symptoms: new Map(),
    probes: new Map(),
    climb: null,
    notes: [],
  }
}

/** Takes in one event at time `now`, ms. */
export function take(view: RunView, event: ProgressEvent, now: number): void {
  switch (event.type) {
    case 'run':
      view.id = event.id
      view.directory = event.directory
      view.expectedMs = event.expectedMs
      return
    case 'state':
      view.state = event.state
      return
    case 'module': {
      const state = event.what === 'began' ? 'running' : event.what
      view.modules.set(event.name, { name: event.name, phase: event.phase, state })
      return
    }
    case 'symptom': {
      const before = view.symptoms.get(event.name)
      const since = before?.state === event.what ? before.since : now
      view.symptoms.set(event.name, { name: event.name, state: event.what, since, value: event.value })
      return
    }
    case 'probe': {
      const recent = [...(view.probes.get(event.name)?.recent ?? []), event.durationMs].slice(-RECENT)
      view.probes.set(event.name, { name: event.name, success: event.success, error: event.error, recent })
      return
    }
    case 'climb':
      if (event.what === 'began') {
        view.climb = { capture: event.capture, total: event.rungs, rungs: [], ended: false }
      } else if (view.climb !== null) view.climb.ended = true
      return
    case 'rung':
      takeRung(view, event, now)
      return
    case 'note':
      view.notes = [...view.notes, event.text].slice(-3)
      return
  }
}

function takeRung(view: RunView, event: Extract<ProgressEvent, { type: 'rung' }>, now: number): void {
  const rungs = view.climb?.rungs
  if (rungs === undefined) return
  const { collector, tier, detail = '' } = event
  const known = rungs.find((rung) => rung.collector === collector)
  const rung = known ?? { collector, tier, began: now, status: null, detail, cured: false }
  if (known === undefined) rungs.push(rung)
  if (event.what === 'began') return
  rung.status = event.status ?? 'ok'
  rung.detail = detail
  rung.cured = event.symptomAfter === false
}
