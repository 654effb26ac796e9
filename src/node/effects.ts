/** How each kind of effect outside the run directory is undone. Undoing twice, or what is gone already, is no error. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { access, rm, rmdir, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { allProcesses, signalProcess } from '../base/process-tree.ts'
import type { ProcessIdentity } from '../base/process-tree.ts'
import type { Effect } from '../plugin/undo.ts'

const exec = promisify(execFile)

/** Undoes an effect; throws when it could not be undone and still stands. */
export async function undo(effect: Effect): Promise<void> {
  switch (effect.type) {
    case 'path':
      await rm(effect.path, { recursive: true, force: true })
      return
    case 'mount':
      await unmount(effect.path)
      return
    case 'restore':
      if (await exists(effect.path)) await writeFile(effect.path, effect.content)
      return
    case 'stopped':
      signalProcess(effect, 'SIGCONT')
      return
    case 'processes':
      await killMarked(effect.run)
      return
    case 'tracefs-instance':
      if (await exists(effect.path)) await rmdir(effect.path)
      return
  }
}

/** All live processes whose environment carries `QUARRY_RUN=<run>`, this process left out. */
export function markedProcesses(run: string): ProcessIdentity[] {
  const marker = `QUARRY_RUN=${run}`
  return allProcesses().filter(
    ({ pid, state }) => pid !== process.pid && state !== 'Z' && isMarked(pid, marker),
  )
}

function isMarked(pid: number, marker: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(marker)
  } catch {
    // Gone already, or not ours to read.
    return false
  }
}

/** KILL until none is left: a process may fork between being seen and being killed. */
async function killMarked(run: string): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const left = markedProcesses(run)
    if (left.length === 0) return
    for (const one of left) signalProcess(one, 'SIGKILL')
    await delay(round < 5 ? 10 : 100)
  }
  const pids = markedProcesses(run).map(({ pid }) => pid)
  if (pids.length > 0) {
    throw new Error(`processes ${pids.join(', ')} of run ${run} do not die; are they in state D?`)
  }
}

async function unmount(path: string): Promise<void> {
  const mounted = (): boolean =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .some((line) => line.split(' ')[4] === path)
  if (!mounted()) return
  try {
    await exec('umount', [path])
  } catch {
    await exec('umount', ['-l', path])
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}
