import { expect, test } from 'vitest'
import { quote } from './quote.ts'

test('what could move the cursor or turn the text around is shown as its code', () => {
  expect(quote('a\u001b[2Jb\n')).toBe('`a\\u001b[2Jb\\u000a`')
  expect(quote('\u202egnp.exe')).toBe('`\\u202egnp.exe`')
})

test('long names are cut', () => {
  expect(quote('x'.repeat(1000))).toHaveLength(62)
})
