import { expect, test } from 'vitest'
import { matchWithin } from './match.ts'

test('found or not; a pattern that takes for ever is given up, and other work goes on meanwhile', async () => {
  expect(await matchWithin('b+c', '', 'abbbc', 10_000)).toBe(true)
  expect(await matchWithin('^b', '', 'ab', 10_000)).toBe(false)
  let turns = 0
  const timer = setInterval(() => (turns += 1), 10)
  expect(await matchWithin('^(a+)+$', '', `${'a'.repeat(40)}b`, 300)).toBeUndefined()
  clearInterval(timer)
  expect(turns).toBeGreaterThan(3)
})
