/** What observing costs: CPU time of the tools that a collector starts, and of Quarry itself meanwhile. */
import { readFileSync } from 'node:fs'
import type { Node, RunningCommand } from '../plugin/node.ts'

const POLL_MS = 100
/** USER_HZ, which is 100 on every architecture that Linux exports it on. */
const NS_PER_TICK = 1e7

export interface Metered extends Disposable {
  readonly node: Node
  spent(): number
}

/**
 * A node that adds up the CPU time of what is started through it, read from /proc while it runs: the last look before
 * a process ends misses at most one poll of its time. `stop` gives the sum in ns, Quarry's own time included.
 */
export function metered(node: Node): Metered {
  const spent = new Map<number, number>()
  const before = process.cpuUsage()
  let past = 0
  const look = (): void => {
    for (const pid of spent.keys()) {
      const ns = cpuNsOf(pid)
      if (ns !== undefined) spent.set(pid, ns)
    }
  }
  const timer = setInterval(look, POLL_MS)
  timer.unref()
  const watch = (running: RunningCommand): RunningCommand => {
    // What runs on another machine has no cost that could be read here.
    if (node.host !== 'localhost') return running
    spent.set(running.pid, 0)
    // Its id may be another's from now on: what it spent is kept, and not looked at any more.
    void running.done.then(() => {
      past += spent.get(running.pid) ?? 0
      spent.delete(running.pid)
    })
    return running
  }
  return {
    node: {
      ...node,
      run: async (command, options) => {
        await using running = watch(await node.spawn(command, options))
        return await running.done
      },
      spawn: async (command, options) => watch(await node.spawn(command, options)),
    },
    spent: () => {
      look()
      const own = process.cpuUsage(before)
      return [...spent.values()].reduce((sum, ns) => sum + ns, past) + (own.user + own.system) * 1000
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

/** User and system time of a process and its reaped children, in ns; fields 14 to 17 of /proc/PID/stat. */
function cpuNsOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) * NS_PER_TICK
  } catch {
    return undefined
  }
}
