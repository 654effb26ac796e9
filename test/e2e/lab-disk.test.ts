/** The disk that becomes slow, and its control: what the example promises. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunResult } from '../../src/model/run.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

const example = new URL('../../examples/disk-decay.yaml', import.meta.url).pathname

let place: Workplace
let sick: RunResult
let control: RunResult
beforeAll(async () => {
  place = workplace()
  ;({ result: sick } = await place.run(example))
  ;({ result: control } = await place.run(example, '-p', 'credit=false', '-p', 'snapshots=20'))
}, 900_000)
afterAll(() => place[Symbol.dispose]())

test('who, where and which device are told apart from the busier neighbour', () => {
  expect(sick.verdict).toBe('fail')
  const confident = sick.findings.filter((finding) => finding.confident)
  const about = confident.map(({ kind, subject: { comm, device } }) => [kind, comm, device].join(' '))
  expect(about).toEqual(expect.arrayContaining(['difference  vdc', 'attribution snapshotd vdc']))
  const metric = 'probe_snapshot_bytes_per_second'
  expect(sick.findings.some(({ kind, subject }) => kind === 'trend' && subject.metric === metric)).toBe(true)
  const accused = confident.filter(
    ({ kind, statement }) => kind === 'attribution' && !statement.includes('not to blame'),
  )
  expect(accused.map(({ subject }) => subject.comm)).toEqual(['snapshotd'])
  const [device] = confident.filter(({ kind, subject }) => kind === 'difference' && subject.device === 'vdc')
  expect(device?.statement).toContain('they wait for the device, not in the queue')
  expect(device?.subject.signature).toBe('slower device')
  expect(
    sick.findings.some(
      ({ subject, statement }) => subject.comm === 'log-shipper' && statement.includes('vdd'),
    ),
  ).toBe(true)
  expect(sick.answer).toContain('a device that became slower')
})

test('a disk without limit stays as it is, and nobody is accused', () => {
  expect(control.verdict).toBe('pass')
  expect(control.findings.filter((finding) => finding.confident)).toEqual([])
})
