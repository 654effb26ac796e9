import { expect, test } from 'vitest'
import { compileRegex } from './regex.ts'

function matches(pattern: string, value: string): boolean {
  const regex = compileRegex(pattern)
  if ('problem' in regex) throw new Error(regex.problem)
  return regex.test(value)
}

test.each([
  ['a|b', 'ab', false],
  ['a|b', 'b', true],
  ['', '', true],
  ['a.c', 'a\u2028c', true],
  ['a.c', 'a\nc', false],
  ['(?s)a.c', 'a\nc', true],
  ['a(?i)b|c', 'aB', true],
  ['a(?i)b|c', 'C', true],
  ['a(?i:b)c', 'aBC', false],
  ['(?i)ÄÖ', 'äö', true],
  ['(?i-i)a', 'A', false],
  ['\\Qa.b\\E+', 'a.ba.b', true],
  ['\\d+\\D\\s\\S\\w\\W', '12x \u00a0a-', true],
  ['\\s', '\u00a0', false],
  ['[\\d\\-x]+', '1-x', true],
  ['[^[:digit:][:space:]]', '5', false],
  ['[[:^digit:]]', 'a', true],
  ['[]a]+', ']a', true],
  ['[a&&b]+', 'a&b', true],
  ['[a-]', '-', true],
  ['\\pL\\p{Greek}\\P{Lu}', 'xαb', true],
  ['\\x41\\x{1F600}\\101', 'A😀A', true],
  ['😀{2}', '😀😀', true],
  ['a{,2}', 'a{,2}', true],
  ['a{2,3}?', 'aaaa', false],
  ['(?P<first>a)(b)', 'ab', true],
  ['\\Aa\\z', 'a', true],
  ['^a$', 'a', true],
  ['a/b', 'a/b', true],
])('%j on %j: %j', (pattern, value, expected) => {
  expect(matches(pattern, value)).toBe(expected)
})

test.each([
  '(',
  ')',
  '[',
  'a**',
  '*',
  '(?=a)',
  '(?<!a)',
  '\\1',
  '\\8',
  '\\q',
  '(?x)a',
  'a{1001}',
  '[z-a]',
  '\\p{Nosuch}',
  'a\\',
  '[[:nosuch:]]',
  '(?<n>a)',
])('%j is refused', (pattern) => {
  expect(compileRegex(pattern)).toEqual({ problem: expect.any(String) })
})
