/**
 * The middle of a run: the workload goes on, symptoms are watched, and the ladder is climbed: once on the healthy
 * system for reference, on the sick one when a symptom shows, and on the cured one when a rung cured it.
 */
import { sleep, whenAborted } from '../base/abort.ts'
import type { CaptureRecord } from '../model/run.ts'
import { compareTiers } from '../model/tier.ts'
import type { Registry } from '../plugin/registry.ts'
import { climb, rungsOf } from './ladder.ts'
import type { LadderContext, Rung } from './ladder.ts'
import { repeat } from './observe.ts'
import type { Observation } from './observe.ts'
import { watchSymptoms } from './symptoms.ts'
import type { SymptomWatch } from './symptoms.ts'
import type { Symptom } from './symptom-state.ts'
import { findTargets } from './targets.ts'
import type { Ensemble } from './ensemble.ts'

/** A symptom that comes and goes is captured this many times. */
const CAPTURES_PER_SYMPTOM = 3
const MOST_LOOKS = 10
const SETTLING_LOOKS = 3
const LOOK_PAUSE_MS = 300

export interface Conduct extends LadderContext {
  readonly registry: Registry
  readonly ensemble: Ensemble
  readonly observation: Observation
  /** Climbs once at the beginning, asked for by a person instead of a symptom. */
  readonly capture: boolean
  /** Does the work and resolves when it has ended; it must end when its signal aborts. */
  readonly work: (undisturbed: () => Promise<void>, signal: AbortSignal) => Promise<void>
  /** Aborts the run. */
  readonly signal: AbortSignal
}

/** Resolves when the work has ended, or a symptom stopped it, and no climb is under way. Gives the watched symptoms. */
export async function conduct(context: Conduct): Promise<readonly Symptom[]> {
  const { definition, observation, journal, signal } = context
  const stopWork = new AbortController()
  const ended = new AbortController()
  const working = AbortSignal.any([signal, stopWork.signal])
  const over = AbortSignal.any([signal, ended.signal])

  let climbing: Promise<unknown> = Promise.resolve()
  let busy = 0
  const enqueue = (action: () => Promise<unknown>): void => {
    busy += 1
    climbing = climbing.then(action).finally(() => {
      busy -= 1
    })
    climbing.catch((error: unknown) => journal.error(error))
  }

  const healthy = new AbortController()
  const watch = watchSymptoms(definition, observation, journal, signal, (symptom) => {
    if (symptom.state !== 'healthy') healthy.abort(new Error(`symptom ${symptom.spec.name} begins`))
    if (symptom.state !== 'showing') return
    enqueue(() => respond(symptom, watch, context, (reason) => stopWork.abort(reason)))
  })
  const undisturbed = async (): Promise<void> => {
    while (!signal.aborted && (busy > 0 || watch.symptoms.some(({ state }) => state === 'pending'))) {
      await sleep(50, signal).catch(() => undefined)
    }
  }

  if (context.capture) enqueue(() => captureAsked(context))
  const watching = repeat(definition.observe.everyMs, over, () => watch.tick())
  const reference = captureReference(
    watch,
    context,
    AbortSignal.any([working, ended.signal, healthy.signal]),
    enqueue,
  )
  try {
    await context.work(undisturbed, working).catch((error: unknown) => {
      if (!stopWork.signal.aborted) throw error
    })
    await undisturbed()
  } finally {
    ended.abort(new Error('the workload has ended'))
    await Promise.all([watching, reference])
    await climbing.catch(() => undefined)
  }
  return watch.symptoms
}

/** What a symptom's `then` asks for. */
async function respond(
  symptom: Symptom,
  watch: SymptomWatch,
  context: Conduct,
  stop: (reason: Error) => void,
): Promise<void> {
  const { name, then } = symptom.spec
  const { journal, signal } = context
  if (then.includes('capture') && symptom.state === 'showing' && !signal.aborted) {
    await captureSick(symptom, watch, context)
  }
  if (then.includes('hold') && !signal.aborted) {
    journal.enter('holding')
    journal.progress({
      type: 'note',
      text: `symptom ${name}: everything is held as it is; Ctrl-C ends the run`,
    })
    await whenAborted(signal)
  }
  if (then.includes('stop')) stop(new Error(`symptom ${name} ends the run`))
}

/** Climbs because a person asked: nothing is known to be sick, so every rung is climbed. */
async function captureAsked(context: Conduct): Promise<void> {
  const rungs = rungsOf(context.definition, context.registry)
  context.journal.enter('capturing')
  await climbOn(context, { id: 'sick-1', role: 'sick', symptom: null, rungs, look: null })
}

/** Climbs on the sick system; when a rung cured it, once more on the system that it left. */
async function captureSick(symptom: Symptom, watch: SymptomWatch, context: Conduct): Promise<void> {
  const { journal, observation } = context
  const { name } = symptom.spec
  const earlier = journal.record.captures.filter((one) => one.role === 'sick' && one.symptom === name).length
  if (earlier >= CAPTURES_PER_SYMPTOM) return
  journal.enter('capturing')
  observation.probes.pace(context.definition.evidence.windowMs / 4)
  const id = `sick-${journal.record.captures.filter(({ role }) => role === 'sick').length + 1}`
  const capture = await climbOn(context, {
    id,
    role: 'sick',
    symptom,
    rungs: rungsOf(context.definition, context.registry),
    look: (rung) => isStillThere(symptom, rung, watch, context),
  })
  const cured = capture.rungs.some(({ symptomAfter }) => symptomAfter === false)
  if (cured && !context.signal.aborted) {
    const rungs = rungsOf(context.definition, context.registry).filter(
      ({ collector }) => collector.onReference || collector.tier === 'stop',
    )
    await climbOn(context, { id: id.replace('sick', 'cured'), role: 'cured', symptom, rungs, look: null })
  }
  observation.probes.pace(null)
  journal.enter('running')
}

/** Climbs on the healthy system, for as long as it is one: the rungs that were done when a symptom began count. */
async function captureReference(
  watch: SymptomWatch,
  context: Conduct,
  signal: AbortSignal,
  enqueue: (action: () => Promise<unknown>) => void,
): Promise<void> {
  const { definition, journal, observation } = context
  const { reference, referenceAfterMs } = definition.evidence
  if (reference !== 'healthy-window' || !definition.symptoms.some(({ then }) => then.includes('capture'))) {
    return
  }
  await sleep(referenceAfterMs, signal).catch(() => undefined)
  while (!signal.aborted && watch.symptoms.some(({ state }) => state !== 'healthy')) {
    await sleep(definition.observe.everyMs, signal).catch(() => undefined)
  }
  if (signal.aborted) return
  enqueue(async () => {
    if (signal.aborted) return
    observation.probes.pace(definition.evidence.windowMs / 4)
    const rungs = rungsOf(definition, context.registry).filter(({ collector }) =>
      climbsOnReference(collector, context),
    )
    const capture = await climbOn(
      { ...context, signal },
      { id: 'reference-1', role: 'reference', symptom: null, rungs, look: null },
    )
    observation.probes.pace(null)
    if (capture.rungs.some(({ status }) => status === 'ok')) return
    journal.update({ captures: journal.record.captures.filter(({ id }) => id !== capture.id) })
    journal.event('note', capture.id, 'dropped: a symptom began before its first rung was done')
  })
}

/** Nothing that waits is woken on a healthy system: of the tier `stop` only what runs a probe's own command is used. */
function climbsOnReference(collector: Rung['collector'], { observation }: Conduct): boolean {
  if (collector.tier === 'change' || !collector.onReference) return false
  const names = observation.probes.records.map(({ name }) => name)
  return compareTiers(collector.tier, 'stop') < 0 || observation.probes.commands(names).length > 0
}

interface Where {
  readonly id: string
  readonly role: CaptureRecord['role']
  readonly symptom: Symptom | null
  readonly rungs: readonly Rung[]
  readonly look: ((collector: Rung['collector']) => Promise<boolean>) | null
}

/** One climb on all nodes, with the targets as they are now: a server may have been restarted since. */
function climbOn(context: Conduct, { id, role, symptom, rungs, look }: Where): Promise<CaptureRecord> {
  const { definition, ensemble, observation, signal } = context
  const { records } = observation.probes
  // All probes, not only the failing ones: what lives beside the dead says as much.
  const question = { probes: records, series: symptom?.series ?? [], targets: definition.evidence.targets }
  const targets = ensemble.nodes.flatMap((node) => findTargets(node, question))
  const names = symptom?.probes ?? records.map(({ name }) => name)
  const spec = { id, role, symptom: symptom?.spec.name ?? null, rungs, targets, look, signal }
  const commands = observation.probes.commands(names)
  return climb({ ...spec, nodes: ensemble.nodes, commands, together: role !== 'sick' }, context)
}

/**
 * Whether the symptom is still there, after fresh attempts of its probes. How many looks without it prove a cure follows
 * from how steadily it held before: one that flickers is not cured because it was well for an instant. After a rung that
 * disturbs it may hold a little longer, for a condition over a range of time needs a moment to notice.
 */
async function isStillThere(
  symptom: Symptom,
  { id, tier }: Rung['collector'],
  watch: SymptomWatch,
  context: Conduct,
): Promise<boolean> {
  const { observation, signal } = context
  const others = watch.symptoms.filter((one) => one !== symptom && one.state === 'showing')
  const probes = new Set([symptom, ...others].flatMap((one) => one.probes))
  const needed = looksToProve(symptom.steadiness)
  let settling = compareTiers(tier, 'stop') >= 0 ? SETTLING_LOOKS : 0
  for (let without = 0; without < needed;) {
    await observation.probes.attempt([...probes])
    if (!(await watch.holds(symptom))) without += 1
    else if (settling === 0) return true
    else {
      settling -= 1
      without = 0
    }
    await sleep(LOOK_PAUSE_MS, signal)
  }
  watch.cured(symptom, id)
  for (const other of others) if (!(await watch.holds(other))) watch.cured(other, id)
  return false
}

/** Looks without a symptom after which chance explains its absence once in a hundred: `(1 - steadiness) ^ looks`. */
function looksToProve(steadiness: number): number {
  return Math.min(MOST_LOOKS, Math.max(2, Math.ceil(Math.log(0.01) / Math.log(1 - steadiness))))
}
