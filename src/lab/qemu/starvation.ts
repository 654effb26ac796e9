/** Whether the processors of a virtual machine get one of this host's when they want it. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { sleep } from '../../base/abort.ts'
import type { Machine } from './machine.ts'

/** ns since the thread began. */
export interface ThreadTimes {
  readonly runNs: number
  /** Ready to run, and on no processor. */
  readonly waitNs: number
}

const LOOK_MS = 1000
/** Looks that one judgement is over. */
const WINDOW = 10
/** Share of the time in which it wants a processor that a machine may wait for one. */
const MOST_WAITING = 0.2
/** Less than this is no matter, ns in a window. */
const LEAST_NS = 5e8

/**
 * Looks at it until it is disposed of. `tell` is told when what is measured in the machine comes to be at the mercy of other
 * work on this host, and at the end for how long it was.
 */
export function watchStarvation(machine: Machine, tell: (sentence: string) => void): AsyncDisposable {
  const stop = new AbortController()
  const watch = async (): Promise<void> => {
    const threads = await processorThreads(machine)
    const starvation = new Starvation(tell)
    for (;;) {
      const times = threads.map((thread) => timesOf(machine.pid, thread))
      if (times.includes(undefined)) break
      starvation.look(times.filter((one) => one !== undefined))
      if (stop.signal.aborted) break
      await sleep(LOOK_MS, stop.signal).catch(() => {})
    }
    starvation.end()
  }
  // A machine that has ended, or a kernel without schedstat, tells nothing.
  const watching = watch().catch(() => {})
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await watching
    },
  }
}

/** Judges looks that are a second apart. */
export class Starvation {
  readonly #tell: (sentence: string) => void
  readonly #looks: ThreadTimes[] = []
  #first: ThreadTimes | undefined
  #wasTold = false

  constructor(tell: (sentence: string) => void) {
    this.#tell = tell
  }

  look(threads: readonly ThreadTimes[]): void {
    const now = {
      runNs: threads.reduce((sum, { runNs }) => sum + runNs, 0),
      waitNs: threads.reduce((sum, { waitNs }) => sum + waitNs, 0),
    }
    this.#first ??= now
    this.#looks.push(now)
    if (this.#looks.length > WINDOW + 1) this.#looks.shift()
    const { waitNs, share } = waiting(this.#looks[0] ?? now, now)
    if (this.#wasTold || waitNs < LEAST_NS || share < MOST_WAITING) return
    this.#wasTold = true
    this.#tell(
      `waits for a processor of this host ${percent(share)} of the time that it wants one: what is measured in it is at the mercy of others`,
    )
  }

  end(): void {
    const last = this.#looks.at(-1)
    if (!this.#wasTold || this.#first === undefined || last === undefined) return
    const { waitNs, share } = waiting(this.#first, last)
    this.#tell(
      `waited ${(waitNs / 1e9).toFixed(1)} s for processors of this host, ${percent(share)} of the time that it wanted one`,
    )
  }
}

function waiting(from: ThreadTimes, to: ThreadTimes): { readonly waitNs: number; readonly share: number } {
  const waitNs = to.waitNs - from.waitNs
  return { waitNs, share: waitNs / (waitNs + to.runNs - from.runNs) }
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`

const processors = z.array(z.object({ 'thread-id': z.int() }))

async function processorThreads({ monitor }: Machine): Promise<number[]> {
  const found = processors.parse(await monitor.execute('query-cpus-fast'))
  return found.map((one) => one['thread-id'])
}

/** Documentation/scheduler/sched-stats.rst. */
function timesOf(pid: number, thread: number): ThreadTimes | undefined {
  try {
    const [runNs = 0, waitNs = 0] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1')
      .split(' ')
      .map(Number)
    return { runNs, waitNs }
  } catch {
    return undefined
  }
}
