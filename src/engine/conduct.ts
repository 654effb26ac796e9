/**
 * The middle of a run: the workload goes on, symptoms are watched, and the ladder is climbed: once on the healthy
 * system for reference, on the sick one when a symptom shows, and on the cured one when a rung cured it.
 */
import { abortReason, sleep, whenAborted } from '../base/abort.ts'
import { captureAsked, captureReference, captureSick } from './captures.ts'
import type { CaptureContext } from './captures.ts'
import type { Deaths } from './deaths.ts'
import { repeat } from './observe.ts'
import type { Symptom } from './symptom-state.ts'
import { watchSymptoms } from './symptoms.ts'
import type { SymptomWatch } from './symptoms.ts'

export interface Conduct extends CaptureContext {
  /** Climbs once at the beginning, asked for by a person instead of a symptom. */
  readonly capture: boolean
  /** Aborts when the work makes no sense any more, with the reason: it is ended, and what shows till then is captured. */
  readonly stopping: AbortSignal
  readonly deaths: Deaths
  /** Does the work and resolves when it has ended; it must end when its signal aborts. */
  readonly work: (undisturbed: () => Promise<void>, signal: AbortSignal) => Promise<void>
}

/** The symptoms that were watched, and what the work failed with, if it did. */
export interface Conducted {
  readonly symptoms: readonly Symptom[]
  readonly failure: unknown
}

/** Resolves when the work has ended, or a symptom stopped it, and no climb is under way; never rejects. */
export async function conduct(context: Conduct): Promise<Conducted> {
  const { definition, observation, journal, signal } = context
  const stopWork = new AbortController()
  const ended = new AbortController()
  const working = AbortSignal.any([signal, stopWork.signal])
  const over = AbortSignal.any([signal, ended.signal])

  // One climb at a time; false when it failed, which is said and does not end the run.
  let climbing = Promise.resolve(true)
  let busy = 0
  const enqueue = (action: () => Promise<boolean>): Promise<boolean> => {
    busy += 1
    climbing = climbing
      .then(action)
      .catch((error: unknown) => {
        if (!signal.aborted) journal.error(error)
        return false
      })
      .finally(() => {
        busy -= 1
      })
    return climbing
  }

  let healthy = new AbortController()
  const onChange = (symptom: Symptom): void => {
    if (symptom.state !== 'healthy') {
      healthy.abort(new Error(`symptom ${symptom.spec.name} begins`))
      healthy = new AbortController()
    }
    if (symptom.state !== 'showing') return
    void enqueue(async () => {
      // It came back while it was captured, and has ended the run by now.
      const captured = journal.record.captures.some((one) => one.symptom === symptom.spec.name)
      if (stopWork.signal.aborted && captured) return true
      return await respond(symptom, watch, context, (reason) => stopWork.abort(reason))
    })
  }
  const watch: SymptomWatch = watchSymptoms(
    definition,
    observation,
    journal,
    signal,
    onChange,
    context.deaths,
  )
  // A symptom that is about to show is waited for, though not longer than it can take.
  const isNear = ({ state, since, spec }: Symptom): boolean =>
    state === 'pending' &&
    Number(journal.clock.now() - (since ?? 0n)) / 1e6 < spec.forMs + 2 * definition.observe.everyMs
  const undisturbed = async (): Promise<void> => {
    while (!working.aborted && (busy > 0 || watch.symptoms.some(isNear))) {
      await sleep(50, working).catch(() => undefined)
    }
  }

  const stopped = whenAborted(AbortSignal.any([context.stopping, ended.signal])).then(async () => {
    if (!context.stopping.aborted) return
    await undisturbed()
    stopWork.abort(abortReason(context.stopping))
  })
  if (context.capture) void enqueue(() => captureAsked(context))
  const watching = repeat(definition.observe.everyMs, over, () => watch.tick())
  const before = AbortSignal.any([working, ended.signal])
  const reference = captureReference(watch, context, before, () => healthy.signal, enqueue)
  let failure: unknown
  try {
    await context.work(undisturbed, working)
    await undisturbed()
  } catch (error) {
    // What was done on a machine that died fails with it.
    if (!stopWork.signal.aborted && context.deaths.series.length === 0) failure = error
  }
  ended.abort(new Error('the workload has ended'))
  await Promise.all([watching, reference, stopped])
  await climbing
  return { symptoms: watch.symptoms, failure }
}

/** What a symptom's `then` asks for. */
async function respond(
  symptom: Symptom,
  watch: SymptomWatch,
  context: Conduct,
  stop: (reason: Error) => void,
): Promise<boolean> {
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
  return true
}
