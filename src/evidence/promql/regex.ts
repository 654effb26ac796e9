/**
 * RE2 regular expressions, as Prometheus takes them, in JavaScript's terms.
 *
 * The syntax is that of Go's regexp/syntax. Each atom is written anew with code points escaped, so that nothing means
 * something else here. Lookaround and back references do not exist in RE2 and are refused.
 */

const perlClasses: Readonly<Record<string, string>> = { d: '0-9', s: '\\t\\n\\f\\r\\u{20}', w: '0-9A-Za-z_' }

const posixClasses: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t\\u{20}',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e',
  space: '\\t\\n\\v\\f\\r\\u{20}',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 }

interface Flags {
  readonly ignoreCase: boolean
  readonly multiLine: boolean
  readonly dotAll: boolean
}

/** Go allows 1000. */
const maxDepth = 200

class RegexProblem extends Error {}

/** Rewrites one expression; `position` moves over the pattern as it goes. */
class Translator {
  private position = 0
  private depth = 0
  private readonly pattern: string

  constructor(pattern: string) {
    this.pattern = pattern
  }

  whole(): string {
    const result = this.alternatives({ ignoreCase: false, multiLine: false, dotAll: false })
    if (this.position < this.pattern.length) throw new RegexProblem('a `)` without its `(`')
    return result
  }

  private take(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.position
    const match = expression.exec(this.pattern)
    if (match !== null) this.position += match[0].length
    return match
  }

  /** Up to the end of the pattern or of the group; flags set in the middle hold until there. */
  private alternatives(outer: Flags): string {
    let flags = outer
    let result = ''
    let repeatable = false
    while (this.position < this.pattern.length && this.pattern.charAt(this.position) !== ')') {
      const inline = this.take(/\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?\)/uy)
      if (inline !== null) {
        flags = withFlags(flags, inline[1] ?? '', inline[2] ?? '')
        repeatable = false
      } else if (this.take(/\|/uy) !== null) {
        result += '|'
        repeatable = false
      } else {
        const repetition = this.take(/([*+?]|\{(\d+)(?:,(\d*))?\})(\??)/uy)
        if (repetition === null) {
          result += this.atom(flags)
          repeatable = true
        } else {
          if (!repeatable) throw new RegexProblem(`nothing for \`${repetition[0]}\` to repeat`)
          if (Number(repetition[2] ?? 0) > 1000 || Number(repetition[3] ?? 0) > 1000) {
            throw new RegexProblem(`\`${repetition[0]}\` repeats more than 1000 times`)
          }
          result += repetition[0]
          repeatable = false
        }
      }
    }
    return result
  }

  private atom(flags: Flags): string {
    const open = this.take(/\((?:\?(?:P<([A-Za-z0-9_]+)>|([a-zA-Z]*)(?:-([a-zA-Z]+))?:))?/uy)
    if (open !== null) return this.group(open, flags)
    if (this.take(/\./uy) !== null) return flags.dotAll ? '[\\u{0}-\\u{10ffff}]' : '[^\\n]'
    if (this.take(/\^/uy) !== null) return flags.multiLine ? '(?:^|(?<=\\n))' : '(?:^)'
    if (this.take(/\$/uy) !== null) return flags.multiLine ? '(?:$|(?=\\n))' : '(?:$)'
    const quoted = this.take(/\\Q([^]*?)(?:\\E|$)/uy)
    if (quoted !== null) {
      return `(?:${Array.from(quoted[1] ?? '', (character) => cased(point(character), flags)).join('')})`
    }
    const edge = this.take(/\\([AzbB])/uy)?.[1]
    if (edge !== undefined) return edge === 'A' ? '(?:^)' : edge === 'z' ? '(?:$)' : `(?:\\${edge})`
    const named = this.namedClass()
    if (named !== undefined) return cased(`[${named}]`, flags)
    if (this.take(/\[/uy) !== null) return cased(this.characterClass(), flags)
    return cased(this.character(), flags)
  }

  private group(open: RegExpExecArray, flags: Flags): string {
    const [text, name, on, off] = open
    if (text === '(' && this.pattern.charAt(this.position) === '?') {
      throw new RegexProblem('`(?` begins something that RE2 does not have, such as lookaround')
    }
    if (++this.depth > maxDepth) throw new RegexProblem(`more than ${maxDepth} groups within each other`)
    const inner = on === undefined ? flags : withFlags(flags, on, off ?? '')
    const body = this.alternatives(inner)
    if (this.take(/\)/uy) === null) throw new RegexProblem('a `(` without its `)`')
    this.depth--
    return `${on !== undefined ? '(?:' : name === undefined ? '(' : `(?<${name}>`}${body})`
  }

  /** The inside of a class for `\d`, `\pL` and the like. */
  private namedClass(): string | undefined {
    const perl = this.take(/\\([dswDSW])/uy)?.[1]
    if (perl !== undefined) {
      const members = perlClasses[perl.toLowerCase()] ?? ''
      return perl === perl.toLowerCase() ? members : `[^${members}]`
    }
    const unicode = this.take(/\\([pP])(?:\{(\^?)(\w+)\}|(\w))/uy)
    if (unicode === null) return undefined
    const [, letter, caret, long, short] = unicode
    const name = long ?? short ?? ''
    const negated = (letter === 'P') !== (caret === '^')
    return `\\${negated ? 'P' : 'p'}{${name.length <= 2 ? name : `Script=${name}`}}`
  }

  private characterClass(): string {
    let result = this.take(/\^/uy) === null ? '[' : '[^'
    for (let first = true; first || this.pattern.charAt(this.position) !== ']'; first = false) {
      if (this.position >= this.pattern.length) throw new RegexProblem('a `[` without its `]`')
      const posix = this.take(/\[:(\^?)(\w+):\]/uy)
      if (posix !== null) {
        const members = Object.hasOwn(posixClasses, posix[2] ?? '') ? posixClasses[posix[2] ?? ''] : undefined
        if (members === undefined) throw new RegexProblem(`\`${posix[0]}\` is no character class`)
        result += posix[1] === '^' ? `[^${members}]` : members
        continue
      }
      const named = this.namedClass()
      if (named !== undefined) {
        result += named
        continue
      }
      const from = this.character()
      result += this.take(/-(?!\])/uy) === null ? from : `${from}-${this.character()}`
    }
    this.position++
    return `${result}]`
  }

  private character(): string {
    const plain = this.take(/[^\\]/uy)
    if (plain !== null) return point(plain[0])
    const escape = this.take(
      /\\(?:x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|(0[0-7]{0,2}|[1-7][0-7]{1,2})|([^]))/uy,
    )
    if (escape === null) throw new RegexProblem('it ends with a backslash')
    const [whole, braced, hex, octal, letter] = escape
    const digits = braced ?? hex
    if (digits !== undefined) return `\\u{${digits}}`
    if (octal !== undefined) return `\\u{${Number.parseInt(octal, 8).toString(16)}}`
    if (letter !== undefined && Object.hasOwn(controls, letter)) {
      return `\\u{${controls[letter]?.toString(16)}}`
    }
    if (letter === undefined || /[A-Za-z0-9\u{80}-\u{10ffff}]/u.test(letter)) {
      throw new RegexProblem(`\`${whole}\` is no escape of RE2`)
    }
    return point(letter)
  }
}

const point = (character: string): string =>
  /[A-Za-z0-9_]/.test(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`

const cased = (atom: string, flags: Flags): string => (flags.ignoreCase ? `(?i:${atom})` : atom)

function withFlags(flags: Flags, on: string, off: string): Flags {
  const unknown = /[^ims]/.exec(on + off)?.[0]
  if (unknown !== undefined) {
    throw new RegexProblem(`the flag \`${unknown}\` is not supported; i, m and s are`)
  }
  const has = (flag: string, before: boolean): boolean =>
    off.includes(flag) ? false : on.includes(flag) || before
  return {
    ignoreCase: has('i', flags.ignoreCase),
    multiLine: has('m', flags.multiLine),
    dotAll: has('s', flags.dotAll),
  }
}

/** The expression, anchored at both ends as Prometheus does, or a sentence on what is wrong with it. */
export function compileRegex(pattern: string): RegExp | { readonly problem: string } {
  try {
    return new RegExp(`^(?:${new Translator(pattern).whole()})$`, 'v')
  } catch (error) {
    if (error instanceof RegexProblem) return { problem: error.message }
    if (error instanceof SyntaxError) return { problem: error.message.replace(/^.*\/v: /, '') }
    throw error
  }
}
