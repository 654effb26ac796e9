/** Mounts that hang: in a deadlock of the client's kernel, or because its link is cut; and what does not hang. */
import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Finding, FindingKind } from '../../src/model/finding.ts'
import type { RunResult } from '../../src/model/run.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

const example = resolve(import.meta.dirname, '../../examples/nfs-mount-hang.yaml')

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const sure = (result: RunResult, kind: FindingKind): Finding[] =>
  result.findings.filter((finding) => finding.confident && finding.kind === kind)

describe('mounts that hang', () => {
  test('many that begin at once: a deadlock, in which nobody is asked', async () => {
    const { result, exitCode } = await place.run(example)
    expect(exitCode).toBe(1)
    const [late] = sure(result, 'overdue').filter(({ subject }) => subject.call === 'mount')
    expect(late?.statement).toMatch(/timeo=100 and retrans=2 allow 20 s/)
    const [blocked] = sure(result, 'difference').filter(({ subject }) => subject.call === 'mount')
    expect(blocked?.subject.function).toBe('nfs4_discover_server_trunking')
    expect(blocked?.statement).toMatch(/for a lock.*nfs_wait_client_init_complete/)
    expect(sure(result, 'absence').some(({ subject }) => subject.call === 'mount')).toBe(true)
    expect(result.answer).toMatch(/deadlock/)
    expect(result.answer).not.toMatch(/unanswered/)
    expect(result.symptoms[0]).toMatchObject({ name: 'overdue-mount', curedBy: 'change-command' })
  })

  test('a link that is cut: the peer is asked, and does not answer', async () => {
    const { result, exitCode } = await place.run(example, '-p', 'cut=true', '-p', 'mounts=12')
    expect(exitCode).toBe(1)
    expect(sure(result, 'absence').some(({ subject }) => subject.call === 'mount')).toBe(true)
    expect(result.answer).toMatch(/unanswered call/)
    expect(result.answer).not.toMatch(/deadlock/)
    expect(result.symptoms[0]?.curedBy).toBeNull()
  })
})

test.each([['parallel=false'], ['nfsvers=4.0']])('the control with %s passes', async (parameter) => {
  const { result, exitCode } = await place.run(example, '-p', parameter)
  expect(result.symptoms).toEqual([])
  expect(result.findings.filter(({ confident }) => confident)).toEqual([])
  expect(exitCode).toBe(0)
})
