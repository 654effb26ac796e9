/** Where a character of a scalar's content stands in the text that was written: behind quotes, escapes and indentation. */
import type { ScalarTree } from './tree.ts'

/**
 * Offset in `text` of the character `offset` of the scalar's content. Characters that are not blanks are found exactly;
 * a blank inside folded text may be off by some blanks.
 */
export function contentOffset(text: string, scalar: ScalarTree, offset: number): number {
  const raw = text.slice(scalar.start, scalar.end)
  let at = contentStart(raw, scalar.style)
  const wanted = Math.min(offset, scalar.text.length)
  for (let index = 0; index <= wanted; index += 1) {
    if (scalar.style === 'double') at = skipContinuations(raw, at)
    const isContentBlank = isBlank(scalar.text[index])
    if (!isContentBlank) while (isBlank(raw[at]) && at < raw.length) at += 1
    if (index === wanted) break
    at += widthOf(raw, at, scalar.style)
  }
  return scalar.start + Math.min(at, raw.length)
}

function contentStart(raw: string, style: ScalarTree['style']): number {
  if (style === 'plain') return 0
  if (style !== 'block') return 1
  const newline = raw.indexOf('\n')
  return newline < 0 ? raw.length : newline + 1
}

/** A backslash at the end of a line joins it with the next one: neither it nor the indentation is content. */
function skipContinuations(raw: string, from: number): number {
  let at = from
  for (;;) {
    const match = /^[ \t]*\\\r?\n\s*/.exec(raw.slice(at, at + 400))
    if (match === null) return at
    at += match[0].length
  }
}

function widthOf(raw: string, at: number, style: ScalarTree['style']): number {
  if (style === 'single' && raw.startsWith("''", at)) return 2
  if (style !== 'double' || raw[at] !== '\\') return 1
  return { x: 4, u: 6, U: 10 }[raw[at + 1] ?? ''] ?? 2
}

const isBlank = (character: string | undefined): boolean =>
  character === ' ' || character === '\n' || character === '\t' || character === '\r'
