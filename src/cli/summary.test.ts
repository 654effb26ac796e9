import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import type { Finding } from '../model/finding.ts'
import type { RunResult } from '../model/run.ts'
import { widthOf } from './progress/terminal-text.ts'
import { summaryOf } from './summary.ts'

const finding = (rank: number, statement: string, confident = true): Finding => ({
  id: `f${rank}`,
  rank,
  kind: 'trend',
  layer: 'memory',
  confident,
  subject: {},
  statement,
  effect: { value: 1, unit: '' },
  confidence: 0.987,
  sql: 'SELECT 1',
})

const result: RunResult = {
  verdict: 'fail',
  run: '20261121-123558-web-bb91',
  directory: '/runs/20261121-123558-web-bb91',
  answer: `Symptom dark showed after 38s. The agent makes it. ${'It goes on and on. '.repeat(6)}`,
  symptoms: [{ name: 'dark', from: '1', to: null, curedBy: null }],
  checks: [],
  findings: [
    finding(1, 'The agent makes it.'),
    finding(2, `Memory grew\u001B[2J from 1 MiB to 2 MiB ${'and grew '.repeat(40)}`),
    ...[3, 4, 5, 6, 7, 8].map((rank) => finding(rank, `Finding ${rank}.`)),
    finding(9, 'Perhaps.', false),
  ],
  notLookedAt: [
    { collector: 'gdb', why: 'the program gdb is not installed', remedy: 'apt-get install -y gdb' },
    { collector: 'tpstats', why: 'no JVM '.repeat(30), remedy: 'none' },
  ],
}

test('a run in the terminal', () => {
  const text = stripVTControlCharacters(summaryOf(result, 80))
  expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(80)
  expect(text).toMatchInlineSnapshot(`
    "
    FAIL  20261121-123558-web-bb91

    Symptom dark showed after 38s. The agent makes it. It goes on and on. It goes
    on and on. It goes on and on. It goes on and on. It goes on and on. It goes on
    and on.

    Findings
      2. Memory grew from 1 MiB to 2 MiB and grew and grew and grew and grew and
         grew and grew and grew and grew and grew and grew and grew and grew and
         grew and grew a… (trend, 98.7 % sure)
      3. Finding 3. (trend, 98.7 % sure)
      4. Finding 4. (trend, 98.7 % sure)
      5. Finding 5. (trend, 98.7 % sure)
      6. Finding 6. (trend, 98.7 % sure)
         2 more and 1 less sure in the case file

    Not looked at
      gdb: the program gdb is not installed; apt-get install -y gdb
      tpstats: no JVM no JVM no JVM no JVM no JVM no JVM no JVM no JVM no JVM no J…

    Next: let it look at what was left out (gdb): apt-get install -y gdb.

    Case file  /runs/20261121-123558-web-bb91/case.html
    Evidence   /runs/20261121-123558-web-bb91
    quarry report last --format markdown, quarry sql last "select ...""
  `)
})

test('a run with nothing to tell', () => {
  const text = summaryOf({
    ...result,
    verdict: 'pass',
    answer: 'No symptom showed in 20s.',
    findings: [],
    checks: [],
    notLookedAt: [],
  })
  expect(stripVTControlCharacters(text)).not.toContain('Findings')
})
