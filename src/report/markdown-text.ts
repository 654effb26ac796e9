/** Text of systems under test in Markdown as GitHub reads it (https://github.github.com/gfm): shown, and nothing else. */
import { shortened, visible, visibleLine } from './text.ts'

const MOST_CHARACTERS = 2000
const MOST_IN_CELL = 300

/** One line in which nothing has a meaning but code between backticks: no markup, links, mentions or references. */
export function inline(text: string, limit = MOST_CHARACTERS): string {
  const parts = shortened(visibleLine(text), limit).split('`')
  const closed = parts.length % 2 === 1
  if (!closed) return plain(parts.join("'"))
  return parts.map((part, index) => (index % 2 === 1 ? code(part) : plain(part))).join('')
}

/** Text for a cell of a table. */
export const cell = (text: string): string => inline(text, MOST_IN_CELL)

/** Text as a code span; a bar would end a cell even there. */
export function code(text: string): string {
  const shown = visibleLine(text).replaceAll('`', "'").replaceAll('|', '¦')
  return shown === '' ? '' : `\`${shown}\``
}

/** A block with a fence longer than any in the text. */
export function fenced(language: string, text: string): string[] {
  const longest = [...text.matchAll(/`+/g)].reduce((most, [ticks]) => Math.max(most, ticks.length), 2)
  const fence = '`'.repeat(longest + 1)
  return [`${fence}${language}`, ...visible(text).split('\n'), fence]
}

const plain = (text: string): string =>
  text
    .replaceAll(/[\\*[\]<>|~&$]/g, String.raw`\$&`)
    // An underscore within a word means nothing, and names are full of them.
    .replaceAll(/(?<![\p{L}\p{N}_])_|_(?![\p{L}\p{N}_])/gu, String.raw`\_`)
    // Addresses would become links, and a page that is shown elsewhere should not carry any.
    .replaceAll(/:(?=\/\/)/g, String.raw`\:`)
    .replaceAll(/\bwww\./gi, String.raw`www\.`)
    // An empty comment keeps GitHub from reading a mention of a person or a reference to an issue.
    .replaceAll(/[@#](?=\w)/g, '$&<!-- -->')
    // What would begin a list or a heading.
    .replace(/^[-+=#]/, String.raw`\$&`)
    .replace(/^(\d+)([.)])/, String.raw`$1\$2`)
