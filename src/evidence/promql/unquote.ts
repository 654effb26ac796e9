/** String literals of PromQL: Go's escapes in either quote, none in backquotes. */

const simple: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
}

const escape = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([^]))/y

/** The value of a literal with its quotes, or what is wrong with it. `\x` and octal escapes are bytes of UTF-8. */
export function unquote(literal: string): { readonly text: string } | { readonly problem: string } {
  const quote = literal.charAt(0)
  const body = literal.slice(1, -1)
  if (quote === '`' || !body.includes('\\')) return { text: body }
  const parts: Uint8Array[] = []
  let position = 0
  while (position < body.length) {
    const next = body.indexOf('\\', position)
    const plainEnd = next === -1 ? body.length : next
    if (plainEnd > position) parts.push(Buffer.from(body.slice(position, plainEnd)))
    if (next === -1) break
    escape.lastIndex = next
    const match = escape.exec(body)
    if (match === null) return { problem: 'a string ends in the middle of an escape' }
    const [whole, hexByte, unicode4, unicode8, octal, letter] = match
    const codePoint = unicode4 ?? unicode8
    if (hexByte !== undefined) parts.push(Uint8Array.of(Number.parseInt(hexByte, 16)))
    else if (codePoint !== undefined) {
      const code = Number.parseInt(codePoint, 16)
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return { problem: `${whole} is no character` }
      parts.push(Buffer.from(String.fromCodePoint(code)))
    } else if (octal !== undefined) {
      const byte = Number.parseInt(octal, 8)
      if (byte > 255) return { problem: `${whole} is no byte` }
      parts.push(Uint8Array.of(byte))
    } else if (letter !== undefined) {
      const byte =
        letter === quote ? quote.charCodeAt(0) : Object.hasOwn(simple, letter) ? simple[letter] : undefined
      if (byte === undefined) {
        return { problem: `unknown escape ${whole}; a backslash itself is written \\\\` }
      }
      parts.push(Uint8Array.of(byte))
    }
    position = next + whole.length
  }
  return { text: Buffer.concat(parts).toString() }
}
