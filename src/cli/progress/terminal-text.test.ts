import { expect, test } from 'vitest'
import { cut, oneLine, padded, widthOf, wrapped } from './terminal-text.ts'

test('width in columns', () => {
  const texts = ['plain', '\u001B[31mred\u001B[39m', '東京', 'é', 'e\u0301', '🦊', '👩‍👩‍👧', '✔ ok', '한글', '']
  expect(texts.map(widthOf)).toEqual([5, 3, 4, 1, 1, 2, 2, 4, 4, 0])
})

test('lines are cut by width, and no style stays on', () => {
  expect(cut('東京都', 5)).toBe('東京…')
  expect(cut('東京都', 4)).toBe('東…')
  expect(cut('\u001B[31mabcdef\u001B[39m', 4)).toBe('\u001B[31mabc…\u001B[39m')
  expect(cut('abc', 3)).toBe('abc')
  expect(padded('東', 4)).toBe('東  ')
})

test('what a target prints cannot move the cursor', () => {
  expect(oneLine('a\u001B[2Jb\u001B]0;title\u0007c\u009B1Ad\u202Ee\r\nf')).toBe('abcd\uFFFDe f')
})

test('wrapping keeps long words whole', () => {
  expect(wrapped('one two /a/very/long/path three', 9)).toEqual(['one two', '/a/very/long/path', 'three'])
})
