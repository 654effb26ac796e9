/** The dark server on a kernel that loses wakeups: the reasoning ends below the program, and of two kernels one is named. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Finding, FindingKind } from '../../src/model/finding.ts'
import type { RunResult } from '../../src/model/run.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

const example = resolve(import.meta.dirname, '../../examples/lost-wakeup.yaml')
const MINUTES = 60_000

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const sure = (result: RunResult, kind: FindingKind): Finding[] =>
  result.findings.filter((finding) => finding.confident && finding.kind === kind)

// The kernel is built where there is none yet.
test('ends below the program, with the kernel as the factor', { timeout: 60 * MINUTES }, async () => {
  const { result, exitCode } = await place.run(example, '-p', 'name=ledgerd')
  expect(exitCode).toBe(1)
  expect(result.symptoms[0]).toMatchObject({ name: 'dark', curedBy: 'sigstop' })

  const [asleep] = sure(result, 'invariant')
  expect(asleep?.subject).toMatchObject({
    comm: 'events',
    call: 'epoll_wait',
    factor: expect.stringMatching(/^kernel 6\.1\./),
    signature: 'lost wakeup below the program',
  })
  expect(asleep?.statement).toMatch(/unix .*app\.sock/)
  const [cure] = sure(result, 'intervention')
  expect(cure?.subject.collector).toBe('sigstop')

  expect(result.answer).toMatch(/epoll_wait/)
  expect(result.answer).toMatch(/lost wakeup below the program/)
  expect(result.answer).toMatch(/the kernel is the factor/)
  expect(readFileSync(join(result.directory, 'case.html'), 'utf8')).toContain('below the program')
})

test('a kernel of Debian passes, without a confident finding', { timeout: 30 * MINUTES }, async () => {
  const { result, exitCode } = await place.run(example, '-p', 'kernel=cloud')
  expect(result.findings.filter(({ confident }) => confident)).toEqual([])
  expect(exitCode).toBe(0)
})
