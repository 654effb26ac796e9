import { expect, test } from 'vitest'
import type { Trial } from '../model/hunt.ts'
import { bisectPlanner, graph, line } from './bisect/index.ts'
import { ratePlanner } from './rate.ts'
import { bugsOf, ofHuntedBug } from './same-bug.ts'

const versions = Array.from({ length: 64 }, (_, version) => version)
const bisection = bisectPlanner({
  over: 'version',
  versions,
  order: line(versions.map(String)),
  confidence: 0.95,
})

/** Runs of versions: failures of a bug, or clean. */
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
  expect(
    ofHuntedBug(trials, bugsOf(trials, bisection)).filter(({ outcome }) => outcome === 'shown'),
  ).toHaveLength(3)
})

test('so it does where no change is in all versions, for the history has two roots', () => {
  // 0 - 1 - 2 ----- 6 - 7
  //     3 - 4 - 5 --/
  const labels = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7']
  const order = graph(labels, [[], [0], [1], [], [3], [4], [2, 5], [6]])
  const planner = bisectPlanner({
    over: 'version',
    versions: labels.keys().toArray(),
    order,
    confidence: 0.95,
  })
  const trials = trialsOf(
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((version) => ({ version })),
    ...[2, 3, 3, 4, 4, 5].map((version) => ({ version, bug: 'everywhere' })),
    ...[6, 6, 6, 7, 7].map((version) => ({ version, bug: 'brought' })),
  )
  expect(bugsOf(trials, planner)[0]).toEqual(['brought', 5])
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
