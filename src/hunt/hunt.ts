/**
 * A hunt, as a sentence: ask the planner for the next runs, make as many side by side as may be, judge each when it
 * ends, stop those that can no longer change the answer, and end when the answer is sure enough.
 *
 * Everything is decided from the trials in the directory, so that a hunt that was killed goes on as if it had not been.
 */
import { rmSync } from 'node:fs'
import { TargetError, messageOf } from '../base/errors.ts'
import type { Answer, Trial, TrialRecord } from '../model/hunt.ts'
import type { RunRecord } from '../model/run.ts'
import { readRunRecord } from '../store/run-directory.ts'
import { runOf, type HuntDirectory } from './hunt-directory.ts'
import { endOfNext, withEarlyEnd, withoutBroken } from './early.ts'
import { judge } from './outcome.ts'
import type { Planner } from './planner.ts'
import { bugsOf, createBugs, ofHuntedBug } from './same-bug.ts'

export interface HuntOptions {
  readonly planner: Planner
  /** Runs side by side, at most. */
  readonly parallel: number
  /** Stops all runs, with a sentence; the hunt can be gone on with. */
  readonly signal: AbortSignal
  /**
   * Makes the files that a point needs, if it needs any: gives what went wrong, or undefined.
   */
  readonly prepare: (trial: Trial, signal: AbortSignal) => Promise<string | undefined>
  /** Makes one run below a directory, and resolves when it has ended. */
  readonly run: (trial: Trial, directory: string, signal: AbortSignal) => Promise<void>
  /** The measured quantity of a run, if the question is about one. */
  readonly measure: (run: string) => Promise<number | undefined>
  readonly progress: (event: HuntEvent) => void
}

export type HuntEvent =
  | { readonly type: 'trial'; readonly trial: TrialRecord }
  | {
      readonly type: 'answer'
      readonly answer: Answer
      /** As they bear on the bug that is hunted. */
      readonly trials: readonly TrialRecord[]
    }

/** So many runs in a row that say nothing are no accident. */
const IDLE_LIMIT = 10
/** Questions that leave alone what cannot be run; of the others each run says nothing then. */
const AVOIDS_BROKEN: ReadonlySet<string> = new Set(['bisect', 'screen', 'amplify'])

/** The answer when it is sure enough, when all runs were made, or when `signal` was aborted. */
export async function hunt(directory: HuntDirectory, options: HuntOptions): Promise<Answer> {
  const { planner, parallel, signal, progress } = options
  const { section } = directory.record
  let idle = 0
  const bugs = createBugs()
  const running = new Map<number, { readonly stop: AbortController; readonly ended: Promise<void> }>()

  const settle = (trial: TrialRecord): void => {
    directory.settle(trial)
    const says = trial.outcome === 'shown' || trial.outcome === 'clean'
    idle = says || (trial.outcome === 'broken' && AVOIDS_BROKEN.has(section.ask)) ? 0 : idle + 1
    progress({ type: 'trial', trial })
  }
  const grouped = async (trial: TrialRecord): Promise<TrialRecord> => {
    // One that ended at a sign has less to be told apart by than one that went on.
    if (trial.outcome !== 'shown' || trial.early) return trial
    try {
      const signature = await bugs.groupOf(trial, directory.trials)
      return signature === undefined ? trial : { ...trial, signature }
    } catch (error) {
      return { ...trial, note: `its evidence cannot be read: ${messageOf(error)}` }
    }
  }
  const start = (trial: TrialRecord): void => {
    const stop = new AbortController()
    const within = AbortSignal.any([signal, stop.signal])
    const ended = conduct(trial, directory, options, within)
      .then(grouped)
      .then(settle)
      .finally(() => running.delete(trial.number))
    running.set(trial.number, { stop, ended })
    progress({ type: 'trial', trial })
  }

  // Those that were under way when the hunt was killed are not begun again: their numbers are spent.
  for (const trial of directory.trials)
    if (trial.outcome === 'running') settle(await grouped(await judged(trial, directory, options)))
  for (;;) {
    // One after another: each is given its number when the one before it has been written.
    for (let [added] = directory.added(); added !== undefined; [added] = directory.added())
      settle(await grouped(await judged(added, directory, options)))
    const counted = withoutBroken(directory.trials)
    const found = bugsOf(counted, planner)
    const trials = ofHuntedBug(counted, found)
    const answer = withEarlyEnd(withMixture(planner.answer(trials), found), counted, section)
    directory.save(answer)
    progress({ type: 'answer', answer, trials })
    const over = answer.done || signal.aborted
    for (const [number, { stop }] of running) {
      const trial = trials.find((one) => one.number === number)
      if (over || (trial !== undefined && !planner.matters(trials, trial)))
        stop.abort(new Error('it can no longer change the answer'))
    }
    if (idle >= IDLE_LIMIT && running.size === 0 && !over) {
      const last = trials.findLast(({ outcome }) => outcome === 'void' || outcome === 'broken')
      throw new TargetError(`the last ${idle} runs say nothing: ${last?.note ?? 'for no known reason'}`, {
        remedy: `when that is mended: quarry hunt ${directory.path}`,
      })
    }
    const room =
      over || idle >= IDLE_LIMIT ? 0 : Math.min(parallel - running.size, section.runs - trials.length)
    for (const proposal of room > 0 ? planner.next(trials, room) : []) {
      const endsAt = endOfNext(withoutBroken(directory.trials), section)
      start(directory.plan({ ...proposal, ...(endsAt === undefined ? {} : { endsAt }) }))
    }
    if (running.size === 0) {
      directory.save(answer)
      return answer
    }
    await Promise.race([...running.values()].map(({ ended }) => ended))
  }
}

/** An answer is about one bug; if there were others, it says so. */
function withMixture(answer: Answer, [hunted, ...others]: ReturnType<typeof bugsOf>): Answer {
  if (hunted === undefined || others.length === 0) return answer
  const rest = others.map(([bug, count]) => `${bug} (${count})`).join(', ')
  return {
    ...answer,
    sentence: `${answer.sentence} This is of ${hunted[0]} (${hunted[1]}); there were also ${rest}.`,
  }
}

/** One trial, from its files to its outcome; never rejects but for a full disk. */
async function conduct(
  trial: TrialRecord,
  directory: HuntDirectory,
  options: HuntOptions,
  signal: AbortSignal,
): Promise<TrialRecord> {
  const began = performance.now()
  try {
    const broken = await options.prepare(trial, signal)
    if (broken !== undefined) return { ...trial, outcome: 'broken', note: broken }
    await options.run(trial, directory.trialDirectory(trial.number), signal)
  } catch (error) {
    return { ...trial, outcome: 'void', note: messageOf(error) }
  }
  const all = (performance.now() - began) / 1e3
  const result = await judged(trial, directory, options)
  return { ...result, beside: Math.max(0, all - result.seconds) }
}

/** What the run of a trial says, as far as there is one. */
async function judged(
  trial: TrialRecord,
  directory: HuntDirectory,
  { measure }: HuntOptions,
): Promise<TrialRecord> {
  const run = trial.added === undefined ? runOf(directory.trialDirectory(trial.number)) : trial.run
  if (run === undefined) {
    rmSync(directory.trialDirectory(trial.number), { recursive: true, force: true })
    return { ...trial, outcome: 'void', note: 'it never began' }
  }
  let record: RunRecord
  try {
    record = await readRunRecord(run)
  } catch (error) {
    return { ...trial, outcome: 'void', note: messageOf(error) }
  }
  const result = { ...trial, ...judge(record, directory.record.section.symptom, trial.endsAt), run }
  if (directory.record.section.quantity === undefined || result.outcome === 'void') return result
  const value = await measure(run)
  return value === undefined
    ? { ...result, outcome: 'void', note: 'the quantity could not be read' }
    : { ...result, value }
}
