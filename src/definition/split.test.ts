import { expect, test } from 'vitest'
import { splitText } from './split.ts'

const pieces = (text: string): unknown => {
  const { defaults, definition, ignored } = splitText(text)
  return [defaults?.text, definition.text, ignored.length]
}

test.each([
  ['a: 1', [undefined, 'a: 1', 0]],
  ['a: 1\n---\nb: 2\n', ['a: 1', 'b: 2\n', 0]],
  ['a: 1\r\n---\r\nb: 2\r\n', ['a: 1\r', 'b: 2\r\n', 0]],
  ['---\nb: 2', [undefined, 'b: 2', 0]],
  ['# only a comment\n---\nb: 2', [undefined, 'b: 2', 0]],
  ['---\na: 1\n---\nb: 2', ['a: 1', 'b: 2', 0]],
  ['a: 1\n---\nb: 2\n---\nc: 3', ['a: 1', 'c: 3', 1]],
  ['a: |\n  ---\n  text\n', [undefined, 'a: |\n  ---\n  text\n', 0]],
  ['a: 1\n--- b: 2', ['a: 1', ' b: 2', 0]],
  ['', [undefined, '', 0]],
])('%j', (text, expected) => {
  expect(pieces(text)).toEqual(expected)
})

test('offsets are those of the file', () => {
  const text = 'a: 1\r\n---\r\nb: 2\n'
  const { definition } = splitText(text)
  expect(text.slice(definition.offset)).toBe(definition.text)
})
