/** A shell script in the background, as a target of faults. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { descendantsOf, processStat, signalProcess } from '../../src/base/process-tree.ts'

export interface FixtureProcess extends AsyncDisposable {
  /** Its own, and then those of its children. */
  readonly pids: readonly number[]
  /** A regular expression that only its own command line matches. */
  readonly mark: string
  /** Resolves to the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>
}

/** Starts it, and waits until it sleeps with so many children, and, for `exec ...`, is that command. */
export async function startFixture(script: string, children = 0): Promise<FixtureProcess> {
  const child = spawn('sh', ['-c', script], { stdio: 'ignore', detached: true })
  const pid = child.pid ?? 0
  const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null)
  const words = script.startsWith('exec ') ? script.slice('exec '.length) : `sh -c ${script}`
  const isUp = (): boolean =>
    processStat(pid)?.state === 'S' &&
    descendantsOf(pid).length === children &&
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() === words
  while (!isUp()) await pause(5)
  return {
    pids: [pid, ...descendantsOf(pid).map((one) => one.pid)],
    mark: `^${RegExp.escape(words)}$`,
    ended,
    [Symbol.asyncDispose]: async () => {
      const stat = processStat(pid)
      const all = [...descendantsOf(pid), ...(stat === undefined ? [] : [stat])]
      for (const one of all) signalProcess(one, 'SIGKILL')
      await ended
    },
  }
}
