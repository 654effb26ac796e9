/**
 * What decides on the runs of a hunt. A planner is a pure function of the trials so far: asked again after a crash, it
 * proposes what it would have proposed, and whoever adds trials by hand changes nothing but what is known.
 */
import type { Answer, Proposal, Trial } from '../model/hunt.ts'

export interface Planner {
  /**
   * The next runs, best first, at most `count`, beside those that are running. None when no run can tell more, or while
   * only the running ones can.
   */
  next(trials: readonly Trial[], count: number): readonly Proposal[]
  answer(trials: readonly Trial[]): Answer
  /** Whether a running trial can still change the answer; one that cannot is stopped. */
  matters(trials: readonly Trial[], running: Trial): boolean
  /**
   * How much likelier the trials are if what is asked has to do with the bug that they are about than if not, above 0; for
   * questions that can tell.
   */
  fit?(trials: readonly Trial[]): number
}
