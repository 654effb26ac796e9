/** A hunt starts its runs as processes, and names itself to them: when it is killed, they end as if interrupted. */

/** Environment variable with the pid of the hunt. */
export const PARENT = 'QUARRY_HUNT_PID'

const LOOK_MS = 500

/** Aborts when the process that this one was started by is no longer there, if it named itself. */
export function endWithParent(controller: AbortController): void {
  const parent = Number(process.env[PARENT])
  delete process.env[PARENT]
  if (!(parent > 0)) return
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    controller.abort(new Error('the hunt that it belongs to has gone'))
  }, LOOK_MS)
  timer.unref()
}
