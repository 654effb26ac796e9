import { expect, test } from 'vitest'
import type { Trial } from '../model/hunt.ts'
import { bisectPlanner, line } from './bisect/index.ts'
import { ratePlanner } from './rate.ts'
import { bugsOf, ofHuntedBug } from './same-bug.ts'

const versions = Array.from({ length: 64 }, (_, version) => version)
const bisection = bisectPlanner({
  over: 'version',
  versions,
  order: line(versions.map(String)),
  confidence: 0.95,
})

/** Failures of bug `a`, of bug `b`, and clean runs, by the version of each. */
const trialsOf = (...all: readonly { readonly version: number; readonly bug?: string }[]): Trial[] =>
  all.map(({ version, bug }, index) => ({
    number: index + 1,
    point: { version },
    why: '',
    seconds: 1,
    ...(bug === undefined ? { outcome: 'clean' } : { outcome: 'shown', signature: bug }),
  }))

const clean = [3, 7, 12, 18, 20, 25, 31].map((version) => ({ version }))
const everywhere = [2, 15, 28, 50].map((version) => ({ version, bug: 'everywhere' }))
const brought = [40, 46, 60].map((version) => ({ version, bug: 'brought' }))

test('a bisection hunts the bug that a version brought, not one that comes in all of them', () => {
  const trials = trialsOf(...clean, ...everywhere, ...brought)
  expect(bugsOf(trials, bisection)).toEqual([
    ['brought', 3],
    ['everywhere', 4],
  ])
  expect(ofHuntedBug(trials, bisection).filter(({ outcome }) => outcome === 'shown')).toHaveLength(3)
})

test('a bug that fits a little better, and comes far less often, is not hunted', () => {
  const often = [2, 5, 15, 28, 30, 44, 50, 52].map((version) => ({ version, bug: 'everywhere' }))
  const trials = trialsOf(...clean, ...often, { version: 60, bug: 'brought' })
  expect(bugsOf(trials, bisection)[0]).toEqual(['everywhere', 8])
})

test('where the question tells none from another, the one with most failures is', () => {
  const trials = trialsOf(...clean, ...everywhere, ...brought)
  const rate = ratePlanner({ width: 0.1, confidence: 0.95, between: null })
  expect(bugsOf(trials, rate)[0]).toEqual(['everywhere', 4])
})
