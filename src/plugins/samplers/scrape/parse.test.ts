import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseLine, parseSeries } from './line.ts'
import { createScrapeParser } from './parse.ts'

const fixture = (name: string): Buffer => readFileSync(join(import.meta.dirname, 'fixtures', name))

function parse(chunks: Iterable<Uint8Array>): { readonly lines: string[]; readonly stats: object } {
  const lines: string[] = []
  const parser = createScrapeParser(1e9, ({ series, value }) => lines.push(`${series.trim()} ${value}`))
  for (const chunk of chunks) parser.push(chunk)
  return { lines, stats: parser.end() }
}

test.each(['node-exporter-1.5.0.txt', 'prometheus-2.42.0.txt', 'unusual.txt', 'openmetrics.txt'])(
  '%s: every line that is no comment is a sample, however the bytes arrive',
  (name) => {
    const bytes = fixture(name)
    const whole = parse([bytes])
    const expected = bytes
      .toString()
      .split('\n')
      .filter((line) => !/^\s*(#|$)/.test(line)).length
    expect(whole.stats).toEqual({ samples: expected, badLines: 0, dropped: 0 })
    for (const size of [1, 7, 4096]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      )
      expect(parse(chunks)).toEqual(whole)
    }
  },
)

test.each([
  ['', undefined],
  ['   ', undefined],
  ['# HELP x y', undefined],
  ['metric1', 'bad'],
  ['metric{a="b"}', 'bad'],
  ['metric 1 2 3', 'bad'],
  ['metric one', 'bad'],
  ['metric 0x10', 'bad'],
  ['metric{a="b} 1', 'bad'],
  ['1metric 1', 'bad'],
  ['\u0000\u0001 1', 'bad'],
  ['metric 1 1605301325123', { series: 'metric ', value: 1 }],
  ['metric 1 1605301325.5 # {a="b"} 1', { series: 'metric ', value: 1 }],
  ['metric{a="}"}-1e-3', { series: 'metric{a="}"}', value: -0.001 }],
])('%j', (line, expected) => {
  expect(parseLine(line)).toEqual(expected)
})

test.each([
  ['m', { name: 'm', labels: {} }],
  ['m{}', { name: 'm', labels: {} }],
  ['m {a="1", b="\\"\\\\\\n\\q",}', { name: 'm', labels: { a: '1', b: '"\\\n\\q' } }],
  ['m{a="1" b="2"}', undefined],
  ['m{a="1",a="2"}', undefined],
  ['m{a=1}', undefined],
  ['m{,}', undefined],
  ['m{1a="x"}', undefined],
])('labels of %j', (series, expected) => {
  expect(parseSeries(series)).toEqual(expected)
})

test('a label named __proto__ is a label', () => {
  expect(Object.entries(parseSeries('m{__proto__="x"}')?.labels ?? {})).toEqual([['__proto__', 'x']])
})

test('hostile input costs its lines only', () => {
  const garbage = Buffer.alloc(300_000, '\u00ff{"\\')
  const { lines, stats } = parse([Buffer.from('a 1\n'), garbage, Buffer.from('\nb 2\n'), Buffer.from('c 3')])
  expect(lines).toEqual(['a 1', 'b 2'])
  expect(stats).toEqual({ samples: 2, badLines: 2, dropped: 0 })
  expect(parseLine(`m{${'"'.repeat(60_000)}`)).toBe('bad')
  expect(parseLine(`m{${'a="b",'.repeat(10_000)}`)).toBe('bad')
  expect(parseLine(`${'m'.repeat(60_000)}`)).toBe('bad')
  expect(parseLine(`m ${' '.repeat(60_000)}`)).toBe('bad')
  expect(parseLine(`m 1${' '.repeat(60_000)}x`)).toBe('bad')
})
