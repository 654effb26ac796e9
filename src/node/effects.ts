/** How each kind of effect outside the run directory is undone. Undoing twice, or what is gone already, is no error. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { access, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, normalize, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { allProcesses, signalProcess } from '../base/process-tree.ts'
import type { ProcessIdentity } from '../base/process-tree.ts'
import type { Effect } from '../plugin/undo.ts'
import { resetClock } from './clock.ts'
import { isKubernetesEffectOf, undoInCluster } from './kubernetes/effects.ts'
import { linkOf } from './netns/link.ts'
import { isPlausibleRemote, undoRemotely } from './ssh-undo.ts'
import { cgroupMembers, giveBack, isCgroup, isCgroupOf, removeCgroup } from './run-cgroup.ts'

const exec = promisify(execFile)

/**
 * Undoes an effect of a run; throws when it could not be undone and still stands. What no run of Quarry can have
 * recorded is refused, for a ledger may have been damaged or made up.
 */
export async function undo(effect: Effect, run: string): Promise<void> {
  if (!isPlausible(effect, run)) throw new Error('that is no effect of this run')
  switch (effect.type) {
    case 'path':
      await rm(effect.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
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
      await killProcesses(effect)
      if (effect.cgroup !== undefined) await removeCgroup(effect.cgroup)
      return
    case 'link':
      if (await exists(`/sys/class/net/${effect.name}`)) await deleteLink(effect.name)
      return
    case 'filler':
      await rm(effect.path, { force: true })
      return
    case 'control-group':
      await giveBack(effect)
      return
    case 'clock':
      await resetClock(effect.path)
      return
    case 'tracefs-instance':
      if (await exists(effect.path)) await rmdir(effect.path)
      return
    case 'remote':
      await undoRemotely(effect)
      return
    case 'kubernetes-objects':
    case 'kubernetes-state':
    case 'helm-release':
    case 'kind-cluster':
      await undoInCluster(effect)
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

/** Whether a process is in a directory, has something open there, or was told of it by arguments or environment. */
function uses(pid: number, directory: string): boolean {
  const isBelow = (path: string): boolean => path === directory || path.startsWith(`${directory}/`)
  try {
    const told = ['environ', 'cmdline'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'utf8'))
    if (told.some((text) => text.includes(directory))) return true
    const links = [`/proc/${pid}/cwd`, ...readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`)]
    return links.some((link) => isBelow(readlinkSync(link)))
  } catch {
    // Gone already.
    return false
  }
}

/**
 * KILL until none of a run is left, or none that uses a directory: a process may fork between being seen and being
 * killed.
 */
export async function killProcesses(
  { run, cgroup }: Effect & { readonly type: 'processes' },
  directory?: string,
): Promise<void> {
  const left = (): ProcessIdentity[] =>
    [...markedProcesses(run), ...(cgroup === undefined ? [] : cgroupMembers(cgroup))].filter(
      ({ pid }) => directory === undefined || uses(pid, directory),
    )
  for (let round = 0; round < 50; round += 1) {
    const found = left()
    if (found.length === 0) return
    for (const one of found) signalProcess(one, 'SIGKILL')
    await delay(round < 5 ? 10 : 100)
  }
  const pids = new Set(left().map(({ pid }) => pid))
  if (pids.size > 0) {
    throw new Error(`processes ${[...pids].join(', ')} of run ${run} do not die; are they in state D?`)
  }
}

function isPlausible(effect: Effect, run: string): boolean {
  if ('path' in effect && normalize(effect.path) !== effect.path) return false
  switch (effect.type) {
    case 'path':
      return dirname(effect.path) === normalize(tmpdir()) && basename(effect.path).startsWith('quarry-')
    case 'restore':
      return effect.path.startsWith('/proc/sys/') || effect.path.startsWith('/sys/')
    case 'processes':
      return effect.run === run && (effect.cgroup === undefined || isCgroupOf(run, effect.cgroup))
    case 'link':
      return effect.name === linkOf(run)
    case 'remote':
      return isPlausibleRemote(effect, run)
    case 'filler':
      return isAbsolute(effect.path) && /^\.quarry-fill-[0-9a-f]{16}$/.test(basename(effect.path))
    case 'control-group':
      return (
        [effect.path, effect.from].every(isCgroup) && /^quarry-io-[0-9a-f]{16}$/.test(basename(effect.path))
      )
    case 'kubernetes-objects':
    case 'kubernetes-state':
    case 'helm-release':
    case 'kind-cluster':
      return isKubernetesEffectOf(run, effect)
    case 'clock':
      return relative(tmpdir(), effect.path).startsWith('quarry-') && basename(effect.path) === '.clock'
    case 'mount':
    case 'stopped':
    case 'tracefs-instance':
      return true
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

/** It may go by itself meanwhile, with the namespace that its other end is in. */
async function deleteLink(name: string): Promise<void> {
  await exec('ip', ['link', 'delete', name]).catch(async (error: unknown) => {
    if (await exists(`/sys/class/net/${name}`)) throw error
  })
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}
