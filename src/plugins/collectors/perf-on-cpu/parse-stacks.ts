/**
 * The skeleton of `perf script` output: a header line, lines of frames from the leaf to the root, an empty line. The
 * same frames come again and again, so a line is looked up by its bytes, and described only when it is new; stacks are
 * paths in a tree of frames, so that counting one is a walk down, and nothing is built for it.
 */

/** What a line of a frame stands for, leaf first: one function, more when others were inlined, none to leave it out. */
export interface Frame {
  readonly name: string
  readonly kernel: boolean
}

export interface StackHandler {
  /** The header of a sample; false when it is none, and the line may be a frame. */
  header(line: string): boolean
  /** Frames of a line, by its text; undefined when it is none. Asked once for each text and `dialect`. */
  frames(line: string): readonly Frame[] | undefined
  /** Whether frames of the current sample count. */
  readonly wanted: boolean
  /** Frames are described differently in each; 0 or 1. */
  readonly dialect: 0 | 1
  /** An indented line outside of a sample that counts. */
  outside(line: () => string): void
  /** An empty line: the sample is over. */
  end(): void
  /** A line that was not understood. */
  bad(): void
}

/** A longer line is dropped and counted as bad. */
const LONGEST_LINE = 1 << 20
/** Lines that are remembered, and bytes of them; beyond that memory starts over. */
const MOST_LINES = 1 << 18
const MOST_BYTES = 64 << 20

const [TAB, NEWLINE, SPACE, HASH] = [9, 10, 32, 35]
const UNKNOWN = -1

/** Lists of frame ids by the bytes of a line. */
class LineCache {
  #slots = new Int32Array(1 << 14)
  #mask = this.#slots.length - 1
  #hashes = new Int32Array(1 << 12)
  #offsets = new Int32Array((1 << 12) + 1)
  #bytes = new Uint8Array(1 << 18)
  #count = 0
  frames: (readonly number[])[] = []

  /** Index of the line with that hash, or -1. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const length = end - start
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = (this.#slots[slot] ?? 0) - 1
      if (entry === -1) return -1
      if (this.#hashes[entry] !== hash) continue
      const offset = this.#offsets[entry] ?? 0
      if ((this.#offsets[entry + 1] ?? 0) - offset !== length) continue
      const known = this.#bytes
      let at = 0
      while (at < length && known[offset + at] === bytes[start + at]) at++
      if (at === length) return entry
    }
  }

  add(hash: number, bytes: Uint8Array, start: number, end: number, frames: readonly number[]): void {
    const offset = this.#offsets[this.#count] ?? 0
    const stop = offset + end - start
    if (this.#count === MOST_LINES || stop > MOST_BYTES) return this.#startOver()
    if (stop > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(stop, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    if (this.#count === this.#hashes.length) {
      this.#hashes = enlarged(this.#hashes, this.#count * 2)
      this.#offsets = enlarged(this.#offsets, this.#count * 2 + 1)
    }
    this.#bytes.set(bytes.subarray(start, end), offset)
    this.#hashes[this.#count] = hash
    this.#offsets[++this.#count] = stop
    this.frames.push(frames)
    this.#link(hash, this.#count)
    if (this.#count * 2 <= this.#slots.length) return
    this.#slots = new Int32Array(this.#slots.length * 4)
    this.#mask = this.#slots.length - 1
    for (let entry = 0; entry < this.#count; entry++) this.#link(this.#hashes[entry] ?? 0, entry + 1)
  }

  #link(hash: number, entry: number): void {
    let slot = hash & this.#mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
    this.#slots[slot] = entry
  }

  #startOver(): void {
    this.#slots.fill(0)
    this.#count = 0
    this.frames = []
  }
}

/** Stacks as paths from the leaf: node 0 is the empty stack. */
class StackTree {
  #parents = new Int32Array(1 << 12)
  #frames = new Int32Array(1 << 12)
  #slots = new Int32Array(1 << 14)
  #mask = this.#slots.length - 1
  #count = 1

  child(parent: number, frame: number): number {
    let slot = (Math.imul(parent, 0x9e3779b1) ^ Math.imul(frame, 0x85ebca6b)) & this.#mask
    for (;;) {
      const node = this.#slots[slot] ?? 0
      if (node === 0) break
      if (this.#parents[node] === parent && this.#frames[node] === frame) return node
      slot = (slot + 1) & this.#mask
    }
    const node = this.#count++
    if (node === this.#parents.length) {
      this.#parents = enlarged(this.#parents, node * 2)
      this.#frames = enlarged(this.#frames, node * 2)
    }
    this.#parents[node] = parent
    this.#frames[node] = frame
    this.#slots[slot] = node
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    return node
  }

  /** Frame ids from the root of the stack to its leaf. */
  path(node: number): number[] {
    const frames: number[] = []
    for (let at = node; at !== 0; at = this.#parents[at] ?? 0) frames.push(this.#frames[at] ?? 0)
    return frames
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 4)
    this.#mask = this.#slots.length - 1
    for (let node = 1; node < this.#count; node++) {
      const parent = this.#parents[node] ?? 0
      const frame = this.#frames[node] ?? 0
      let slot = (Math.imul(parent, 0x9e3779b1) ^ Math.imul(frame, 0x85ebca6b)) & this.#mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = node
    }
  }
}

export class StackReader {
  lines = 0
  /** Node of the current stack in the tree; `startStack` makes it empty. */
  stack = 0
  readonly #handler: StackHandler
  readonly #caches = [new LineCache(), new LineCache()] as const
  readonly #tree = new StackTree()
  readonly #frameIds = new Map<string, number>()
  readonly #frames: Frame[] = []
  #carry = new Uint8Array(4096)
  #carried = 0
  #skipping = false

  constructor(handler: StackHandler) {
    this.#handler = handler
  }

  /** Frames of a stack from the root to the leaf. */
  framesOf(stack: number): Frame[] {
    return this.#tree.path(stack).flatMap((id) => this.#frames[id] ?? [])
  }

  push(chunk: Uint8Array): void {
    let start = 0
    if (this.#carried > 0 || this.#skipping) {
      const end = chunk.indexOf(NEWLINE)
      this.#keep(chunk, 0, end === -1 ? chunk.length : end + 1)
      if (end === -1) return
      if (this.#skipping) this.#dropLine()
      else this.#take(this.#carry, 0, this.#carried)
      this.#carried = 0
      this.#skipping = false
      start = end + 1
    }
    const stop = chunk.lastIndexOf(NEWLINE) + 1
    if (stop > start) {
      this.#take(chunk, start, stop)
      start = stop
    }
    this.#keep(chunk, start, chunk.length)
  }

  /** Adds the frames of a line that stands elsewhere, such as behind a header, to the current stack. */
  add(line: string): void {
    const bytes = Buffer.from(line, 'latin1')
    this.#frame(UNKNOWN, bytes, 0, bytes.length)
  }

  /** No more input; a line that was begun was cut off. */
  end(): void {
    if (this.#carried > 0 || this.#skipping) this.#dropLine()
    this.#carried = 0
    this.#skipping = false
  }

  /** Takes whole lines, each with its newline. */
  #take(bytes: Uint8Array, start: number, stop: number): void {
    const handler = this.#handler
    let at = start
    while (at < stop) {
      const begin = at
      const first = bytes[at]
      this.lines++
      if (first === NEWLINE) {
        handler.end()
        at++
        continue
      }
      if (first !== TAB && first !== SPACE) {
        at = bytes.indexOf(NEWLINE, at) + 1
        if (first !== HASH) this.#headline(bytes, begin, at - 1)
        continue
      }
      while (bytes[at] === TAB || bytes[at] === SPACE) at++
      const text = at
      let hash = 0
      let byte = bytes[at] ?? NEWLINE
      while (byte !== NEWLINE) {
        hash = Math.imul(hash ^ byte, 0x01000193)
        byte = bytes[++at] ?? NEWLINE
      }
      if (handler.wanted) this.#frame(hash ^ (hash >>> 15), bytes, text, at)
      else this.#outside(bytes, text, at)
      at++
    }
  }

  #outside(bytes: Uint8Array, start: number, end: number): void {
    this.#handler.outside(() => latin1(bytes, start, end))
  }

  #headline(bytes: Uint8Array, start: number, end: number): void {
    if (this.#handler.header(latin1(bytes, start, end))) return
    if (this.#handler.wanted) this.#frame(UNKNOWN, bytes, start, end)
    else this.#handler.bad()
  }

  #frame(hash: number, bytes: Uint8Array, start: number, end: number): void {
    const cache = this.#caches[this.#handler.dialect]
    const known = cache.find(hash, bytes, start, end)
    const frames = known === -1 ? this.#describe(hash, bytes, start, end) : cache.frames[known]
    if (frames === undefined) return
    for (let index = 0; index < frames.length; index++)
      this.stack = this.#tree.child(this.stack, frames[index] ?? 0)
  }

  #describe(hash: number, bytes: Uint8Array, start: number, end: number): readonly number[] | undefined {
    const frames = this.#handler.frames(latin1(bytes, start, end))
    if (frames === undefined) {
      this.#handler.bad()
      return undefined
    }
    const ids = frames.map((frame) => this.#idOf(frame))
    this.#caches[this.#handler.dialect].add(hash, bytes, start, end, ids)
    return ids
  }

  /** The id of a frame; the same frame has the same id. */
  #idOf(frame: Frame): number {
    const key = frame.kernel ? `k${frame.name}` : `u${frame.name}`
    const known = this.#frameIds.get(key)
    if (known !== undefined) return known
    const id = this.#frames.length
    this.#frames.push(frame)
    this.#frameIds.set(key, id)
    return id
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    if (start === end || this.#skipping) return
    const length = this.#carried + end - start
    if (length > LONGEST_LINE) {
      this.#skipping = true
      this.#carried = 0
      return
    }
    if (length > this.#carry.length) {
      const grown = new Uint8Array(Math.max(length, this.#carry.length * 2))
      grown.set(this.#carry.subarray(0, this.#carried))
      this.#carry = grown
    }
    this.#carry.set(chunk.subarray(start, end), this.#carried)
    this.#carried = length
  }

  #dropLine(): void {
    this.lines++
    this.#handler.bad()
  }
}

// Bytes as characters: what is looked for is ASCII, and the bytes are decoded when a text is complete.
const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')

function enlarged(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length)
  grown.set(array)
  return grown
}
