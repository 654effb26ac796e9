/**
 * The workload: phases one after another, the steps of one phase together, to any depth.
 *
 * A module with lifetime `run_to_end_of_phase` goes on until every sibling that runs once has ended, the nested phases
 * beside it among them. Without such a sibling it runs once. A module that throws leaves an `error` in the history and
 * the workload goes on, as in Fallout; a run that is aborted skips what has not begun.
 */
import { abortReason, withTimeout } from '../base/abort.ts'
import { messageOf } from '../base/errors.ts'
import { formatDuration } from '../base/duration.ts'
import { renderText } from '../definition/render-text.ts'
import type { MetricStore } from '../evidence/metrics.ts'
import type { Phase, Step } from '../model/definition.ts'
import type { Operation } from '../plugin/checker.ts'
import type { ModuleContext } from '../plugin/module.ts'
import type { Registry } from '../plugin/registry.ts'
import { ledgerOn } from '../node/ssh-undo.ts'
import type { UndoLedger } from '../plugin/undo.ts'
import type { Ensemble } from './ensemble.ts'
import type { History } from './history.ts'
import type { Journal } from './journal.ts'
import { metricPublisher } from './module-metrics.ts'
import { isPresent } from './node-group.ts'

export interface Workload {
  readonly registry: Registry
  readonly ensemble: Ensemble
  readonly ledger: UndoLedger
  readonly history: History
  readonly journal: Journal
  readonly metrics: MetricStore
  /** Takes what a module writes. */
  readonly log: (name: string, line: string) => void
  /** Resolves when no evidence is being gathered: under a climb of the ladder no phase ends, and none begins. */
  readonly undisturbed: () => Promise<void>
}

type ModuleStep = Extract<Step, { type: 'module' }>

/** Runs all phases; rejects only with the signal's reason. */
export async function runPhases(
  phases: readonly Phase[],
  workload: Workload,
  signal: AbortSignal,
): Promise<void> {
  await runInSequence(phases, '', workload, signal)
  if (signal.aborted) throw abortReason(signal)
}

async function runInSequence(
  phases: readonly Phase[],
  path: string,
  workload: Workload,
  signal: AbortSignal,
): Promise<void> {
  for (const [index, phase] of phases.entries()) {
    // What a phase does would be taken for what a rung did.
    if (index > 0) await workload.undisturbed()
    if (signal.aborted) return
    await runPhase(phase, path === '' ? String(index + 1) : `${path}.${index + 1}`, workload, signal)
  }
}

async function runPhase(phase: Phase, path: string, workload: Workload, signal: AbortSignal): Promise<void> {
  const { journal } = workload
  const name = `${path} ${phase.steps.map(nameOf).join(' | ')}`
  const index = journal.record.phases.length
  const settle = (patch: { to: string; ok: boolean }): void =>
    journal.update({
      phases: journal.record.phases.map((one, at) => (at === index ? { ...one, ...patch } : one)),
    })
  journal.update({
    phases: [...journal.record.phases, { name, from: String(journal.clock.now()), to: null, ok: false }],
  })
  journal.event('phase', name, 'began')

  const ended = new AbortController()
  const lasting = phase.steps.filter(isLasting)
  const once = phase.steps.filter((step) => !isLasting(step))
  const start = (step: Step): Promise<boolean> =>
    step.type === 'module'
      ? // Without a sibling to wait for, a module that would last for the phase runs once.
        runModule(
          { ...step, ...(once.length === 0 ? { lifetime: 'run_once' } : {}) },
          name,
          workload,
          ended.signal,
          signal,
        )
      : runInSequence(step.phases, `${path}.${step.name}`, workload, signal).then(() => true)

  const background = lasting.map(start)
  const results = await Promise.all(once.map(start))
  if (lasting.length > 0 && !signal.aborted) await workload.undisturbed()
  if (once.length > 0) ended.abort(new Error(`phase ${path} has ended`))
  const ok = [...results, ...(await Promise.all(background))].every(Boolean) && !signal.aborted
  settle({ to: String(journal.clock.now()), ok })
  journal.event('phase', name, 'ended')
}

const nameOf = (step: Step): string => (step.type === 'module' ? step.use.name : step.name)

const isLasting = (step: Step): boolean => step.type === 'module' && step.lifetime === 'run_to_end_of_phase'

async function runModule(
  step: ModuleStep,
  phase: string,
  workload: Workload,
  endOfPhase: AbortSignal,
  runSignal: AbortSignal,
): Promise<boolean> {
  const { registry, ensemble, ledger, history, journal, log } = workload
  const { name, component } = step.use
  const plugin = registry.get('module', component)
  if (plugin === undefined) {
    throw new Error(`module ${component} is in the definition and not in the registry`)
  }
  const limit = step.timeoutMs ?? Number.POSITIVE_INFINITY
  using time = withTimeout(runSignal, limit, `module ${name} exceeded ${formatDuration(limit)}`)
  const record = (kind: Operation['kind'], value?: unknown): void =>
    history.add({ process: name, module: component, kind, value, phase })
  // One that has not begun when the run is aborted is skipped: only its end is told, as in Fallout.
  if (runSignal.aborted) {
    record('end')
    return false
  }
  const context: ModuleContext = {
    name,
    get nodes() {
      return ensemble.nodes
    },
    group: (group) => ensemble.group(group),
    environment: (node) => ensemble.environment(node),
    operation: (kind, value) => {
      own.push(kind)
      record(kind, value)
    },
    clientOperation: (kind, value, ts) =>
      history.add({ process: name, module: component, kind, value, phase }, ts),
    metrics: metricPublisher(name, workload.metrics, journal.clock),
    clock: journal.clock,
    log: (line) => log(name, line),
    artifacts: (node) => ensemble.artifacts(node),
    providers: (node) => ensemble.providers(node),
    render: renderText,
    level: (group) => ensemble.level(group),
    transition: (group, level) => ensemble.transition(group, level, time.signal),
    ledger,
    ledgerOf: (node) => ledgerOn(node, ledger),
    lifetime: step.lifetime,
    endOfPhase,
    signal: time.signal,
  }
  journal.progress({ type: 'module', name, phase, what: 'began' })
  record('start')
  const own: Operation['kind'][] = []
  try {
    await plugin.run(context, ensemble.references.propertiesOf(plugin, step.use))
  } catch (error) {
    // An abort of the whole run is recorded once, by whoever ordered it. Of a run that has lost a node nobody can tell
    // whether the module would have failed: that it was lost stands in the record of the run.
    if (!runSignal.aborted) record(ensemble.nodes.every(isPresent) ? 'error' : 'info', messageOf(error))
    record('end')
    journal.progress({ type: 'module', name, phase, what: runSignal.aborted ? 'ended' : 'failed' })
    return false
  }
  const silent = own.length === 0 && step.lifetime === 'run_once'
  if (silent) record('error', 'it ended without a single operation')
  record('end')
  const failed = silent || own.includes('fail')
  journal.progress({ type: 'module', name, phase, what: failed ? 'failed' : 'ended' })
  return !failed
}
