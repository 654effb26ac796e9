/** Follows a file that grows, is rotated, or is truncated. */
import { basename, dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { FileView } from '../../../plugin/node.ts'

export interface News {
  /** `replaced`: another file has the name, or the same one was rewritten. */
  readonly state: 'missing' | 'same' | 'replaced'
  /** Bytes that were read. */
  readonly bytes: number
  /** Bytes between those, because there were too many. */
  readonly skipped: number
}

/** Read at a time, so that others get their turn in between. */
const CHUNK = 256 << 10
/** What one reading takes at most; of more, only the end is read. */
const MOST_BYTES = 64 << 20
/** Bytes before the current place that tell whether the file was rewritten and has grown beyond it since. */
const FINGERPRINT = 64

/** Hands over what is new since the previous reading; the first one finds the end of the file. */
export class Follower {
  readonly #files: FileView
  readonly #path: string
  #inode: number | undefined
  #offset = 0
  #fingerprint: Uint8Array = new Uint8Array()
  #isFirst = true

  constructor(files: FileView, path: string) {
    this.#files = files
    this.#path = path
  }

  /** Bytes come in order; `isNewFile` is set with the first of another file. */
  async read(take: (bytes: Uint8Array, isNewFile: boolean) => void, signal: AbortSignal): Promise<News> {
    const isFirst = this.#isFirst
    this.#isFirst = false
    const now = this.#part(this.#path, 0, 0)
    if (now === undefined) return { state: 'missing', bytes: 0, skipped: 0 }
    if (isFirst) {
      this.#inode = now.inode
      this.#offset = now.size
      this.#remember(this.#path)
      return { state: 'same', bytes: 0, skipped: 0 }
    }
    const isSame = now.inode === this.#inode && now.size >= this.#offset && this.#isContinued(this.#path)
    let bytes = 0
    if (!isSame) {
      // The rest of the old file is under another name, if it is still there.
      const rotated = now.inode === this.#inode ? undefined : this.#rotated()
      if (rotated !== undefined) bytes += (await this.#drain(rotated, take, false, signal)).bytes
      this.#inode = now.inode
      this.#offset = 0
    }
    const drained = await this.#drain(this.#path, take, !isSame, signal)
    this.#remember(this.#path)
    return { state: isSame ? 'same' : 'replaced', bytes: bytes + drained.bytes, skipped: drained.skipped }
  }

  #part(path: string, offset: number, maxBytes: number) {
    if (this.#files.part === undefined) throw new Error('logs on this node cannot be followed')
    return this.#files.part(path, offset, maxBytes)
  }

  async #drain(
    path: string,
    take: (bytes: Uint8Array, isNewFile: boolean) => void,
    isNewFile: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: number; readonly skipped: number }> {
    const size = this.#part(path, 0, 0)?.size ?? 0
    const skipped = Math.max(0, size - this.#offset - MOST_BYTES)
    this.#offset += skipped
    let bytes = 0
    let isFirstChunk = isNewFile || skipped > 0
    while (bytes < MOST_BYTES) {
      signal.throwIfAborted()
      const part = this.#part(path, this.#offset, CHUNK)
      if (part === undefined || part.bytes.length === 0) break
      take(part.bytes, isFirstChunk)
      isFirstChunk = false
      this.#offset += part.bytes.length
      bytes += part.bytes.length
      if (part.bytes.length < CHUNK) break
      await setImmediate()
    }
    return { bytes, skipped }
  }

  /** Path of the file that had the name before: a neighbour whose name begins with it, as logrotate makes them. */
  #rotated(): string | undefined {
    const directory = dirname(this.#path)
    const name = basename(this.#path)
    for (const neighbour of this.#files.list(directory)) {
      if (neighbour === name || !neighbour.startsWith(name)) continue
      const path = join(directory, neighbour)
      if (this.#part(path, 0, 0)?.inode === this.#inode && this.#isContinued(path)) return path
    }
    return undefined
  }

  #remember(path: string): void {
    const start = Math.max(0, this.#offset - FINGERPRINT)
    this.#fingerprint = this.#part(path, start, this.#offset - start)?.bytes ?? new Uint8Array()
  }

  /** Whether the bytes before the current place are those that were there. */
  #isContinued(path: string): boolean {
    const { length } = this.#fingerprint
    const found = this.#part(path, this.#offset - length, length)?.bytes
    return found !== undefined && Buffer.compare(found, this.#fingerprint) === 0
  }
}
