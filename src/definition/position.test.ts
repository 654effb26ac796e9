import { expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { lineTable, originOf, overlapsMissing, type Segment } from './position.ts'

test('lines end at LF, CR LF and CR; an offset past the end is the end', () => {
  const text = 'a\nbb\r\nc\rd'
  const lines = lineTable('f', text)
  const places = [0, 1, 2, 4, 6, 7, 8, 9, 99].map((offset) => {
    const { line, column } = lines.at(offset)
    return `${line}:${column}`
  })
  expect(places).toEqual(['1:1', '1:2', '2:1', '2:3', '3:1', '3:2', '4:1', '4:2', '4:2'])
})

test('the line and column of every offset lead back to it', () => {
  const random = seededRandom(7)
  for (let round = 0; round < 200; round += 1) {
    const text = Array.from({ length: random.below(60) }, () => random.pick(['a', ' ', '\n', '\r\n'])).join(
      '',
    )
    const lines = lineTable('f', text)
    const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
    for (let offset = 0; offset <= text.length; offset += 1) {
      const { line, column } = lines.at(offset)
      expect((starts[line - 1] ?? 0) + column - 1).toBe(offset)
    }
  }
})

const segments: readonly Segment[] = [
  { renderedStart: 0, sourceStart: 10, type: 'copy' },
  { renderedStart: 5, sourceStart: 15, type: 'value' },
  { renderedStart: 8, sourceStart: 22, type: 'copy' },
  { renderedStart: 9, sourceStart: 23, type: 'missing' },
  { renderedStart: 16, sourceStart: 30, type: 'copy' },
]

test('copied text runs in step with its source, a value stands at its tag', () => {
  expect([0, 4, 5, 7, 8, 9, 15, 16, 20].map((offset) => originOf(segments, offset).offset)).toEqual([
    10, 14, 15, 15, 22, 23, 23, 30, 34,
  ])
})

test('a span overlaps what is missing when any of it does', () => {
  expect(overlapsMissing(segments, { start: 0, end: 9 })).toBe(false)
  expect(overlapsMissing(segments, { start: 0, end: 10 })).toBe(true)
  expect(overlapsMissing(segments, { start: 12, end: 12 })).toBe(true)
  expect(overlapsMissing(segments, { start: 16, end: 40 })).toBe(false)
})
