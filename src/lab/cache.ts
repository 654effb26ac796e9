/**
 * What takes long to make and can be made again: kernels, images. Each is a directory named after a hash of all that it
 * is made from, so that it is made once for all runs and never out of date.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../base/abort.ts'
import { isAlive, processStat } from '../base/process-tree.ts'

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
  while (!existsSync(place)) {
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

async function makeAt(place: string, make: CacheEntry['make']): Promise<void> {
  const directory = `${place}.making-${process.pid}-${processStat(process.pid)?.started ?? ''}`
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
    if (!name.startsWith(`${key}.making-`)) continue
    const [pid = '', started = ''] = name.slice(key.length + '.making-'.length).split('-')
    if (Number(pid) !== process.pid && isAlive({ pid: Number(pid), started })) made = true
    else await rm(join(parent, name), { recursive: true, force: true })
  }
  return made
}
