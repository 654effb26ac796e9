import { expect, test } from 'vitest'
import { editDistance, hintFor, nearest } from './nearest.ts'

test.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['when', 'wehn', 1],
  ['provisioner', 'provisoner', 1],
  // The restricted distance: `ca` to `abc` is 3, where the unrestricted one has 2.
  ['ca', 'abc', 3],
])('distance of %j and %j is %i', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance)
  expect(editDistance(b, a)).toBe(distance)
})

test('the nearest name is found through case, dashes and swapped letters, and nothing far away', () => {
  const names = ['node.count', 'provisioner', 'configuration_manager', 'name']
  expect(nearest('node_count', names)).toBe('node.count')
  expect(nearest('Provisoner', names)).toBe('provisioner')
  expect(nearest('nmae', names)).toBe('name')
  expect(nearest('x', names)).toBeUndefined()
  expect(nearest('', names)).toBeUndefined()
  expect(nearest('n'.repeat(1e6), names)).toBeUndefined()
})

test('a hint says what there is when nothing is near', () => {
  expect(hintFor('nofial', ['nofail', 'duration'])).toBe('did you mean `nofail`?')
  expect(hintFor('x', ['nofail', 'duration'])).toBe('expected one of nofail, duration')
  expect(hintFor('x', [])).toBe('there is none to choose from')
  expect(
    hintFor(
      'x',
      Array.from({ length: 40 }, (_, index) => `name-${index}`),
    ),
  ).toMatch(/name-29 and 10 more$/)
})
