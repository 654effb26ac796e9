import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Trend } from '../../model/trend.ts'
import { trendPage } from './page.ts'
import { tableOfCsv } from './table-of-csv.ts'
import { trendText } from './text.ts'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-trend-'))
})
afterAll(() => rm(directory, { recursive: true }))

const roles = { time: undefined, attributes: [], better: new Map() }

async function csv(text: string): Promise<string> {
  const file = join(directory, 'results.csv')
  await writeFile(file, text)
  return file
}

test('a CSV file: values, what explains, and rows of one time together', async () => {
  const file = await csv(`commit,time,build,ops,verdict,note
bbb,2026-07-02,12,200,fail,
aaa,2026-07-01,11,100,pass,first
ccc,2026-07-03,13,,unknown,
ccc,2026-07-02,12,300,pass,
`)
  const table = await tableOfCsv(file, {
    ...roles,
    attributes: ['build'],
    better: new Map([['ops', 'higher']]),
  })
  expect(table.points).toEqual([
    {
      label: '2026-07-01',
      timeMs: Date.UTC(2026, 6, 1),
      attributes: { commit: 'aaa', build: '11', note: 'first' },
    },
    { label: '2026-07-02', timeMs: Date.UTC(2026, 6, 2), attributes: { commit: 'bbb, ccc', build: '12' } },
    { label: '2026-07-03', timeMs: Date.UTC(2026, 6, 3), attributes: { commit: 'ccc', build: '13' } },
  ])
  expect(table.series).toEqual([
    { name: 'ops', unit: '', better: 'higher', data: [100, 250, null] },
    { name: 'verdict', unit: 'share', better: 'higher', data: [1, 0.5, null] },
  ])
})

test('rows that have only an index keep no time, and are put in order', async () => {
  const { points, series } = await tableOfCsv(await csv('run;x\n10;5\n9;4\n'), roles)
  expect(points.map(({ label, timeMs }) => [label, timeMs])).toEqual([
    ['9', null],
    ['10', null],
  ])
  expect(series[0]?.data).toEqual([4, 5])
})

test('a column that is not there, and a file without values, are refused', async () => {
  const file = await csv('time,host\n1,a\n2,b\n')
  await expect(tableOfCsv(file, { ...roles, time: 'when' })).rejects.toThrow('has no column when')
  await expect(tableOfCsv(file, roles)).rejects.toThrow('has no column of values')
})

const name = '<img src=x>\nshare of passes'
const trend: Trend = {
  title: 'Trend of a.yaml',
  verdict: 'fail',
  answer: 'It went down.',
  level: 0.01,
  points: Array.from({ length: 20 }, (_, i) => ({ label: `r${i}`, timeMs: i * 86_400_000, attributes: {} })),
  notes: [],
  series: [
    {
      name,
      unit: 'share',
      better: 'higher',
      data: Array.from({ length: 20 }, (_, i) => (i < 12 ? 1 : 0)),
      p: 0.0001,
      memory: 0.1,
      values: 20,
      changes: [
        {
          index: 12,
          from: 11,
          to: 12,
          p: 0.0001,
          before: 1,
          after: 0,
          difference: -1,
          low: -1.1,
          high: -0.8,
          standardized: null,
          points: [12, 8],
          direction: 'worse',
          counts: true,
          companions: [{ name: 'kernel', before: '6.1', after: '<b>', index: 11, here: 1, everywhere: 2 }],
        },
      ],
    },
  ],
}

test('text: a block for each change, inert, with what else changed', () => {
  expect(trendText(trend)).toMatchInlineSnapshot(`
    {
      "changes": [
        "  1970-01-13 (1970-01-12 to 1970-01-13) <img src=x> share of passes: worse, -100 points [-110 points to -80 points], 100 % to 0 %, p 0.0001
          kernel: 6.1 → <b>, 1 point before, 2 in all",
      ],
      "head": "fail

    It went down.",
      "series": [
        [
          "series",
          "values",
          "now",
          "changes",
          "memory",
          "p",
        ],
        [
          "<img src=x> share of passes",
          "20",
          "0 %",
          "1",
          "0.10",
          "0.0001",
        ],
      ],
    }
  `)
})

test('the page draws levels and the stretch of a change, and shows markup inert', () => {
  const page = trendPage(trend)
  expect(page.match(/class="line level"/g)).toHaveLength(2)
  expect(page).toContain('class="band worse" style="left:55.00%;width:5.00%"')
  expect(page).not.toContain('<img')
  expect(page).toContain('kernel: 6.1 → &lt;b&gt;, 1 point before, 2 in all')
})
