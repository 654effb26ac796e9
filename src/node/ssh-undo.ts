/** Undoing effects on another machine, over a connection of its own. */
import { basename, normalize } from 'node:path'
import { runProcess } from '../base/process.ts'
import type { LocalEffect, RemoteEffect, UndoLedger } from '../plugin/undo.ts'
import type { Node } from '../plugin/node.ts'
import { resetClockScript } from './clock.ts'
import { isDestination, scriptLine, sshArguments } from './ssh-destination.ts'
import { isCgroup } from './run-cgroup.ts'
import { removeScript, shellWord } from './ssh-scripts.ts'

const PATIENCE_MS = 60_000

/** Undoes it there; throws when the machine cannot be reached, or the effect still stands. */
export async function undoRemotely({ host, effect }: RemoteEffect): Promise<void> {
  const script = undoScript(effect)
  const result = await runProcess(['ssh', ...sshArguments(host, ['LogLevel=ERROR']), scriptLine(script)], {
    timeoutMs: PATIENCE_MS,
  })
  if (result.ok) return
  const why = result.stderr.trim().split('\n').at(-1) ?? ''
  if (result.timedOut) throw new Error(`${host.destination} did not answer in time`)
  const what = result.exitCode === 255 ? 'cannot connect' : 'failed there'
  throw new Error(`${what}: ${why || `status ${result.exitCode ?? result.signal}`}`)
}

/** A ledger whose effects are on the node; the same one when that is this host. */
export function ledgerOn(node: Node, ledger: UndoLedger): UndoLedger {
  if (node.isTransient === true) return transientLedger(node)
  const { remote: host } = node
  if (host === undefined) return ledger
  return {
    record: (effect) => ledger.record(effect.type === 'remote' ? effect : { type: 'remote', host, effect }),
  }
}

/** Effects on a machine that does not outlive the run: undone when they are disposed of, if it is still there. */
const transientLedger = (node: Node): UndoLedger => ({
  record: (effect) => {
    let isMade = true
    return Promise.resolve({
      forget: () => {
        isMade = false
      },
      [Symbol.asyncDispose]: async () => {
        if (!isMade || effect.type === 'remote' || node.lost?.aborted === true) return
        isMade = false
        // It may be lost at this very moment.
        await node.run(['sh', '-c', undoScript(effect)], { timeoutMs: PATIENCE_MS }).catch(() => undefined)
      },
    })
  },
})

/** Whether a run of Quarry can have recorded it: ssh and its configuration run whatever they are told to. */
export function isPlausibleRemote({ host, effect }: RemoteEffect, run: string): boolean {
  if (!isDestination(host.destination)) return false
  switch (effect.type) {
    case 'path':
      return normalize(effect.path) === effect.path && basename(effect.path).startsWith(`quarry-${run}-`)
    case 'restore':
      return /^\/(?:proc\/sys|sys)\//.test(effect.path)
    case 'processes':
      return effect.run === run
    // Networks of namespaces and what kubectl makes are of this host only.
    case 'link':
    case 'kubernetes-objects':
    case 'kubernetes-state':
    case 'helm-release':
    case 'kind-cluster':
      return false
    case 'control-group':
      return [effect.path, effect.from].every(isCgroup) && basename(effect.path).startsWith('quarry-io-')
    case 'filler':
      return normalize(effect.path) === effect.path && basename(effect.path).startsWith('.quarry-fill-')
    case 'clock':
      return normalize(effect.path) === effect.path && /\/quarry-.*\/\.clock$/.test(effect.path)
    case 'mount':
    case 'stopped':
    case 'tracefs-instance':
      return true
  }
}

function undoScript(effect: LocalEffect): string {
  switch (effect.type) {
    case 'path':
      return removeScript(effect.path)
    case 'mount': {
      const path = shellWord(effect.path)
      return `cut -d ' ' -f 5 /proc/self/mountinfo | grep -qxF ${path} || exit 0; umount ${path} || umount -l ${path}`
    }
    case 'filler':
      return removeScript(effect.path)
    case 'control-group': {
      const [path, from] = [shellWord(effect.path), shellWord(effect.from)]
      // A member may start another between being seen and being moved.
      return `for round in 1 2 3 4 5 6 7 8 9 10; do [ -e ${path} ] || exit 0; for pid in $(cat ${path}/cgroup.procs); do echo $pid >${from}/cgroup.procs; done; rmdir ${path} && exit 0; done; exit 1`
    }
    case 'link':
    case 'kubernetes-objects':
    case 'kubernetes-state':
    case 'helm-release':
    case 'kind-cluster':
      throw new Error('that is no effect on another machine')
    case 'restore': {
      const path = shellWord(effect.path)
      return `[ ! -e ${path} ] || printf %s ${shellWord(effect.content)} >${path}`
    }
    case 'stopped':
      // Field 22, behind the name in parentheses, which may hold anything.
      return `[ "$(sed 's/.*) //' /proc/${effect.pid}/stat 2>/dev/null | cut -d ' ' -f 20)" != ${shellWord(effect.started)} ] || kill -CONT ${effect.pid}`
    case 'processes':
      return `pids=$(grep -lzxsF ${shellWord(`QUARRY_RUN=${effect.run}`)} /proc/[0-9]*/environ | cut -d / -f 3); [ -z "$pids" ] || kill -KILL $pids`
    case 'clock':
      return resetClockScript(effect.path)
    case 'tracefs-instance': {
      const path = shellWord(effect.path)
      return `[ ! -e ${path} ] || rmdir ${path}`
    }
  }
}
