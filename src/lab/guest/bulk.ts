/** Much at once to and from a guest, through a disk that it shares with this host: the other end is bulk.c. */
import { open, type FileHandle } from 'node:fs/promises'
import { PassThrough, type Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { EnvironmentError } from '../../base/errors.ts'
import type { GuestCommand, StartInGuest } from './command.ts'

/** Of the disk, in the guest. */
export const BULK_DISK = 'quarry-bulk'
const SLOT = 1 << 20
/** Slots of one transfer, which are filled and emptied in turn. */
const SLOTS = 8
const TRANSFERS = 8
export const BULK_BYTES = TRANSFERS * SLOTS * SLOT
/** A disk that has not been read from by then hangs, or is too slow to be of use, ms. */
const READY_MS = 3000
/** One that is too sick to go on is not waited for longer than this, ms. */
export const STALLED_MS = 60_000
/** Of what the other end tells, bytes. */
const LONGEST_LINE = 32

/** A command in the guest whose input goes by the disk. Disposing ends it, and gives its slots back. */
export type TakingCommand = Pick<GuestCommand, 'result'> & AsyncDisposable
/** The same for output. */
export type GivingCommand = Pick<GuestCommand, 'stdout' | 'result' | 'stop'> & AsyncDisposable

/** Disposing closes the file; the disk is its owner's. */
export interface BulkDisk extends AsyncDisposable {
  /** Starts a command whose output is much; undefined when the disk does not answer, or has no room left. */
  give(command: readonly string[], signal?: AbortSignal): Promise<GivingCommand | undefined>
  /**
   * Starts a command that reads all of the source, which is not touched when the answer is undefined. The result rejects when
   * the source breaks, or nothing goes on any more.
   */
  take(command: readonly string[], source: Readable, signal?: AbortSignal): Promise<TakingCommand | undefined>
}

/** `path` is the file behind the guest's disk. */
export async function bulkDisk(path: string, start: StartInGuest): Promise<BulkDisk> {
  const file = await open(path, 'r+')
  const free = Array.from({ length: TRANSFERS }, (_, index) => index * SLOTS)
  const begin = async (
    verb: 'give' | 'take',
    command: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Transfer | undefined> => {
    const first = free.pop()
    if (first === undefined) return undefined
    const answers = new PassThrough()
    const words = ['/proc/1/exe', verb, String(first), String(SLOTS), ...command]
    const options = { input: answers, ...(signal === undefined ? {} : { signal }) }
    const running = await start(words, options).catch((error: unknown) => {
      free.push(first)
      throw error
    })
    const said = running.stdout[Symbol.asyncIterator]()
    const end = async (): Promise<void> => {
      void said.return?.()
      await running[Symbol.asyncDispose]()
      // Slots of one that may still write to them are nobody else's.
      if (!running.isStuck) free.push(first)
    }
    const ready = await within(said.next(), READY_MS)
    if (ready?.done === false) {
      return { file, first, running, answers, said, early: Buffer.from(ready.value).subarray(1), end }
    }
    void end().catch(() => {})
    return undefined
  }
  return {
    give: async (command, signal) => {
      const transfer = await begin('give', command, signal)
      if (transfer === undefined) return undefined
      const { running, end } = transfer
      return {
        stdout: given(transfer),
        get result() {
          return running.result
        },
        stop: () => running.stop(),
        [Symbol.asyncDispose]: end,
      }
    },
    take: async (command, source, signal) => {
      const transfer = await begin('take', command, signal)
      if (transfer === undefined) return undefined
      const { running, end } = transfer
      const fed = feed(transfer, source).then(
        () => undefined,
        async (error: unknown) => {
          await running.stop()
          return { error }
        },
      )
      const result = async (): GuestCommand['result'] => {
        const ended = await running.result
        const problem = await fed
        if (problem !== undefined) throw problem.error
        return ended
      }
      return {
        get result() {
          return result()
        },
        [Symbol.asyncDispose]: async () => {
          await running.stop()
          source.destroy()
          await fed
          await end()
        },
      }
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}

interface Transfer {
  readonly file: FileHandle
  readonly first: number
  readonly running: GuestCommand
  /** Standard input of the other end. */
  readonly answers: PassThrough
  /** Its standard output, and what was read of it already. */
  readonly said: AsyncIterator<Uint8Array>
  readonly early: Buffer
  /** When nobody uses the slots any more. */
  readonly end: () => Promise<void>
}

const place = ({ first }: Transfer, turn: number): number => (first + (turn % SLOTS)) * SLOT

async function* given(transfer: Transfer): AsyncGenerator<Uint8Array> {
  try {
    yield* slotsOf(transfer)
  } finally {
    // What is still said is read by nobody, and must not hold up its end.
    void transfer.said.return?.()
  }
}

async function* slotsOf(transfer: Transfer): AsyncGenerator<Uint8Array> {
  const { file, answers, said } = transfer
  let text = transfer.early.toString('latin1')
  for (let turn = 0; ; turn += 1) {
    while (!text.includes('\n')) {
      if (text.length > LONGEST_LINE) throw nonsense(text)
      const next = await said.next()
      // Its status says why.
      if (next.done === true) return
      text += Buffer.from(next.value).toString('latin1')
    }
    const end = text.indexOf('\n')
    const length = Number(text.slice(0, end))
    if (!Number.isInteger(length) || length < 0 || length > SLOT) throw nonsense(text)
    text = text.slice(end + 1)
    if (length === 0) return await drain(said)
    const bytes = Buffer.allocUnsafe(length)
    const { bytesRead } = await file.read(bytes, 0, length, place(transfer, turn))
    if (bytesRead < length) throw nonsense(`${length} bytes where there are ${bytesRead}`)
    answers.write('+')
    yield bytes
  }
}

async function feed(transfer: Transfer, source: Readable): Promise<void> {
  const { file, answers, said } = transfer
  let emptied = transfer.early.length
  let filled = 0
  /** Until no more than so many slots are full; whether anybody is there to empty them. */
  const empty = async (most: number): Promise<boolean> => {
    while (filled - emptied > most) {
      const next = await within(said.next(), STALLED_MS)
      if (next === undefined) {
        throw new EnvironmentError(`nothing went on for ${STALLED_MS / 1000} s`, {
          code: 'QUARRY_GUEST_COPY',
        })
      }
      // Its status says why.
      if (next.done === true) return false
      emptied += next.value.length
    }
    return true
  }
  for await (const bytes of inSlots(source)) {
    if (!(await empty(SLOTS - 1))) return
    await file.write(bytes, 0, bytes.length, place(transfer, filled))
    answers.write(`${bytes.length}\n`)
    filled += 1
  }
  if (!(await empty(0))) return
  answers.end('0\n')
  await drain(said)
}

/** Until its end, without which a command is not over. */
async function drain(said: AsyncIterator<Uint8Array>): Promise<void> {
  for (let next = await said.next(); next.done !== true;) next = await said.next()
}

/** What comes of it in so many ms; undefined when nothing does. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const timer = new AbortController()
  try {
    return await Promise.race([promise, delay(ms, undefined, { signal: timer.signal })])
  } finally {
    timer.abort()
  }
}

const nonsense = (text: string): EnvironmentError =>
  new EnvironmentError(`a guest tells of what cannot be: ${JSON.stringify(text.slice(0, LONGEST_LINE))}`, {
    code: 'QUARRY_GUEST_COPY',
  })

/** The same bytes, a slot's worth at a time. */
async function* inSlots(source: Readable): AsyncGenerator<Buffer> {
  let held: Buffer[] = []
  let size = 0
  for await (const chunk of source as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + SLOT - size)
      held.push(piece)
      size += piece.length
      at += piece.length
      if (size < SLOT) continue
      yield Buffer.concat(held)
      held = []
      size = 0
    }
  }
  if (size > 0) yield Buffer.concat(held)
}
