import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import type { ResultSeries, ResultTable } from '../../model/trend.ts'
import { normal, remembering } from './noise.ts'
import { trendOf } from './trend.ts'

const next = normal(seededRandom(11))
const NIGHTS = 60

/** Results of 60 nights; the kernel changes at night 40, the commit every night. */
function results(series: readonly (Partial<ResultSeries> & { step: number; from?: number })[]): ResultTable {
  return {
    points: Array.from({ length: NIGHTS }, (_, i) => ({
      label: `night ${i}`,
      timeMs: null,
      attributes: { kernel: i < 40 ? '6.1' : '6.12', commit: `c${i}`, host: 'h1' },
    })),
    series: series.map(({ step, from = 40, ...rest }, i) => ({
      name: `series ${i}`,
      unit: '',
      better: 'lower',
      data: [...remembering(NIGHTS, 0.2, next)].map((value, at) => 100 + value + (at >= from ? step : 0)),
      ...rest,
    })),
    notes: [],
  }
}
const options = { title: 'Trend', level: 0.01, recent: 30, tolerance: 0 }

describe('verdict', () => {
  test('a change for the worse among the last points fails, and names what else changed there', () => {
    const trend = trendOf(results([{ step: 6 }, { step: 0 }]), options)
    expect(trend.verdict).toBe('fail')
    expect(trend.answer).toMatch(
      /^series 0 went up by \d.\d % at night 40, where kernel changed from 6\.1 to 6\.12\. In 2 series of 60 points/,
    )
    const [change] = trend.series[0]?.changes ?? []
    expect(change?.companions).toEqual([
      { name: 'kernel', before: '6.1', after: '6.12', index: 40, here: 1, everywhere: 1 },
      { name: 'commit', before: 'c39', after: 'c40', index: 40, here: 1, everywhere: 59 },
    ])
    expect(trend.series[1]?.changes).toEqual([])
  })

  test.each([
    ['for the better', { step: -6 }, options],
    ['of which nobody said which way is better', { step: 6, better: null }, options],
    ['that is old', { step: 6 }, { ...options, recent: 10 }],
    ['that is tolerated', { step: 6 }, { ...options, tolerance: 0.2 }],
  ])('a change %s passes', (_, series, how) => {
    const trend = trendOf(results([series]), how)
    expect(trend.series[0]?.changes).toHaveLength(1)
    expect(trend.verdict).toBe('pass')
  })

  test('a change for the worse that was taken back passes', () => {
    const [series] = results([{ step: 6, from: 20 }]).series
    const data = series?.data.map((value, i) => (i >= 40 ? (value ?? 0) - 6 : value)) ?? []
    const trend = trendOf(results([{ step: 0, data }]), options)
    expect(trend.series[0]?.changes.map(({ direction }) => direction)).toEqual(['worse', 'better'])
    expect(trend.verdict).toBe('pass')
  })

  test('too few values are unknown', () => {
    const data = Array.from({ length: NIGHTS }, (_, i) => (i < 5 ? 1 : null))
    const trend = trendOf(results([{ step: 0, data }]), options)
    expect(trend).toMatchObject({
      verdict: 'unknown',
      answer: 'Nothing can be told from 60 points: a series needs 8 values at least.',
    })
  })
})
