/** Text on a terminal: its width in columns, and cutting and wrapping by it. */
import { stripVTControlCharacters } from 'node:util'
import { visibleLine } from '../../report/text.ts'

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Scripts that terminals draw two columns wide (Unicode Standard Annex 11, East Asian Width W and F), and emoji. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1B000}-\u{1B2FF}\u{1F200}-\u{1F2FF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\uFE0F/u
const ZERO = /^[\p{Mark}\p{Format}]+$/u
const STYLE = /(\u001B\[[0-9;]*m)/

const widthOfGrapheme = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : ZERO.test(grapheme) ? 0 : 1)

/** Columns that a line takes; escape sequences take none. */
export function widthOf(line: string): number {
  const text = stripVTControlCharacters(line)
  if (/^[\u0020-\u007E]*$/.test(text)) return text.length
  return [...graphemes.segment(text)].reduce((sum, { segment }) => sum + widthOfGrapheme(segment), 0)
}

/** Text from a system under test on one line, without anything that a terminal would obey. */
export const oneLine = (text: string): string => visibleLine(stripVTControlCharacters(text))

/** Cuts a styled line to a number of columns, with an ellipsis; every style sequence stays, so that none is left on. */
export function cut(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line
  let room = Math.max(0, columns - 1)
  let full = false
  let out = ''
  for (const part of line.split(STYLE)) {
    if (part.startsWith('\u001B')) {
      out += part
      continue
    }
    for (const { segment } of graphemes.segment(part)) {
      const width = widthOfGrapheme(segment)
      if (full) break
      if (width > room) {
        out += '…'
        full = true
      } else {
        out += segment
        room -= width
      }
    }
  }
  return out
}

/** Pads a line on the right to a number of columns, or cuts it. */
export const padded = (line: string, columns: number): string => {
  const fitting = cut(line, columns)
  return fitting + ' '.repeat(Math.max(0, columns - widthOf(fitting)))
}

/** Breaks at blanks; a word that is longer than the width keeps a line for itself, so that it can be copied. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + widthOf(word) + 1 > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
