/** What runs leave is judged and reported: by artifact checkers, and as performance, side by side. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunRecord } from '../../src/model/run.ts'
import type { Trend } from '../../src/model/trend.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const log = join(import.meta.dirname, '../harness/histogram-log.ts')

/** A definition of two clients that run a script in the directory whose files are kept. */
const definitionOf = (script: string, checkers: string): string => `
ensemble:
  server: {node.count: 1, provisioner: local}
  client: {node.count: 2, provisioner: local}
workload:
  phases:
    - work:
        module: bash
        properties:
          target.group: client
          script: |
            cd "$QUARRY_ARTIFACTS"
${script
  .trim()
  .split('\n')
  .map((line) => `            ${line}`)
  .join('\n')}
  artifact_checkers:
${checkers
  .trim()
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
`

/** What each artifact checker of the last run said. */
async function judged(script: string, checkers: string): Promise<Record<string, string>> {
  const { stderr } = await place.run(place.write('d.yaml', definitionOf(script, checkers)))
  const record = place.records().at(-1)
  if (record === undefined) throw new Error(stderr)
  const builtIn = ['no-module-errors', 'no-unexpected-symptoms', 'symptoms-judged', 'ran-to-end']
  const checks: RunRecord['checks'] = record.checks.filter(({ name }) => !builtIn.includes(name))
  return Object.fromEntries(checks.map(({ name, verdict, message }) => [name, `${verdict}: ${message}`]))
}
const file = (...parts: string[]): string => join(place.runs, place.records().at(-1)?.id ?? '', ...parts)

describe('artifact checkers', () => {
  test('patterns, tables and metrics', async () => {
    writeFileSync(join(place.path, 'look'), '#!/bin/sh\nls nodes/client/*/result-1.csv && exit "$1"\n', {
      mode: 0o755,
    })
    const values = '[[0,"900"],[60,"5.5"],[75,"6"]]'
    const metrics = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"job":"a"},"values":${values}}]}}`
    const said = await judged(
      `
printf 'starting\\nready in 3s\\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\\n' > system.log
printf 'name,"Total Time"\\nread,12\\nwrite,30\\n' > result-1.csv
mkdir -p metrics
echo '${metrics}' > metrics/latency.json
ln -s /etc/passwd link.csv
`,
      `
both: {artifact_checker: regex, properties: {node_group: client, files: 'node\\d/system.log', required: [starting, 'ready in \\d+s']}}
one-of-two: {artifact_checker: regex, properties: {node_group: client, files: '.*/system.log', required: [starting, stopping]}}
forbidden: {artifact_checker: regex, properties: {node_group: client, files: '.*.log', forbidden: [ready], validate_all: true}}
nowhere: {artifact_checker: regex, properties: {node_group: client, files: 'no', forbidden: [x]}}
sums: {artifact_checker: csvchecker, properties: {file: 'result-*.csv', query: 'select sum(CAST("Total Time" AS int)) from result_1_csv | select ''4'' || ''2''', expect: '42'}}
escape: {artifact_checker: csvchecker, properties: {file: 'result-*.csv', query: "select * from read_csv('/etc/passwd')", expect: x}}
link: {artifact_checker: csvchecker, properties: {file: 'link.csv', query: select 1, expect: '1'}}
warm: {artifact_checker: stable_metrics_threshold, properties: {metric_name: latency, warmup_offset: 1m, upper_threshold: 6.25}}
cold: {artifact_checker: stable_metrics_threshold, properties: {metric_name: latency, upper_threshold: 6.25}}
missing: {artifact_checker: stable_metrics_threshold, properties: {metric_name: other, lower_threshold: 1}}
own: {artifact_checker: tool, properties: {tool: ./look, args: '0'}}
own-no: {artifact_checker: tool, properties: {tool: ./look, args: ['3']}}
no-op: {artifact_checker: tool, properties: {tool: no-op, args: a b}}
smart: {artifact_checker: smartlogs}
`,
    )
    expect(said).toMatchInlineSnapshot(`
      {
        "both": "pass: 2 file(s) looked at",
        "cold": "fail: 0/metrics/latency.json: {job="a"} is 900 at 1970-01-01T00:00:00.000Z; expected -Infinity to 6.25",
        "escape": "fail: 0: the query failed: Permission Error: Cannot access file "/etc/passwd" - file system operations are disabled by configuration

      LINE 1: select * from read_csv('/etc/passwd')
                            ^",
        "forbidden": "fail: 0/system.log:2 has ready: ready in 3s, and 1 more",
        "link": "fail: there is no file link.csv",
        "missing": "unknown: artifact checker failed: no node group has metrics/other.json",
        "no-op": "pass: no-op ended with 0",
        "nowhere": "pass: no file matches no",
        "one-of-two": "fail: 0/system.log has no line with stopping",
        "own": "pass: ./look ended with 0",
        "own-no": "fail: ./look ended with 3: nodes/client/0/result-1.csv / nodes/client/1/result-1.csv",
        "smart": "pass: 0 line(s) of the log of no module",
        "sums": "pass: 2 file(s) give 42",
        "warm": "pass: 4 samples of latency are within bounds",
      }
    `)
    expect(readFileSync(file('no-op-was-here'), 'utf8')).toBe('a b')
  })

  test('a pattern that takes for ever is unknown, not a hang', async () => {
    const said = await judged(
      `printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' > x.log`,
      `slow: {artifact_checker: regex, properties: {node_group: client, files: '.*.log', forbidden: ['^(a+)+$']}}`,
    )
    expect(said['slow']).toBe(
      'unknown: artifact checker failed: a pattern takes too long on a line of a file',
    )
  })

  test('histogram logs of two nodes: report, distributions, CSV by tag, and the tools', async () => {
    const said = await judged(
      `
${process.execPath} ${log} "$QUARRY_NODE_ORDINAL" 90 50 1 read > load.hdr
${process.execPath} ${log} 7 90 20 3 kind=write > other.hdr
`,
      `
report: {artifact_checker: hdrtool}
none: {artifact_checker: hdrtool, properties: {client_group: server}}
split: {artifact_checker: hdr_split_to_csv, properties: {files: ['*.hdr'], tags: [read, kind]}}
mttr: {artifact_checker: tool, properties: {tool: mttr, args: 'nodes/client/*/*.csv'}}
freq: {artifact_checker: tool, properties: {tool: histo-freq}}
`,
    )
    expect(said).toMatchObject({
      report: 'pass: nodes/client/performance-report.html has load:read, other:kind=write',
      none: expect.stringMatching(/^fail: .* has no histogram log with an interval/),
      split: 'pass: 4 files: load.read.csv, other.write.csv, load.read.csv, other.write.csv',
      mttr: 'pass: mttr ended with 0',
      freq: 'pass: histo-freq ended with 0',
    })
    const { stats } = JSON.parse(readFileSync(file('nodes/client/performance-report.json'), 'utf8')) as {
      stats: { test: string; intervals: number[][]; 'Total Operations': number }[]
    }
    expect(stats.map((one) => [one.test, one['Total Operations'], one.intervals.length])).toEqual([
      ['load:read', 9000, 90],
      ['other:kind=write', 3600, 90],
    ])
    expect(stats[0]?.intervals[0]?.[0]).toBe(100)
    expect(readFileSync(file('nodes/client/0/load.read.csv'), 'utf8').split('\n')).toHaveLength(92)
    expect(readFileSync(file('mttr.csv'), 'utf8').split('\n')).toHaveLength(6)
    for (const name of [
      'aggregated-histograms/load:read.txt',
      'histogram-frequencies/load:read.svg',
      'cockpit-aggregates.json',
      'performance-report.html',
      'performance-report.csv',
    ]) {
      expect(existsSync(file('nodes/client', name)), name).toBe(true)
    }
  })
})

test('quarry performance and trend: runs side by side, with a verdict', async () => {
  const runs: string[] = []
  for (const [seed, factor] of [
    [1, 1],
    [2, 1],
    [3, 1.2],
  ]) {
    const script = `${process.execPath} ${log} ${seed}"$QUARRY_NODE_ORDINAL" 90 50 ${factor} > load.hdr`
    await judged(script, 'smart: {artifact_checker: smartlogs}')
    runs.push(place.records().at(-1)?.id ?? '')
  }
  const [first = '', same = '', slower = ''] = runs
  const alone = await place.quarry('performance', first)
  expect(alone.exitCode).toBe(0)
  expect(alone.stdout).toMatch(/load +9000 +100\/s/)
  const equal = await place.quarry('performance', first, same, '--json')
  expect(equal.exitCode).toBe(0)
  expect(jsonOf<{ verdict: string }>(equal).verdict).toBe('pass')
  const worse = await place.quarry('performance', first, slower)
  expect(worse.exitCode).toBe(1)
  expect(worse.stdout).toMatch(/^fail\n\nWorse than .*: mean of load \+/)
  expect((await place.quarry('performance', first, slower, '--tolerance', '50%')).exitCode).toBe(0)
  const page = await place.quarry('performance', ...runs, '-o', 'nights.html')
  expect([page.exitCode, page.stdout]).toEqual([1, ''])
  expect(readFileSync(join(place.path, 'nights.html'), 'utf8')).toContain('<span class="worse">worse</span>')
  const csv = await place.quarry('performance', first, '--format', 'csv', '--skip', '10s')
  expect(csv.stdout.split('\n')).toHaveLength(82)
  const definition = place.records().at(-1)?.definition ?? ''
  const trend = await place.quarry('trend', definition, '--json')
  expect(trend.exitCode).toBe(2)
  const { series, points } = jsonOf<Trend>(trend)
  expect(points.at(-1)?.attributes).toMatchObject({ host: hostname() })
  const throughput = series.find(({ name }) => name === 'load throughput')
  expect(throughput?.data.slice(-3).map((value) => Math.round(value ?? 0))).toEqual([100, 100, 100])
  expect(series.find(({ name }) => name === 'pass rate')?.data.at(-1)).toBe(1)
  const wrong = await place.quarry('performance', first, '--format', 'pdf')
  expect(wrong.exitCode).toBe(64)
  expect(worse.stdout).toContain('cannot be known from one run of each')
  const sides = await place.quarry('performance', first, same, slower, slower, '--baseline', '2', '--json')
  const told = jsonOf<{ baseline: string[]; notes: string[]; comparisons: object[] }>(sides)
  expect(told.baseline).toEqual([first, same])
  expect(told.notes).toEqual([])
  expect(told.comparisons[0]).toMatchObject({ metric: 'throughput', run: `${slower} and 1 more` })
  const lopsided = await place.quarry('performance', ...runs, '--baseline', '2')
  expect([lopsided.exitCode, lopsided.stderr]).toEqual([
    64,
    expect.stringContaining('2 or more have to be on each side'),
  ])
})
