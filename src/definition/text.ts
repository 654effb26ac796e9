/** What can be wrong with a file before it is read as anything. */
import { limits } from './limits.ts'
import { lineTable } from './position.ts'
import type { Problems } from './problems/problems.ts'

/** The text without a byte order mark; `undefined` when it is too large or not text. */
export function checkText(
  input: { readonly file: string; readonly text: string },
  problems: Problems,
): string | undefined {
  const { file } = input
  const text = input.text.startsWith('\ufeff') ? input.text.slice(1) : input.text
  if (text.length > limits.source) {
    const millions = (text.length / 1e6).toFixed(1)
    problems.add(
      { file, line: 1, column: 1 },
      `the file has ${millions} million characters; a definition has at most ${limits.source}`,
      'keep data in files of their own and name them in the definition',
    )
    return undefined
  }
  const odd = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]|\r(?!\n)/.exec(text)
  if (odd === null) return text
  const at = lineTable(file, text).at(odd.index)
  problems.add(
    at,
    `not a text: ${nameOf(odd[0])}`,
    'a definition is YAML in UTF-8, with LF or CR LF after each line',
  )
  return undefined
}

function nameOf(character: string): string {
  if (character === '\ufffd') return 'bytes that are not UTF-8'
  if (character === '\r') return 'a carriage return without a line feed'
  return `the control character U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
