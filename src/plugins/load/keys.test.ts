import { expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import { keyChooser, weightedChooser } from './keys.ts'

const DRAWS = 100_000

function shares(choose: (random: ReturnType<typeof seededRandom>) => number, count: number): number[] {
  const random = seededRandom(1)
  const counts = Array.from({ length: count }, () => 0)
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const key = choose(random)
    counts[key] = (counts[key] ?? Number.NaN) + 1 / DRAWS
  }
  return counts
}

test('zipfian keys have the shares of the distribution', () => {
  const count = 1000
  const given = shares(keyChooser('zipfian', count), count)
  let zeta = 0
  for (let rank = 1; rank <= count; rank += 1) zeta += 1 / rank ** 0.99
  // The first two are exact; the rest is an approximation, whose sum is looked at.
  expect(given[0]).toBeCloseTo(1 / zeta, 2)
  expect(given[1]).toBeCloseTo(1 / 2 ** 0.99 / zeta, 2)
  let firstHundred = 0
  for (let rank = 1; rank <= 100; rank += 1) firstHundred += 1 / rank ** 0.99 / zeta
  expect(given.slice(0, 100).reduce((sum, share) => sum + share, 0)).toBeCloseTo(firstHundred, 1)
})

test('uniform keys are all alike', () => {
  for (const share of shares(keyChooser('uniform', 10), 10)) expect(share).toBeCloseTo(0.1, 2)
})

test('fractions that do not add up to their sum leave nothing unchosen', () => {
  const weights = [0.1, 0.2, 0.3, 0]
  const items = weights.map((weight, item) => ({ item, weight }))
  const choose = weightedChooser(items)
  expect(choose({ next: () => 1, below: () => 0, pick: ([first]) => first as never })).toBe(2)
  expect(() => weightedChooser([{ item: 0, weight: 0 }])).toThrow('nothing has a weight')
})

test('items come as often as they weigh, those without weight never', () => {
  const choose = weightedChooser([
    { item: 0, weight: 3 },
    { item: 1, weight: 0 },
    { item: 2, weight: 1 },
  ])
  const [first, second, third] = shares(choose, 3)
  expect([first, third].map((share) => share?.toFixed(2))).toEqual(['0.75', '0.25'])
  expect(second).toBe(0)
})
