/** Tokens of PromQL, by the rules of Prometheus 2.42 (promql/parser/lex.go). */
import type { PromqlProblem } from './ast.ts'
import { unquote } from './unquote.ts'

export type TokenType = 'identifier' | 'number' | 'duration' | 'string' | 'symbol' | 'end'

export interface Token {
  readonly type: TokenType
  /** The text as written; for a string its value. */
  readonly text: string
  readonly from: number
  readonly to: number
}

const space = /[ \t\r\n]+|#[^\r\n]*/y
const identifier = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y
const number = /(?:0[xX][0-9a-fA-F]*(?:\.[0-9a-fA-F]*)?|(?=\.?[0-9])[0-9]*(?:\.[0-9]*)?)(?:[eE][+-]?[0-9]*)?/y
const duration = /(?:[0-9]+(?:ms|[smhdwy]))+/y
const word = /[a-zA-Z0-9_]/
const quoted = /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|`[^`]*`/y
const symbol = /=~|==|=|!=|!~|>=|<=|[-+*/%^(){}[\],:@<>]/y
/** What a token that makes no sense extends to, so that one mistake is one problem. */
const junk = /[a-zA-Z0-9_.]+|[^]/uy

/** More mistakes than a person would read; the rest of the text is not looked at. */
export const maxProblems = 100

/** Splits the text; the last token is always `end`. Whatever is no token is reported and left out. */
export function lex(text: string, problems: PromqlProblem[]): Token[] {
  const tokens: Token[] = []
  let position = 0
  let inBraces = false
  let inBrackets = false

  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position
    return pattern.exec(text)?.[0]
  }
  const push = (type: TokenType, length: number, value?: string): void => {
    const to = position + length
    tokens.push({ type, text: value ?? text.slice(position, to), from: position, to })
    position = to
  }
  const report = (length: number, message: string, hint?: string): void => {
    problems.push({ offset: position, length, message, ...(hint === undefined ? {} : { hint }) })
    position += length
  }

  while (position < text.length && problems.length < maxProblems) {
    const skipped = match(space)
    if (skipped !== undefined && skipped !== '') {
      position += skipped.length
      continue
    }
    const character = text.charAt(position)
    if (character === '"' || character === "'" || character === '`') {
      const literal = match(quoted)
      if (literal === undefined) {
        const end = character === '`' ? -1 : text.indexOf('\n', position)
        report((end === -1 ? text.length : end) - position, `string without its closing ${character}`)
        continue
      }
      const value = unquote(literal)
      if ('problem' in value) report(literal.length, value.problem)
      else push('string', literal.length, value.text)
      continue
    }
    // A colon is part of a metric name, except in brackets, where it starts the step of a subquery.
    const name = match(inBraces || inBrackets ? labelName : identifier)
    if (name !== undefined) {
      push('identifier', name.length)
      continue
    }
    const digits = match(number)
    if (digits !== undefined && digits !== '' && !word.test(text.charAt(position + digits.length))) {
      push('number', digits.length)
      continue
    }
    const time = match(duration)
    if (time !== undefined && !word.test(text.charAt(position + time.length))) {
      push('duration', time.length)
      continue
    }
    const sign = match(symbol)
    if (sign === undefined || (sign === ':' && !inBrackets)) {
      const bad = match(junk) ?? character
      if (/^[0-9.]/.test(bad)) {
        report(
          bad.length,
          `\`${bad}\` is neither a number nor a duration`,
          'write 10, 1e3, 0x1f, 30s or 1h30m',
        )
      } else report(bad.length, `unexpected character \`${bad}\``)
      continue
    }
    if (sign === '{') inBraces = true
    else if (sign === '}') inBraces = false
    else if (sign === '[') inBrackets = true
    else if (sign === ']') inBrackets = false
    push('symbol', sign.length)
  }
  tokens.push({ type: 'end', text: '', from: text.length, to: text.length })
  return tokens
}

const units = [
  ['y', 31_536_000_000],
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

const ordered = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** Milliseconds of a duration such as `1h30m`, or what is wrong with it. Units must descend, each at most once. */
export function durationMs(text: string): number | { readonly problem: string } {
  const match = ordered.exec(text)
  if (match === null) return { problem: `\`${text}\`: units go from big to small, each once: y w d h m s ms` }
  let total = 0
  for (const [index, [, size]] of units.entries()) total += Number(match[index + 1] ?? 0) * size
  if (total === 0) return { problem: `\`${text}\`: a duration must be greater than 0` }
  // Prometheus keeps nanoseconds in 64 bits.
  if (total > 9_223_372_036_854) return { problem: `\`${text}\`: longer than 292 years` }
  return total
}

/** Value of a number token, as Go reads it (a leading 0 makes it octal), or `undefined`. */
export function numberValue(text: string): number | undefined {
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8)
  const value = Number(text)
  return Number.isNaN(value) ? undefined : value
}
