import { expect, test } from 'vitest'
import { encodeCommand, ReplyError, ReplyReader } from './resp.ts'

test('a command is an array of bulk strings, whose lengths are in bytes', () => {
  expect(encodeCommand(['SET', 'ключ', ''])).toBe('*3\r\n$3\r\nSET\r\n$8\r\nключ\r\n$0\r\n\r\n')
})

test('replies of all types, however they are cut', () => {
  const text =
    '+OK\r\n-ERR no\r\n:-7\r\n$-1\r\n$8\r\nключ\r\n$2\r\n\r\n\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n*-1\r\n'
  const whole = ['OK', new ReplyError('ERR no'), -7, null, 'ключ', '\r\n', ['a', [1]], null]
  const bytes = Buffer.from(text)
  for (let size = 1; size <= bytes.length; size += 1) {
    const reader = new ReplyReader()
    const replies = []
    for (let at = 0; at < bytes.length; at += size)
      replies.push(...reader.push(bytes.subarray(at, at + size)))
    expect(replies).toEqual(whole)
  }
})

test('what is no reply is refused', () => {
  expect(() => new ReplyReader().push(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toThrow(
    'no reply of Redis: "HTTP/1.1 400 Bad Request"',
  )
})
