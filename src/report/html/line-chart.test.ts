import { expect, test } from 'vitest'
import { lineChart } from './line-chart.ts'

const frame = { began: 0n, from: 0n, to: 100_000_000_000n, bands: [] }
const row = (second: number, value: number, series = '') => ({
  ts: BigInt(second) * 1_000_000_000n,
  value,
  series,
})
const paths = (text: string): string[] => [...text.matchAll(/ d="([^"]*)"/g)].map(([, path = '']) => path)

test('a line breaks where its series was silent', () => {
  const rows = [0, 1, 2, 3, 50, 51].map((second) => row(second, 5))
  expect(paths(lineChart(rows, '', frame).text).map((path) => path.match(/M/g)?.length)).toEqual([2])
  expect(paths(lineChart(rows, '', frame, { longestGap: 60e9 }).text)[0]?.match(/M/g)).toHaveLength(1)
})

test('values that are no numbers, and times out of the frame, are left out', () => {
  const rows = [row(-1, 5), row(1, Number.NaN), row(2, Infinity), { ts: null, value: 3 }, row(200, 1)]
  expect(lineChart(rows, '', frame).text).toContain('no samples in this time')
})

test('many points are thinned to their extremes, many series to the highest', () => {
  const rows = Array.from({ length: 100_000 }, (_, index) => ({
    ts: BigInt(index) * 1_000_000n,
    value: index === 50_000 ? 1000 : index % 7,
    series: `s${index % 20}`,
  }))
  const { text } = lineChart(rows, 'bytes', frame)
  expect(paths(text)).toHaveLength(6)
  expect(text.length).toBeLessThan(150_000)
  expect(text).toContain('and 14 more with lower peaks')
})

test('what is yes or no changes at once', () => {
  const rows = [row(0, 1), row(1, 1), row(2, 0)]
  expect(paths(lineChart(rows, '', frame).text)[0]).toMatch(/^M0\.0 [\d.]+h0H10\.0V[\d.]+H20\.0V1000\.0$/)
})
