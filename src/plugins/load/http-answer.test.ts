import { describe, expect, test } from 'vitest'
import { HttpAnswerReader } from './http-answer.ts'

interface Read {
  readonly status?: number
  readonly body?: string
  readonly keepsAlive: boolean
}

/** Reads bytes that come in pieces of a size, and then the end of the connection. */
function read(text: string | Buffer, size: number, method = 'GET'): Read {
  const bytes = Buffer.from(text)
  const reader = new HttpAnswerReader(method, true)
  for (let at = 0; at < bytes.length; at += size) {
    const answer = reader.take(bytes.subarray(at, at + size))
    if (answer !== undefined && at + size >= bytes.length) return { ...answer, keepsAlive: reader.keepsAlive }
  }
  return { ...reader.end(), keepsAlive: false }
}

const head = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`
const answers: Record<string, readonly [text: string, read: Read, method?: string]> = {
  'with a length': [
    `${head('HTTP/1.1 200 OK', 'content-LENGTH: 5 ')}häll`,
    { status: 200, body: 'häll', keepsAlive: true },
  ],
  'without a body': [head('HTTP/1.1 200', 'Content-Length: 0'), { status: 200, body: '', keepsAlive: true }],
  'that never has one': [head('HTTP/1.1 204 No Content'), { status: 204, body: '', keepsAlive: true }],
  'to HEAD': [
    head('HTTP/1.1 200 OK', 'Content-Length: 5'),
    { status: 200, body: '', keepsAlive: true },
    'HEAD',
  ],
  'in chunks, with an extension and a trailer': [
    `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked')}3;a="b"\r\nab\r\r\nA \r\n0123456789\r\n0\r\nDigest: x\r\n\r\n`,
    { status: 200, body: 'ab\r0123456789', keepsAlive: true },
  ],
  'until the connection ends': [
    `${head('HTTP/1.1 200 OK')}rest`,
    { status: 200, body: 'rest', keepsAlive: false },
  ],
  'after others that are not final': [
    head('HTTP/1.1 100 Continue') +
      head('HTTP/1.1 103 Early Hints', 'Link: </a>') +
      head('HTTP/1.1 304 Not Modified'),
    { status: 304, body: '', keepsAlive: true },
  ],
  'that is the last': [
    head('HTTP/1.1 503 Busy', 'Connection: Close', 'Content-Length: 0'),
    { status: 503, body: '', keepsAlive: false },
  ],
  'of HTTP/1.0': [head('HTTP/1.0 200 OK', 'Content-Length: 0'), { status: 200, body: '', keepsAlive: false }],
  'of HTTP/1.0 that stays': [
    head('HTTP/1.0 200 OK', 'Connection: keep-alive', 'Content-Length: 0'),
    { status: 200, body: '', keepsAlive: true },
  ],
}

describe('an answer', () => {
  test.for(Object.entries(answers))('%s, in pieces of any size', ([, [text, expected, method]]) => {
    for (let size = 1; size <= Buffer.byteLength(text); size += 1)
      expect(read(text, size, method), `pieces of ${size}`).toEqual(expected)
  })

  test('cut off anywhere is none', () => {
    for (const [text, { keepsAlive }] of Object.values(answers).filter(
      ([, , method]) => method === undefined,
    )) {
      if (!keepsAlive) continue
      for (let end = 1; end < Buffer.byteLength(text); end += 1)
        expect(read(Buffer.from(text).subarray(0, end), end)).toEqual({
          keepsAlive: false,
        })
    }
  })

  test('with something behind it ends the connection', () => {
    const one = head('HTTP/1.1 200 OK', 'Content-Length: 0')
    expect(read(one + one, 1000)).toEqual({ status: 200, body: '', keepsAlive: false })
  })

  test('that is none is said to be', () => {
    const fails =
      (text: string): (() => unknown) =>
      () =>
        read(text, 1 << 20)
    expect(fails(head('SSH-2.0-OpenSSH_9.2'))).toThrow('no answer of HTTP/1.1: "SSH-2.0-OpenSSH_9.2"')
    expect(fails('x'.repeat(70_000))).toThrow('no end of a line or head in 65536 bytes')
    const chunked = head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')
    expect(fails(`${chunked}many\r\n`)).toThrow('no size of a chunk: "many"')
    expect(fails(`${chunked}-1\r\n`)).toThrow('no size of a chunk')
    expect(fails(`${chunked}2\r\nabc\r\n`)).toThrow('a chunk is longer than it says')
  })
})
