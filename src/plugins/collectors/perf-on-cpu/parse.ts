/** `perf script` output to rows of `stacks`: samples with the same thread, event and stack are one row. */
import type { Parser, ParseStats, RowSink } from '../../../plugin/evidence.ts'
import { StackReader, type Frame, type StackHandler } from './parse-stacks.ts'

export interface PerfScriptOptions {
  /** Time of the rows, in ns since the epoch; perf's own times are on another clock. */
  readonly ts?: bigint
  /** `on-cpu` unless said otherwise. */
  readonly state?: 'on-cpu' | 'off-cpu'
  /** What a row weighs: how many samples, or the sum of their periods in the given unit. */
  readonly weight?: { readonly sum: 'samples' } | { readonly sum: 'periods'; readonly unit: string }
}

/** `comm pid/tid [cpu] time: period event:`, any of them left out but the first two; a leaf may follow (no -g). */
const TIMED = /^(.*\S)\s+(-?\d+)(?:\/(-?\d+))?\s+(?:\[\d+\]\s+)?\d+\.\d+:\s+(?:(\d+)\s+)?(\S+):(?:\s+(.*))?$/
const TIMELESS = /^(.*?\S)\s+(-?\d+)(?:\/(-?\d+))?\s+(?:\[\d+\]\s+)?(?:(\d+)\s+)?(\S+):(?:\s+(.*))?$/
const FRAME = /^([\da-f]+)\s+(.+) \((.*)\)$/
/** Mappings in brackets that are not the kernel's. */
const USER_MODULES = new Set([
  '[unknown]',
  '[vdso]',
  '[vsyscall]',
  '[heap]',
  '[stack]',
  '[uprobes]',
  '[anon]',
])

interface Sampled {
  readonly pid: number
  readonly tid: number
  readonly comm: string
  readonly event: string
}

interface Weights {
  readonly sampled: Sampled
  readonly byStack: Map<number, number>
}

/**
 * Rows are added at the end, one for each thread, event and stack, with frames leaf first. A frame without a symbol is
 * its module in brackets. `weight` counts samples unless the options ask for the sum of periods.
 */
export function createPerfScriptParser(sink: RowSink, options: PerfScriptOptions = {}): Parser {
  const samples = new Samples(options)
  return {
    push: (chunk) => samples.reader.push(chunk),
    end: () => samples.finish(sink),
  }
}

class Samples implements StackHandler {
  readonly dialect = 0
  readonly reader = new StackReader(this)
  readonly #options: PerfScriptOptions
  readonly #weights = new Map<string, Weights>()
  #current: Weights | undefined
  #period = 1
  #bad = 0

  constructor(options: PerfScriptOptions) {
    this.#options = options
  }

  get wanted(): boolean {
    return this.#current !== undefined
  }

  header(line: string): boolean {
    const match = TIMED.exec(line) ?? TIMELESS.exec(line)
    if (match === null) return false
    this.end()
    const [, comm = '', first = '', second, period, event = '', leaf] = match
    const pid = Number(first)
    const key = `${first}/${second ?? ''} ${event} ${comm}`
    let weights = this.#weights.get(key)
    if (weights === undefined) {
      const tid = second === undefined ? pid : Number(second)
      weights = {
        sampled: { pid, tid, comm: utf8(comm), event: event.replace(/:$/, '') },
        byStack: new Map(),
      }
      this.#weights.set(key, weights)
    }
    this.#current = weights
    this.#period = this.#options.weight?.sum === 'periods' ? Number(period ?? 1) : 1
    if (leaf !== undefined && FRAME.test(leaf)) {
      this.reader.add(leaf)
      this.end()
    }
    return true
  }

  /** Samples without stacks are indented. */
  outside(line: () => string): void {
    if (!this.header(line())) this.#bad++
  }

  frames(line: string): readonly Frame[] | undefined {
    const match = FRAME.exec(line)
    if (match === null) return undefined
    const [, address = '', symbol = '', module = ''] = match
    const name = symbol.replace(/\+0x[\da-f]+$/, '')
    const known = name !== '[unknown]'
    return [{ name: utf8(known ? name : nameOf(module)), kernel: isKernel(module, address) }]
  }

  end(): void {
    const current = this.#current
    if (current === undefined) return
    const { stack } = this.reader
    current.byStack.set(stack, (current.byStack.get(stack) ?? 0) + this.#period)
    this.reader.stack = 0
    this.#current = undefined
  }

  bad(): void {
    this.#bad++
  }

  finish(sink: RowSink): ParseStats {
    this.reader.end()
    // The last sample has no empty line behind it when the output was cut off; what there is of its stack is wrong.
    if (this.#current !== undefined && this.reader.stack !== 0) this.#bad++
    else this.end()
    let rows = 0
    const { ts, state = 'on-cpu', weight } = this.#options
    const unit = weight?.sum === 'periods' ? weight.unit : 'samples'
    for (const { sampled, byStack } of this.#weights.values()) {
      for (const [stack, sum] of byStack) {
        const frames = this.reader.framesOf(stack).toReversed()
        const user = frames.findIndex(({ kernel }) => !kernel)
        sink.add('stacks', {
          ...sampled,
          ...(ts === undefined ? {} : { ts }),
          state,
          frames: frames.map(({ name }) => name),
          kernel_frames: user === -1 ? frames.length : user,
          weight: sum,
          unit,
        })
        rows++
      }
    }
    return { lines: this.reader.lines, rows, bad: this.#bad }
  }
}

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString()

const nameOf = (module: string): string =>
  /^\[.*\]$/.test(module) ? module : `[${module.slice(module.lastIndexOf('/') + 1)}]`

/** Kernel text, modules in brackets or by file; inlined functions lie where their caller does. */
const isKernel = (module: string, address: string): boolean => {
  if (module === 'inlined') return address.length === 16 && address.startsWith('ffff')
  if (module.startsWith('[')) return !USER_MODULES.has(module) && !module.startsWith('[anon')
  return /(?:\/vmlinux[^/]*|\.ko(?:\.\w+)?)$/.test(module)
}
