/** Text of the user's as it may stand in a message on a terminal. */

/** Characters that move the cursor, hide text or turn it around are shown as their codes. */
export function inert(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}

/** A name in backquotes, cut after 60 characters. */
export function quote(text: string): string {
  return `\`${inert(text.length > 60 ? `${text.slice(0, 57)}...` : text)}\``
}
