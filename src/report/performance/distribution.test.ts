import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { percentileLines } from './distribution.ts'
import { findLogs } from './logs.ts'
import { readSeries } from './series.ts'

const fixtures = join(import.meta.dirname, '../../base/hdr/fixtures')

test('the percentile distribution is the one that Java prints', async () => {
  const bad: string[] = []
  const series = await readSeries(await findLogs(fixtures), 0, (why) => bad.push(why))
  expect(bad).toEqual([])
  expect(series.map(({ name }) => name)).toEqual(['two-tags', 'two-tags:read', 'two-tags:write'])
  const read = series.find(({ name }) => name === 'two-tags:read')
  const java = (await readFile(join(fixtures, 'two-tags.read.txt'), 'utf8')).trimEnd().split('\n')
  // Java ends with how it holds the counts, which is nothing of the values.
  expect(read && percentileLines(read.whole.histogram)).toEqual(java.slice(0, -1))
})

test('operations are counted once, in whatever cells they fall', async () => {
  const [whole] = await readSeries(await findLogs(fixtures), 0, () => {})
  const sum = whole?.intervals.reduce((total, { operations }) => total + operations, 0)
  expect(sum).toBeCloseTo(whole?.whole.operations ?? 0, 6)
  expect(whole?.intervals).toHaveLength(20)
  const [later] = await readSeries(await findLogs(fixtures), 5, () => {})
  expect(later?.intervals.map(({ at }) => Math.round(at))).toEqual(
    Array.from({ length: 15 }, (_, i) => i + 5),
  )
})
