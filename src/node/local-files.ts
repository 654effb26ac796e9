/** Small files of this machine at little cost: a shared buffer, and descriptors of procfs files that stay open. */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statfsSync,
  statSync,
} from 'node:fs'
import type { FilePart, FileSystemSpace, FileView } from '../plugin/node.ts'

/** A descriptor that is not used for one to two of these is closed. */
const GENERATION_MS = 10_000
/** Kept descriptors, unless the limit of open files is low. */
const MOST_DESCRIPTORS = 8192
/** Longer files are cut: nothing that is small is longer. */
const MOST_BYTES = 64 << 20

/** Files that the kernel writes in one piece (single_open in fs/seq_file.c, sysctls): a second read would be in vain. */
const ONE_PIECE =
  /^\/proc\/(?:(?:\d+|self)\/(?:stat|statm|status|io|schedstat)|stat|loadavg|meminfo|(?:sys|pressure)\/.*)$/

/** The view of the machine that this process runs on. Disposing closes what it keeps open; it can be used again. */
export function localFiles(): FileView & Disposable {
  return new LocalFiles()
}

interface OpenFile {
  readonly descriptor: number
  readonly isOnePiece: boolean
}

/**
 * Reading a procfs file anew through an open descriptor takes less than half the time of open, read and close. Only
 * below `/proc` are descriptors kept, because no file there is ever replaced by another: a descriptor of
 * `/proc/PID/...` stays with that process, and fails once it has ended even if its pid is in use again.
 */
class LocalFiles implements FileView, Disposable {
  readonly #limit = Math.min(MOST_DESCRIPTORS, openFilesLimit() / 2)
  // Since Linux 6.2 the size of /proc/PID/fd is the number of its entries (proc_fd_getattr in fs/proc/fd.c).
  readonly #sizeIsCount = (statSync('/proc/self/fd', { throwIfNoEntry: false })?.size ?? 0) > 0
  #buffer = Buffer.allocUnsafeSlow(1 << 16)
  // Two generations: what is used moves to the young one; the old one is closed when the generations turn.
  #young = new Map<string, OpenFile>()
  #old = new Map<string, OpenFile>()
  #turnAt = performance.now() + GENERATION_MS

  text(path: string): string | undefined {
    this.#turn()
    const kept = this.#kept(path)
    if (kept !== undefined) {
      const text = this.#read(kept)
      if (text !== undefined) return text
      // The process has ended; its pid may be that of another by now.
      this.#young.delete(path)
      closeSync(kept.descriptor)
    }
    const descriptor = openOrUndefined(path)
    if (descriptor === undefined) return undefined
    const file = { descriptor, isOnePiece: ONE_PIECE.test(path) }
    const text = this.#read(file)
    const keep = text !== undefined && path.startsWith('/proc/')
    if (keep && this.#young.size + this.#old.size < this.#limit) this.#young.set(path, file)
    else closeSync(descriptor)
    return text
  }

  list(path: string): readonly string[] {
    try {
      return readdirSync(path)
    } catch {
      return []
    }
  }

  link(path: string): string | undefined {
    try {
      return readlinkSync(path)
    } catch {
      return undefined
    }
  }

  count(path: string): number | undefined {
    try {
      if (!this.#sizeIsCount || !path.startsWith('/proc/') || !path.endsWith('/fd')) {
        return readdirSync(path).length
      }
      return statSync(path, { throwIfNoEntry: false })?.size
    } catch {
      return undefined
    }
  }

  space(path: string): FileSystemSpace | undefined {
    try {
      const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(path)
      return {
        sizeBytes: blocks * bsize,
        freeBytes: bfree * bsize,
        availableBytes: bavail * bsize,
        files,
        filesFree: ffree,
      }
    } catch {
      return undefined
    }
  }

  part(path: string, offset: number, maxBytes: number): FilePart | undefined {
    const descriptor = openOrUndefined(path)
    if (descriptor === undefined) return undefined
    try {
      const { ino, size } = fstatSync(descriptor)
      const bytes = new Uint8Array(Math.max(0, Math.min(maxBytes, size - offset)))
      const length = bytes.length === 0 ? 0 : readSync(descriptor, bytes, 0, bytes.length, offset)
      return { inode: ino, size, bytes: bytes.subarray(0, length) }
    } catch {
      return undefined
    } finally {
      closeSync(descriptor)
    }
  }

  memory(pid: number, address: bigint, length: number): Uint8Array | undefined {
    const descriptor = openOrUndefined(`/proc/${pid}/mem`)
    if (descriptor === undefined) return undefined
    try {
      const bytes = new Uint8Array(length)
      return readSync(descriptor, bytes, 0, length, address) === length ? bytes : undefined
    } catch {
      return undefined
    } finally {
      closeSync(descriptor)
    }
  }

  [Symbol.dispose](): void {
    closeAll(this.#young)
    closeAll(this.#old)
  }

  #kept(path: string): OpenFile | undefined {
    const young = this.#young.get(path)
    if (young !== undefined) return young
    const old = this.#old.get(path)
    if (old === undefined) return undefined
    this.#old.delete(path)
    this.#young.set(path, old)
    return old
  }

  #turn(): void {
    const now = performance.now()
    if (now < this.#turnAt) return
    this.#turnAt = now + GENERATION_MS
    closeAll(this.#old)
    const emptied = this.#old
    this.#old = this.#young
    this.#young = emptied
  }

  /** Other sequence files of procfs give a page or so at a time: only an empty read is the end. */
  #read({ descriptor, isOnePiece }: OpenFile): string | undefined {
    let length = 0
    try {
      for (;;) {
        const count = readSync(descriptor, this.#buffer, length, this.#buffer.length - length, length)
        if (count === 0) break
        length += count
        if (length < this.#buffer.length) {
          if (isOnePiece) break
          continue
        }
        if (length >= MOST_BYTES) break
        this.#buffer = Buffer.concat([this.#buffer], length * 2)
      }
    } catch {
      return undefined
    }
    return this.#buffer.toString('utf8', 0, length)
  }
}

function openOrUndefined(path: string): number | undefined {
  try {
    // Not blocking: opening a FIFO would otherwise wait for its writer.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

function closeAll(files: Map<string, OpenFile>): void {
  for (const { descriptor } of files.values()) closeSync(descriptor)
  files.clear()
}

/** The soft limit of open files of this process; 1024, the usual one, when it cannot be read. */
function openFilesLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1')
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1] ?? '1024'
    return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft)
  } catch {
    return 1024
  }
}
