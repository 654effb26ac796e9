import { expect, test } from 'vitest'
import { systemClock, wallClockLead } from './clock.ts'

test('a clock begins as the wall clock, and never goes back', () => {
  const clock = systemClock()
  expect(wallClockLead(clock)).toBe(0)
  const times = Array.from({ length: 1000 }, () => clock.now())
  expect(times).toEqual(times.toSorted((a, b) => Number(a - b)))
})

test('a wall clock that was set is ahead, or behind', () => {
  const clock = { now: () => 1_000_000_000_000_000_000n, nowMs: () => 1e12 }
  expect(wallClockLead(clock, 1e12 + 3_600_000)).toBe(3600e9)
  expect(wallClockLead(clock, 1e12 - 3_600_000)).toBe(-3600e9)
  expect(wallClockLead(clock, 1e12 + 1)).toBe(0)
})
