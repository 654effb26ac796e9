/** Reads words and numbers out of text without allocating, for files that are read again every second. */

const SPACE = 32
const TAB = 9
const NEWLINE = 10
const MINUS = 45
const POINT = 46
const ZERO = 48

/** A cursor over a text. Words are separated by blanks; nothing but `nextLine` moves beyond the end of a line. */
export class TextScanner {
  text = ''
  at = 0

  /** Starts over with another text, at `at`. */
  read(text: string, at = 0): void {
    this.text = text
    this.at = at
  }

  /** Moves to the next word of this line. */
  blanks(): void {
    const { text } = this
    let at = this.at
    for (let code = text.charCodeAt(at); code === SPACE || code === TAB;) code = text.charCodeAt(++at)
    this.at = at
  }

  /** Whether there is another word on this line. */
  more(): boolean {
    this.blanks()
    return this.at < this.text.length && this.text.charCodeAt(this.at) !== NEWLINE
  }

  /** The next word as a decimal number and moves behind its digits; NaN, and stays, when it does not start with one. */
  number(): number {
    this.blanks()
    const { text } = this
    let at = this.at
    const negative = text.charCodeAt(at) === MINUS
    if (negative) at++
    const start = at
    let value = 0
    let digit = text.charCodeAt(at) - ZERO
    for (; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - ZERO) value = value * 10 + digit
    if (at === start) return Number.NaN
    if (text.charCodeAt(at) === POINT) {
      let scale = 1
      digit = text.charCodeAt(++at) - ZERO
      for (; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - ZERO) {
        value = value * 10 + digit
        scale *= 10
      }
      value /= scale
    }
    this.at = at
    return negative ? -value : value
  }

  /** Moves behind the next `count` words of this line. */
  skip(count: number): void {
    for (let word = 0; word < count; word++) {
      this.blanks()
      this.at = this.#endOfWord()
    }
  }

  /** The next word of this line; empty at its end. */
  word(): string {
    this.blanks()
    const start = this.at
    this.at = this.#endOfWord()
    return this.text.slice(start, this.at)
  }

  /** Whether the next word is `word`; moves behind it if so. */
  accept(word: string): boolean {
    this.blanks()
    if (!this.text.startsWith(word, this.at)) return false
    const end = this.at + word.length
    const code = this.text.charCodeAt(end)
    if (code !== SPACE && code !== TAB && code !== NEWLINE && end < this.text.length) return false
    this.at = end
    return true
  }

  /** Moves to the start of the next line; false when there is none. */
  nextLine(): boolean {
    const end = this.text.indexOf('\n', this.at)
    this.at = end < 0 ? this.text.length : end + 1
    return this.at < this.text.length
  }

  #endOfWord(): number {
    const { text } = this
    let at = this.at
    while (at < text.length) {
      const code = text.charCodeAt(at)
      if (code === SPACE || code === TAB || code === NEWLINE) break
      at++
    }
    return at
  }
}
