import { expect, test } from 'vitest'
import type { CheckRecord, RunRecord } from '../model/run.ts'
import { judge } from './outcome.ts'

const check = (name: string, verdict: CheckRecord['verdict']): CheckRecord => ({
  name,
  checker: 'built-in',
  verdict,
  message: `${name} is ${verdict}`,
})
const at = (seconds: number): string => String(BigInt(seconds) * 1_000_000_000n)

/** A run of a minute that went well, but for what is given. */
const record = (parts: Partial<RunRecord> = {}): RunRecord => ({
  version: 1,
  id: 'r',
  definition: 'd.yaml',
  parameters: {},
  state: 'ended',
  states: [
    { state: 'setting-up', at: at(0) },
    { state: 'running', at: at(10) },
    { state: 'collecting', at: at(70) },
  ],
  verdict: 'pass',
  failedDuring: null,
  errors: [],
  partial: false,
  nodes: [],
  phases: [{ name: '1', from: at(10), to: at(70), ok: true }],
  probes: [],
  symptoms: [],
  captures: [],
  checks: [check('no-unexpected-symptoms', 'pass'), check('symptoms-judged', 'pass')],
  notLookedAt: [],
  cost: { observerCpuNs: 0, wallNs: 0 },
  host: 'h',
  quarry: '0',
  ...parts,
})
const slow = {
  name: 'slow',
  when: 'x > 1',
  from: at(30),
  to: null,
  expected: false,
  series: [],
  probes: [],
  curedBy: null,
}

test('shown, clean, and after how long', () => {
  expect(judge(record(), undefined)).toEqual({ outcome: 'clean', seconds: 60 })
  const failed = record({ verdict: 'fail', symptoms: [slow] })
  expect(judge(failed, undefined)).toEqual({ outcome: 'shown', seconds: 20 })
  expect(judge(failed, 'slow')).toEqual({ outcome: 'shown', seconds: 20 })
})

test('a symptom that nothing can judge makes a point that cannot be run, not a run that says nothing', () => {
  const unjudged = record({ verdict: 'unknown', unjudged: ['slow'] })
  const note = 'there was no series to judge slow by'
  expect(judge(unjudged, undefined)).toEqual({ outcome: 'broken', seconds: 60, note })
  expect(judge(unjudged, 'slow')).toEqual({ outcome: 'broken', seconds: 60, note })
  // It is not what is hunted: that one had all the time to show.
  expect(judge(unjudged, 'other')).toMatchObject({ outcome: 'clean' })
  // It did not go on to its end: the metric might have come.
  const phases = [{ name: '1', from: at(10), to: at(70), ok: false }]
  expect(judge({ ...unjudged, phases }, undefined)).toMatchObject({ outcome: 'void' })
})

test('a run that could not be set up is broken, one that was aborted is void or cut', () => {
  const errors = [{ state: 'setting-up', message: 'no such kernel' }] as const
  expect(judge(record({ verdict: 'unknown', failedDuring: 'setting-up', errors }), undefined)).toMatchObject({
    outcome: 'broken',
    note: 'no such kernel',
  })
  expect(judge(record({ verdict: 'unknown', aborted: 'Ctrl-C' }), undefined)).toMatchObject({
    outcome: 'clean',
    cut: true,
  })
})
