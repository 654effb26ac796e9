/**
 * Queues of timers that the kernel prints of itself, in the order in which it keeps them.
 *
 * A kernel with a check of its own prints the queue that failed it, an entry a line: `node=ffff9c38, expires=208222423748,
 * function=hrtick+0x0/0x70`. A line before it may say which two do not stand in order, and on which CPU: `10: found node in
 * wrong place last=ffff9c38, next=ffff9c40 (expires 208225793771, 208222423748)`. That pair is given when it is all there is:
 * when the entries are not printed, those of two CPUs are mixed, or the entries by themselves are in order because it is the
 * pointer to the first one that is wrong.
 */
import { functionName } from './functions.ts'
import type { KernelLine } from './line.ts'

export interface PrintedTimer {
  /** ns on the clock of the queue. */
  readonly expiresNs: bigint
  /** Callback; the empty text when it was not printed. */
  readonly function: string
}

export interface PrintedList {
  readonly cpu: number | null
  /** Seconds since boot at which it was printed. */
  readonly seconds: number | null
  readonly firstLine: number
  /** In the order in which the kernel keeps them. */
  readonly timers: readonly PrintedTimer[]
}

const MOST_TIMERS = 4096
const MOST_CALLERS = 64
const NEAR_SECONDS = 1
const ENTRY =
  /^(?:node|timer|hrtimer|entry)=(\w{1,20}),? expires=(-?\d{1,19}),? function=([\w.]{1,100})(?:\+0x[0-9a-f]+\/0x[0-9a-f]+)?/
const PAIR =
  /^(?:(\d{1,5}): )?found node in wrong place last=(\w{1,20}), next=(\w{1,20}) \(expires (-?\d{1,19}), (-?\d{1,19})\)/
const CALLBACKS =
  /^(?:\d{1,5}: )?last timer=(\w{1,20}) function=([\w.]{1,100})\S{0,40}, next=(\w{1,20}) timer function=([\w.]{1,100})/
const TITLE = /^Printing \w{0,20}tree/

interface Open {
  cpu: number | null
  readonly seconds: number | null
  readonly firstLine: number
  pair: readonly [PrintedTimer, PrintedTimer] | null
  readonly timers: PrintedTimer[]
  printing: boolean
  mixed: boolean
}

/** Takes lines as they come and gives lists as they end. */
export class PrintedTimers {
  readonly #open = new Map<string, Open>()
  /** The list before, by caller. */
  readonly #before = new Map<string, { readonly cpu: number | null; readonly seconds: number | null }>()

  line(line: KernelLine): readonly PrintedList[] {
    const { text, caller } = line
    const open = this.#open.get(caller)
    if (!/expires|timer|tree/.test(text)) return open?.printing === true ? this.#end(caller) : []
    const pair = PAIR.exec(text)
    if (pair !== null) {
      const given = this.#end(caller)
      const [, digits, , , last = '', next = ''] = pair
      const cpu = digits === undefined ? null : Number(digits)
      this.#open.set(caller, {
        cpu,
        seconds: line.seconds,
        firstLine: line.index,
        pair: [
          { expiresNs: BigInt(last), function: '' },
          { expiresNs: BigInt(next), function: '' },
        ],
        timers: [],
        printing: false,
        mixed: this.#mayBeMixed(caller, cpu, line.seconds),
      })
      return given
    }
    const callbacks = CALLBACKS.exec(text)
    if (callbacks !== null && open?.pair !== null && open !== undefined && !open.mixed) {
      const [, , last = '', , next = ''] = callbacks
      open.pair = [
        { ...open.pair[0], function: functionName(last) },
        { ...open.pair[1], function: functionName(next) },
      ]
      return []
    }
    if (TITLE.test(text)) {
      if (open === undefined) this.#begin(line)
      else if (open.printing) open.mixed = true
      else open.printing = true
      return []
    }
    const entry = ENTRY.exec(text)
    if (entry === null || line.cut) return open?.printing === true ? this.#end(caller) : []
    const timers = (open ?? this.#begin(line)).timers
    if (timers.length < MOST_TIMERS) {
      timers.push({ expiresNs: BigInt(entry[2] ?? ''), function: functionName(entry[3] ?? '') })
    }
    return []
  }

  /** Nothing has come for a while. */
  settle(): readonly PrintedList[] {
    return [...this.#open.keys()].flatMap((caller) => this.#end(caller))
  }

  #begin({ caller, seconds, index }: KernelLine): Open {
    const begun = {
      cpu: null,
      seconds,
      firstLine: index,
      pair: null,
      timers: [],
      printing: true,
      mixed: false,
    }
    this.#open.set(caller, begun)
    return begun
  }

  /** Whether another CPU has just begun to print, so that its entries may come in between. */
  #mayBeMixed(caller: string, cpu: number | null, seconds: number | null): boolean {
    const before = this.#before.get(caller)
    if (before === undefined || before.cpu === cpu) return false
    return seconds === null || before.seconds === null || seconds <= before.seconds + NEAR_SECONDS
  }

  #end(caller: string): PrintedList[] {
    const open = this.#open.get(caller)
    this.#open.delete(caller)
    if (open === undefined) return []
    if (this.#before.size >= MOST_CALLERS) this.#before.clear()
    this.#before.set(caller, open)
    const { cpu, seconds, firstLine, pair } = open
    const whole = open.mixed ? [] : open.timers
    const ascends = whole.every(({ expiresNs }, i) => expiresNs >= (whole[i - 1]?.expiresNs ?? expiresNs))
    const timers = ascends && pair !== null ? pair : whole
    return timers.length < 2 ? [] : [{ cpu, seconds, firstLine, timers }]
  }
}
