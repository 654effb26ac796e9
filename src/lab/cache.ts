/**
 * What takes long to make and can be made again: kernels, images. Each is a directory named after a hash of all that it
 * is made from, so that it is made once for all runs and never out of date.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../base/abort.ts'
import { hasCode } from '../base/errors.ts'
import { isAlive, processStat } from '../base/process-tree.ts'
import { tryLock } from './lock.ts'

/** How often it is looked whether another process has finished, in ms. */
const LOOK_MS = 500

/** `$QUARRY_CACHE`, or `quarry` in the user's directory for caches. */
export const cacheDirectory = (): string =>
  process.env['QUARRY_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'quarry')

/** 16 hexadecimal digits that differ whenever one of the parts does. */
export function contentKey(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}\0`).update(part)
  return hash.digest('hex').slice(0, 16)
}

export interface CacheEntry {
  /** Such as `kernels`; a directory of the cache. */
  readonly kind: string
  /** Told by `contentKey`, perhaps with a readable name before it: no slashes. */
  readonly key: string
  readonly signal: AbortSignal
  /** Fills a new directory. When it fails, or this process is killed, nothing of it is ever taken for the whole. */
  readonly make: (directory: string) => Promise<void>
}

/** What this process is making, by place. */
const underway = new Map<string, Promise<void>>()

/** The directory of an entry, made when there is none; whoever makes the same, here or in another process, is waited for. */
export async function cached({ kind, key, signal, make }: CacheEntry): Promise<string> {
  const parent = join(cacheDirectory(), kind)
  const place = join(parent, key)
  await mkdir(parent, { recursive: true })
  // Gone at the last moment, it is made anew.
  while (!(await markUsed(place))) {
    const other = underway.get(place)
    if (other !== undefined) {
      await other.catch(() => {})
    } else if (await isBeingMade(parent, key)) {
      await sleep(LOOK_MS, signal)
    } else {
      const making = makeAt(place, make)
      underway.set(place, making)
      await making.finally(() => underway.delete(place))
    }
  }
  return place
}

/** Notes at an entry that it was used now, in its modification time; false when it is gone. Others' entries keep theirs. */
export async function markUsed(place: string): Promise<boolean> {
  const now = new Date()
  try {
    await utimes(place, now, now)
    return true
  } catch (error) {
    if (hasCode(error, 'EPERM') || hasCode(error, 'EROFS')) return true
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/** An entry that nobody has used for a while. */
export interface Unused {
  readonly kind: string
  readonly key: string
  /** What the disk has free without it, in bytes. */
  readonly bytes: number
  readonly usedAt: Date
}

/**
 * Removes the entries that were not used since, and what dead processes were at; what is being made, or is locked, is left
 * alone. Gives the entries that were removed.
 */
export async function removeUnused(since: Date): Promise<Unused[]> {
  const removed: Unused[] = []
  for (const kind of await readdir(cacheDirectory()).catch(() => [])) {
    const parent = join(cacheDirectory(), kind)
    for (const entry of await readdir(parent, { withFileTypes: true }).catch(() => [])) {
      if (!entry.isDirectory()) continue
      const [key = ''] = entry.name.split(MAKING)
      if (key !== entry.name) {
        // What dead processes left of it goes with the question.
        await isBeingMade(parent, key)
        continue
      }
      const gone = await removeEntry(join(parent, key), since)
      if (gone !== undefined) removed.push({ kind, key, ...gone })
    }
  }
  return removed
}

/** Removes one unless it was used since, or is locked. */
async function removeEntry(place: string, since: Date): Promise<Omit<Unused, 'kind' | 'key'> | undefined> {
  const usedAt = await timeOf(place)
  if (usedAt === undefined || usedAt >= since) return undefined
  await using lock = await tryLock(`${place}.lock`)
  if (lock === undefined) return undefined
  // Under the name of something half made whoever wants it waits; and it is seen whether somebody took it at the last moment.
  const doomed = placeOfMaking(place)
  try {
    await rename(place, doomed)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
  const now = await timeOf(doomed)
  if (now !== undefined && now >= since) {
    await rename(doomed, place)
    return undefined
  }
  const bytes = await bytesBelow(doomed)
  await rm(doomed, { recursive: true })
  return { bytes, usedAt }
}

const timeOf = async (place: string): Promise<Date | undefined> =>
  (await stat(place).catch(() => undefined))?.mtime

/** What the disk has free without a directory, in bytes: of files that have no other name elsewhere, their blocks. */
export async function bytesBelow(directory: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const { nlink, blocks } = await stat(join(entry.parentPath, entry.name))
    if (nlink === 1) bytes += blocks * 512
  }
  return bytes
}

/** In the name of a directory that is not whole yet, or not any more. */
export const MAKING = '.making'

const placeOfMaking = (place: string): string =>
  `${place}${MAKING}-${process.pid}-${processStat(process.pid)?.started ?? ''}`

async function makeAt(place: string, make: CacheEntry['make']): Promise<void> {
  const directory = placeOfMaking(place)
  try {
    await mkdir(directory, { recursive: true })
    await make(directory)
    // Of two that began at the same instant the first is kept: they are alike.
    await rename(directory, place).catch((error: unknown) => {
      if (!existsSync(place)) throw error
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Whether another live process makes it; what dead ones left is removed. */
async function isBeingMade(parent: string, key: string): Promise<boolean> {
  let made = false
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${key}${MAKING}-`)) continue
    const [pid = '', started = ''] = name.slice(key.length + MAKING.length + 1).split('-')
    if (Number(pid) !== process.pid && isAlive({ pid: Number(pid), started })) made = true
    else await rm(join(parent, name), { recursive: true, force: true })
  }
  return made
}
