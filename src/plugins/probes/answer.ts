/** Whether what a server answered is what was expected. */

/** Bytes of an answer that are looked at. */
export const mostAnswerBytes = 64 << 10
const QUOTED = 80

/** Whether the pattern matches the bytes read as UTF-8, or as Latin-1, in which `\xff` stands for the byte 255. */
export function matches(bytes: Uint8Array, pattern: RegExp): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return pattern.test(buffer.toString('utf8')) || pattern.test(buffer.toString('latin1'))
}

/** The beginning of an answer for a sentence, with whatever is not text escaped. */
export function quote(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, QUOTED)).toString('latin1')
  const shown = text.replaceAll(/[\\"]|[^ -~]/g, escapeCharacter)
  return `"${shown}${bytes.length > QUOTED ? '...' : ''}"`
}

function escapeCharacter(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '"' || character === '\\') return `\\${character}`
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
