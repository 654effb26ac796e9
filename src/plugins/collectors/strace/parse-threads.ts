/** The threads of a trace: which process they belong to, what they are called, and the call that they are in. */
import { basename } from 'node:path'
import type { CallInfo } from './parse-calls.ts'

export interface Identity {
  readonly pid: number
  readonly comm: string
}

/** A call that was entered and has not returned: its start, and a copy of its arguments so far. */
export interface PendingCall {
  call: CallInfo
  /** Start in seconds and ns, -1 without times. */
  seconds: number
  nanoseconds: number
  args: Uint8Array
  length: number
}

export interface Thread {
  readonly tid: number
  pid: number
  /** Empty while unknown. */
  comm: string
  pending: PendingCall | undefined
  /** Kept for the next unfinished call: its memory is used again. */
  spare: PendingCall | undefined
}

/** The kernel keeps this many bytes of a command name. */
const COMM_BYTES = 15

/** Adds bytes to the arguments of a pending call. */
export function appendArgs(pending: PendingCall, bytes: Uint8Array, start: number, end: number): void {
  const length = pending.length + end - start
  if (length > pending.args.length) {
    const grown = new Uint8Array(Math.max(length, pending.args.length * 2))
    grown.set(pending.args.subarray(0, pending.length))
    pending.args = grown
  }
  pending.args.set(bytes.subarray(start, end), pending.length)
  pending.length = length
}

export class Threads {
  readonly #threads = new Map<number, Thread>()
  readonly #identify: ((tid: number) => Identity | undefined) | undefined

  constructor(identify: ((tid: number) => Identity | undefined) | undefined) {
    this.#identify = identify
  }

  get all(): Iterable<Thread> {
    return this.#threads.values()
  }

  get size(): number {
    return this.#threads.size
  }

  find(tid: number): Thread {
    const known = this.#threads.get(tid)
    if (known !== undefined) return known
    const identity = this.#identify?.(tid) ?? this.#born() ?? { pid: tid, comm: '' }
    const pid = identity.pid === -1 ? tid : identity.pid
    const thread = { tid, pid, comm: identity.comm, pending: undefined, spare: undefined }
    this.#threads.set(tid, thread)
    return thread
  }

  remove(tid: number): void {
    this.#threads.delete(tid)
  }

  /** The thread that was heard of first, to make room. */
  oldest(): Thread | undefined {
    return this.#threads.values().next().value
  }

  /** What a call that returned `result` did to identities; `args` is its text. */
  learn(thread: Thread, call: CallInfo, result: number, args: () => string): void {
    switch (call.identity) {
      case 'clone':
      case 'fork': {
        if (result <= 0) return
        const child = this.#threads.get(result) ?? this.find(result)
        child.pid = call.identity === 'clone' && isThread(args()) ? thread.pid : result
        if (child.comm === '') child.comm = thread.comm
        return
      }
      case 'exec': {
        const path = result === 0 ? /"((?:[^"\\]|\\.)*)"/.exec(args())?.[1] : undefined
        if (path !== undefined) thread.comm = basename(path).slice(0, COMM_BYTES)
        return
      }
      case 'prctl': {
        const name = /^PR_SET_NAME, "((?:[^"\\]|\\.)*)"/.exec(args())?.[1]
        if (name !== undefined && result === 0) thread.comm = name.slice(0, COMM_BYTES)
        return
      }
      case undefined:
    }
  }

  /** A thread may be heard of before the call that made it returns: then one of the pending clones did. */
  #born(): Identity | undefined {
    for (const parent of this.#threads.values()) {
      const { pending } = parent
      if (pending?.call.identity !== 'clone' && pending?.call.identity !== 'fork') continue
      const args = Buffer.from(pending.args.buffer, pending.args.byteOffset, pending.length).toString(
        'latin1',
      )
      return { pid: isThread(args) ? parent.pid : -1, comm: parent.comm }
    }
    return undefined
  }
}

const isThread = (args: string): boolean => args.includes('CLONE_THREAD')
