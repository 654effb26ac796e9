import { expect, test } from 'vitest'
import { formatConfidence, formatValue } from './format.ts'
import { linear } from './html/scale.ts'

test('values in their unit', () => {
  const cases: [number, string][] = [
    [1234, 'ns'],
    [0.25, 's'],
    [90, 'seconds'],
    [536_870_912, 'bytes'],
    [1536, 'bytes/s'],
    [1023.9, 'bytes'],
    [0.974, 'share'],
    [0.5, 'ratio'],
    [20_000, '/s'],
    [999_999, 'objects'],
    [-12.34, ''],
    [Infinity, 'ns'],
  ]
  expect(cases.map(([value, unit]) => formatValue(value, unit))).toEqual([
    '1.23us',
    '250ms',
    '1m 30s',
    '512 MiB',
    '1.5 KiB/s',
    '1 KiB',
    '97.4 %',
    '50 %',
    '20 k/s',
    '1 M objects',
    '-12.3',
    'Infinity',
  ])
})

test('nothing is quite certain', () => {
  expect([0.99999, 0.9949, 0.5].map(formatConfidence)).toEqual([
    'over 99.9 % sure',
    '99.5 % sure',
    '50.0 % sure',
  ])
})

test('ticks are round in their unit', () => {
  const ticks = (low: number, high: number, unit: string): readonly number[] =>
    linear(low, high, unit, 4).ticks
  expect(ticks(0, 7, '')).toEqual([0, 2, 4, 6])
  expect(ticks(0.1, 0.45, '')).toEqual([0.1, 0.2, 0.3, 0.4])
  expect(ticks(0, 600e6, 'bytes')).toEqual([0, 2 ** 28, 2 ** 29])
  expect(ticks(0, 100, 's')).toEqual([0, 30, 60, 90])
  expect(ticks(0, 7200e9, 'ns')).toEqual([0, 1800e9, 3600e9, 5400e9, 7200e9])
  expect(ticks(0, 300_000, 's')).toEqual([0, 86_400, 172_800, 259_200])
  expect(ticks(-5, -5, '').length).toBeGreaterThan(0)
  expect(linear(10, 20, '', 4)(15)).toBe(0.5)
})
