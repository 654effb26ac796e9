/** Things that are listed again every second, mostly the same ones in the same order: devices, slabs, counters. */
import type { TextScanner } from './scan.ts'

interface Entry<T> {
  readonly name: string
  readonly state: T
  seen: number
}

/**
 * One state for each name: made when it is first listed, dropped when a listing leaves it out.
 *
 * A listing that repeats the previous order allocates nothing.
 */
export class Roster<T> {
  readonly #create: (name: string) => T
  readonly #drop: (state: T) => void
  readonly #entries = new Map<string, Entry<T>>()
  /** Entries in the order of the last listing. */
  readonly #order: Entry<T>[] = []
  #position = 0
  #listing = 0
  #seen = 0

  constructor(create: (name: string) => T, drop: (state: T) => void) {
    this.#create = create
    this.#drop = drop
  }

  /** Begins a listing. */
  begin(): void {
    this.#listing++
    this.#position = 0
    this.#seen = 0
  }

  /** State of the name that is the scanner's next word; the scanner is behind it afterwards. */
  take(scanner: TextScanner): T {
    const expected = this.#order[this.#position]
    const entry =
      expected !== undefined && scanner.accept(expected.name) ? expected : this.#find(scanner.word())
    this.#order[this.#position++] = entry
    if (entry.seen !== this.#listing) {
      entry.seen = this.#listing
      this.#seen++
    }
    return entry.state
  }

  /** Ends a listing: drops what it did not name. */
  end(): void {
    this.#order.length = this.#position
    if (this.#seen === this.#entries.size) return
    for (const [name, entry] of this.#entries) {
      if (entry.seen === this.#listing) continue
      this.#entries.delete(name)
      this.#drop(entry.state)
    }
  }

  #find(name: string): Entry<T> {
    let entry = this.#entries.get(name)
    if (entry === undefined) {
      entry = { name, state: this.#create(name), seen: 0 }
      this.#entries.set(name, entry)
    }
    return entry
  }
}
