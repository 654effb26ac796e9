import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../test/harness/row-recorder.ts'
import { lineParser } from './line-parser.ts'

function messages(output: string | Uint8Array, size?: number) {
  const rows = recordRows()
  const parser = lineParser(rows, (sink) => ({
    line(message) {
      if (message.startsWith('bad')) return false
      sink.add('kernel_log', { message })
      return true
    },
  }))
  const stats = parseAll(parser, output, size)
  return { stats, messages: rows.of('kernel_log').map((row) => row.message) }
}

test('a chunk may end anywhere, also inside a character', () => {
  const output = 'one\nzwei ä\nbad\n\n'
  const whole = messages(output)
  expect(whole).toEqual({ stats: { lines: 4, rows: 3, bad: 1 }, messages: ['one', 'zwei ä', ''] })
  for (let size = 1; size < 8; size++) expect(messages(output, size)).toEqual(whole)
})

test('a last line without its newline was cut off: it is bad', () => {
  expect(messages('12345\n678')).toEqual({ stats: { lines: 2, rows: 1, bad: 1 }, messages: ['12345'] })
})

test('a giant line is one bad line, and what follows is parsed', () => {
  const giant = 'x'.repeat(3 << 20)
  expect(messages(`a\n${giant}\nb\n`)).toEqual({
    stats: { lines: 3, rows: 2, bad: 1 },
    messages: ['a', 'b'],
  })
  expect(messages(giant)).toEqual({ stats: { lines: 1, rows: 0, bad: 1 }, messages: [] })
})

test('the handler may find at the end that something is missing', () => {
  const parser = lineParser(recordRows(), () => ({ line: () => true, end: () => false }))
  expect(parseAll(parser, 'a\n')).toEqual({ lines: 1, rows: 0, bad: 1 })
})
