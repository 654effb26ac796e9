/** Text of systems under test, made safe to show: in a page, in XML, in Markdown and on a terminal. */

/**
 * Control characters (tab and newline apart), overrides of the writing direction, invisible marks, line separators,
 * lone surrogates and non-characters: they garble a line, hide text, or make a file invalid.
 */
const UNSHOWABLE =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028\u2029\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFC\uFFFE\uFFFF]|\p{Surrogate}/gu

/** The text with every character that cannot be shown as U+FFFD; tabs and newlines stay, carriage returns become newlines. */
export const visible = (text: string): string =>
  text.replaceAll(/\r\n?/g, '\n').replaceAll(UNSHOWABLE, '\uFFFD')

/** The same on one line. */
export const visibleLine = (text: string): string => visible(text).replaceAll(/\s+/g, ' ').trim()

/** JSON in which such characters are written as escapes: the same value, and safe to print. */
export const visibleJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replaceAll(
    UNSHOWABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Cuts a text that is longer than `limit` characters, and says how much is left out. */
export function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text
  const kept = text.slice(0, limit).replace(/[\uD800-\uDBFF]$/, '')
  return `${kept}… (${(text.length - kept.length).toLocaleString('en-US')} characters more)`
}
