/**
 * Folds `perf script` output as stackcollapse-perf.pl of FlameGraph does without options, byte for byte: the yardstick
 * of the reader, and input for tools that know the folded format. Rules and their order are the script's.
 */
import { StackReader, type Frame, type StackHandler } from './parse-stacks.ts'

// Perl's classes on bytes, where JavaScript's \s and \S are about Unicode.
const HEADER = /^([^ \t\r\f\v][^\n]+?)[ \t\r\f\v]+(\d+)\/*(\d+)*[ \t\r\f\v]+/
const EVENT = /:[ \t\r\f\v]*(\d+)*[ \t\r\f\v]+([^ \t\r\f\v]+):[ \t\r\f\v]*$/
const FRAME = /^[ \t\r\f\v]*(\w+)[ \t\r\f\v]*([^\n]+) \(([^\n]*)\)/

class Folder implements StackHandler {
  readonly reader = new StackReader(this)
  /** Sums of periods, by process name and then by stack. */
  readonly #sums = new Map<string, Map<number, number>>()
  #process = ''
  #period = 1
  #event = ''

  get wanted(): boolean {
    return this.#process !== '' && this.#process !== '0'
  }

  get dialect(): 0 | 1 {
    return this.#process.startsWith('java') ? 1 : 0
  }

  header(line: string): boolean {
    const header = HEADER.exec(line)
    if (header === null) return false
    const event = EVENT.exec(line)
    if (event !== null) {
      this.#event = this.#event === '' ? (event[2] ?? '') : this.#event
      if (event[2] !== this.#event) return true
    }
    this.#period = Number(event?.[1] ?? 0) || 1
    this.#process = (header[1] ?? '').replaceAll(' ', '_')
    return true
  }

  frames(line: string): readonly Frame[] | undefined {
    const match = FRAME.exec(line)
    if (match === null) return undefined
    const raw = (match[2] ?? '').replace(/\+0x[\da-f]+$/, '')
    const module = match[3] ?? ''
    if (raw.startsWith('(')) return []
    const names: string[] = []
    for (const part of raw.replace(/(?:->)+$/, '').split('->')) {
      const name = this.#tidy(part, module)
      names.push(names.length > 0 && !name.includes('_[i]') ? `${name}_[i]` : name)
    }
    return names.toReversed().map((name) => ({ name, kernel: false }))
  }

  end(): void {
    if (!this.wanted) return
    let sums = this.#sums.get(this.#process)
    if (sums === undefined) this.#sums.set(this.#process, (sums = new Map<number, number>()))
    sums.set(this.reader.stack, (sums.get(this.reader.stack) ?? 0) + this.#period)
    this.reader.stack = 0
    this.#process = ''
  }

  outside(): void {}

  bad(): void {}

  /** Lines `process;root;...;leaf sum`, sorted by bytes. */
  result(): string {
    const folded = new Map<string, number>()
    for (const [process, sums] of this.#sums) {
      for (const [stack, sum] of sums) {
        const text = [process, ...this.reader.framesOf(stack).map(({ name }) => name)].join(';')
        folded.set(text, (folded.get(text) ?? 0) + sum)
      }
    }
    const texts = [...folded.keys()].toSorted((left, right) => (left < right ? -1 : 1))
    return texts.map((text) => `${text} ${folded.get(text)}\n`).join('')
  }

  #tidy(function_: string, module: string): string {
    let name = function_
    if (name === '[unknown]') name = `[${module === '[unknown]' ? 'unknown' : module.replace(/.*\//, '')}]`
    name = name.replaceAll(';', ':')
    if (!/\.\([^\n]*\)\./.test(name)) name = name.replace(/\((?!anonymous namespace\))[^\n]*/, '')
    name = name.replaceAll(/["']/g, '')
    return this.dialect === 1 && name.includes('/') ? name.replace(/^L/, '') : name
  }
}

/** Folds whole output, in chunks that may end anywhere. */
export function foldPerfScript(chunks: Iterable<Uint8Array>): Buffer {
  const folder = new Folder()
  for (const chunk of chunks) folder.reader.push(chunk)
  folder.reader.end()
  return Buffer.from(folder.result(), 'latin1')
}
