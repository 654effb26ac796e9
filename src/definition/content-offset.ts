/** Where a character of a scalar's content stands in the text that was written: behind quotes, escapes and indentation. */
import type { ScalarTree } from './tree.ts'

/** Offset in `text` of the character `offset` of the scalar's content; of a blank in folded text only nearly. */
export function contentOffset(text: string, scalar: ScalarTree, offset: number): number {
  const { style, text: content } = scalar
  const raw = text.slice(scalar.start, scalar.end)
  const wanted = Math.min(offset, content.length)
  let at = contentStart(raw, style)
  let index = 0
  for (;;) {
    at = skipUnseen(raw, at, style, isBlank(content[index]))
    if (index >= wanted) return scalar.start + Math.min(at, raw.length)
    const fold = style === 'block' ? undefined : foldAt(raw, at)
    at += fold?.width ?? widthOf(raw, at, style)
    index += fold?.content ?? 1
  }
}

function contentStart(raw: string, style: ScalarTree['style']): number {
  if (style === 'plain') return 0
  if (style !== 'block') return 1
  const newline = raw.indexOf('\n')
  return newline < 0 ? raw.length : newline + 1
}

/** Past what is no content: a backslash at the end of a line with the indentation after it; blanks before a word. */
function skipUnseen(raw: string, from: number, style: ScalarTree['style'], isContentBlank: boolean): number {
  let at = from
  for (;;) {
    const isContinued =
      style === 'double' && raw[at] === '\\' && (raw[at + 1] === '\n' || raw[at + 1] === '\r')
    if (isContinued) {
      at += 2
      while (isBlank(raw[at])) at += 1
    } else if (!isContentBlank && isBlank(raw[at])) {
      at += 1
    } else {
      return at
    }
  }
}

/** A line break in quoted or plain text, with the blanks around it: one is a space, each further one a line feed. */
function foldAt(raw: string, at: number): { readonly width: number; readonly content: number } | undefined {
  if (!isBlank(raw[at])) return undefined
  let end = at
  let breaks = 0
  for (; isBlank(raw[end]); end += 1) if (raw[end] === '\n') breaks += 1
  return breaks === 0 ? undefined : { width: end - at, content: Math.max(1, breaks - 1) }
}

function widthOf(raw: string, at: number, style: ScalarTree['style']): number {
  if (style === 'single' && raw.startsWith("''", at)) return 2
  if (style !== 'double' || raw[at] !== '\\') return 1
  return { x: 4, u: 6, U: 10 }[raw[at + 1] ?? ''] ?? 2
}

const isBlank = (character: string | undefined): boolean =>
  character === ' ' || character === '\n' || character === '\t' || character === '\r'
