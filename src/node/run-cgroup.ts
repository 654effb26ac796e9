/**
 * A control group of its own for everything that a run starts. It is the mark that no process can wipe: one that
 * overwrites its environment, leaves its session and loses its parent stays a member (cgroups(7), version 2).
 *
 * Quarry itself joins, below the group it was in, so that its children are born members: that costs nothing for each
 * command, and there is no moment in which a child could slip out. A process that is in one already joins no second.
 */
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { processStat } from '../base/process-tree.ts'
import type { ProcessIdentity } from '../base/process-tree.ts'

/** To remove a group without members, 10 ms apart. */
const ATTEMPTS = 100

const MOUNTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']

let joined: string | undefined

/** The directory of the group that `joinCgroup` can make for a run; undefined where that is not possible. */
export function cgroupFor(run: string): string | undefined {
  if (joined !== undefined || !/^[\w][\w.-]*$/.test(run)) return undefined
  try {
    const own = /^0::(\/.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
    if (own === undefined || own.split('/').includes('..')) return undefined
    const mount = MOUNTS.find((one) => isWritable(join(one, own, 'cgroup.procs')))
    return mount === undefined ? undefined : join(mount, own, `quarry-${run}`)
  } catch {
    return undefined
  }
}

const isWritable = (file: string): boolean => {
  try {
    accessSync(file, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Makes the group and joins it. Where the kernel refuses, the run goes on with the other marks. */
export function joinCgroup(cgroup: string): void {
  try {
    mkdirSync(cgroup)
    joined = cgroup
    writeFileSync(join(cgroup, 'cgroup.procs'), String(process.pid))
  } catch {
    joined = undefined
  }
}

/** Whether this is the group of the run: nothing else is ever killed or removed. */
export function isCgroupOf(run: string, cgroup: string): boolean {
  return isCgroup(cgroup) && basename(cgroup) === `quarry-${run}`
}

/** Whether a path can be that of a control group. */
export const isCgroup = (path: string): boolean =>
  normalize(path) === path && path.startsWith('/sys/fs/cgroup/')

/** The members, this process left out. */
export function cgroupMembers(cgroup: string): ProcessIdentity[] {
  let text: string
  try {
    text = readFileSync(join(cgroup, 'cgroup.procs'), 'utf8')
  } catch {
    return []
  }
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .map(processStat)
    .filter((stat) => stat !== undefined)
    .filter(({ state }) => state !== 'Z')
}

/** Moves processes out of the control group of this run into one of their own, if it has one; undefined without. */
export function moveToOwnCgroup(run: string, processes: readonly ProcessIdentity[]): string | undefined {
  if (joined === undefined || processes.length === 0) return undefined
  const cgroup = join(dirname(joined), `quarry-${run}`)
  mkdirSync(cgroup, { recursive: true })
  for (const { pid } of processes) {
    try {
      writeFileSync(join(cgroup, 'cgroup.procs'), String(pid))
    } catch {
      // It has ended meanwhile.
    }
  }
  return cgroup
}

/** Puts the members of a group back to where they were taken from, and removes it. */
export async function giveBack({
  path,
  from,
}: {
  readonly path: string
  readonly from: string
}): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    const members = cgroupMembers(path)
    if (members.length === 0) break
    for (const { pid } of members) {
      try {
        writeFileSync(join(from, 'cgroup.procs'), String(pid))
      } catch (error) {
        // It has ended meanwhile; what has not must not be lost sight of.
        if (processStat(pid) !== undefined && round === 9) throw error
      }
    }
  }
  await removeCgroup(path)
}

/** Leaves the group, when this process is in it, and removes it, unless it has members. */
export async function removeCgroup(cgroup: string): Promise<void> {
  if (joined === cgroup) {
    try {
      writeFileSync(join(dirname(cgroup), 'cgroup.procs'), String(process.pid))
    } catch {
      // It never joined, or its former group is gone: it stays until it ends, and the next sweep removes the group.
    }
    joined = undefined
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      rmdirSync(cgroup)
      return
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'ENOENT') return
      // A process that has been killed is seen to be dead a moment before it leaves the group.
      if (code !== 'EBUSY' || attempt === ATTEMPTS || cgroupMembers(cgroup).length > 0) throw error
      await delay(10)
    }
  }
}
