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

/** A command in the guest whose output, or input, goes by the disk. Disposing ends it. */
export type BulkCommand = Pick<GuestCommand, 'stdout' | 'result' | 'stop'> & AsyncDisposable

/** Disposing closes the file; the disk is its owner's. */
export interface BulkDisk extends AsyncDisposable {
  /** Starts a command whose output is much; undefined when the disk does not answer, or has no room left. */
  give(command: readonly string[], signal?: AbortSignal): Promise<BulkCommand | undefined>
  /** Starts a command that reads all of the source, which is not touched when the answer is undefined. */
  take(command: readonly string[], source: Readable, signal?: AbortSignal): Promise<BulkCommand | undefined>
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
    const running = await start(words, { input: answers, ...(signal === undefined ? {} : { signal }) })
    // Slots of one that may still write to them are nobody else's.
    void running.done.then(({ exitCode }) => exitCode !== null && free.push(first))
    const said = running.stdout[Symbol.asyncIterator]()
    const ready = await Promise.race([said.next(), delay(READY_MS, undefined, { ref: false })])
    if (ready?.done !== false) {
      void running.stop()
      return undefined
    }
    return { file, first, running, answers, said, early: Buffer.from(ready.value).subarray(1) }
  }
  return {
    give: async (command, signal) => {
      const transfer = await begin('give', command, signal)
      return transfer === undefined ? undefined : bulk(transfer, given(transfer))
    },
    take: async (command, source, signal) => {
      const transfer = await begin('take', command, signal)
      if (transfer === undefined) return undefined
      // When it ends before the source does, its status says why.
      void feed(transfer, source).catch(() => void transfer.running.stop())
      return bulk(transfer, (async function* () {})())
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
}

const bulk = ({ running }: Transfer, stdout: AsyncIterable<Uint8Array>): BulkCommand => ({
  stdout,
  get result() {
    return running.result
  },
  stop: () => running.stop(),
  [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
})

const place = ({ first }: Transfer, turn: number): number => (first + (turn % SLOTS)) * SLOT

async function* given(transfer: Transfer): AsyncGenerator<Uint8Array> {
  const { file, answers, said } = transfer
  let text = transfer.early.toString('latin1')
  for (let turn = 0; ; turn += 1) {
    while (!text.includes('\n')) {
      const next = await said.next()
      // Its status says why.
      if (next.done === true) return
      text += Buffer.from(next.value).toString('latin1')
    }
    const end = text.indexOf('\n')
    const length = Number(text.slice(0, end))
    text = text.slice(end + 1)
    if (length === 0) return await drain(said)
    if (!Number.isInteger(length) || length < 0 || length > SLOT) {
      throw new EnvironmentError(`a guest tells of ${length} bytes in a slot of ${SLOT}`, {
        code: 'QUARRY_GUEST_COPY',
      })
    }
    const bytes = Buffer.allocUnsafe(length)
    await file.read(bytes, 0, length, place(transfer, turn))
    answers.write('+')
    yield bytes
  }
}

async function feed(transfer: Transfer, source: Readable): Promise<void> {
  const { file, answers, said } = transfer
  let emptied = transfer.early.length
  let turn = 0
  for await (const bytes of inSlots(source)) {
    while (turn - emptied >= SLOTS) {
      const next = await Promise.race([said.next(), delay(STALLED_MS, undefined, { ref: false })])
      if (next === undefined) throw new Error('stalled')
      if (next.done === true) return
      emptied += next.value.length
    }
    await file.write(bytes, 0, bytes.length, place(transfer, turn))
    answers.write(`${bytes.length}\n`)
    turn += 1
  }
  answers.end('0\n')
  await drain(said)
}

/** Until its end, without which a command is not over. */
async function drain(said: AsyncIterator<Uint8Array>): Promise<void> {
  for (let next = await said.next(); next.done !== true;) next = await said.next()
}

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
