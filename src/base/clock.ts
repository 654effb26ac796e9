/** Time as a dependency, so that tests can own it. */

export interface Clock {
  /** Nanoseconds since the epoch, never going backwards within one process. */
  now(): bigint
  /** Milliseconds since the epoch, never going backwards within one process. */
  nowMs(): number
}

/**
 * The wall clock at start plus the monotonic clock since: a jump of the wall clock during a run cannot reorder or
 * stretch its evidence.
 */
export function systemClock(): Clock {
  const origin = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()
  const now = (): bigint => origin + process.hrtime.bigint()
  return { now, nowMs: () => Number(now() / 1000n) / 1000 }
}
