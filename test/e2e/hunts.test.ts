/** The two documented hunts, solved from their symptom alone; and their controls, in which there is nothing to find. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Finding, FindingKind } from '../../src/model/finding.ts'
import type { RunResult } from '../../src/model/run.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

const examples = resolve(import.meta.dirname, '../../examples')

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

/** Confident findings of a kind, the first to read first. */
const sure = (result: RunResult, kind: FindingKind): Finding[] =>
  result.findings.filter((finding) => finding.confident && finding.kind === kind)

describe('negative dentries', () => {
  const example = join(examples, 'negative-dentries.yaml')

  test('names the slow call, the kernel function, what grew, who did it, and the cure', async () => {
    const agent = 'stock-keeper'
    const words = ['-p', `agent=${agent}`, '-p', `dir=${place.path}/in tray`, '-p', 'lookups=15000']
    const { result, exitCode } = await place.run(example, ...words)
    expect(exitCode).toBe(1)
    // It comes back while the cured system is captured, for the agent goes on.
    expect(result.symptoms[0]).toMatchObject({ name: 'slow-watch', curedBy: 'drop-caches' })

    const [slow] = sure(result, 'difference').filter(({ subject }) => subject.call === 'inotify_add_watch')
    expect(slow?.subject.path).toBe(`${place.path}/in tray`)
    expect(slow?.effect.ratio).toBeGreaterThan(20)

    const [where] = sure(result, 'difference').filter(({ subject }) => subject.function !== undefined)
    expect(where?.subject.function).toMatch(/fsnotify/)
    expect(where?.effect.value).toBeGreaterThan(0.5)

    expect(sure(result, 'trend').some(({ statement }) => /negative/i.test(statement))).toBe(true)

    const [who] = sure(result, 'attribution')
    expect(who?.subject).toMatchObject({ comm: agent, errno: 'ENOENT' })
    expect(who?.subject.pid).toBeTypeOf('number')
    expect(who?.effect.value).toBeGreaterThan(0.5)
    expect(who?.effect.ratio).toBeGreaterThan(2)

    const [cure] = sure(result, 'intervention')
    expect(cure?.subject.collector).toBe('drop-caches')

    for (const word of [
      'inotify_add_watch',
      `${place.path}/in tray`,
      'fsnotify',
      `${agent} (pid`,
      'negative',
    ])
      expect(result.answer).toContain(word)
    expect(result.answer).toMatch(/drop/)
    expect(readFileSync(join(result.directory, 'case.html'), 'utf8')).toContain(agent)
  })

  test('the control passes, without a confident finding', async () => {
    const { result, exitCode } = await place.run(example, '-p', 'fault=false')
    expect(result.findings.filter(({ confident }) => confident)).toEqual([])
    expect(exitCode).toBe(0)
  })
})

describe('heisenbug server', () => {
  const example = join(examples, 'heisenbug-server.yaml')

  test('names what died and lives, the queue nobody drains, the lost wakeup, and the tracer that cures it', async () => {
    const name = 'ledgerd'
    const { result, exitCode } = await place.run(
      example,
      '-p',
      `name=${name}`,
      '-p',
      'port=28080',
      '-p',
      'after=28',
    )
    expect(exitCode).toBe(1)
    const curedBy = result.symptoms[0]?.curedBy
    expect(['strace', 'gdb', 'sigstop']).toContain(curedBy)

    const [shared] = sure(result, 'absence')
    expect(shared?.statement).toMatch(/http/)
    expect(shared?.statement).toMatch(/hatch/)
    expect(shared?.statement).toMatch(/snmp-like/)
    expect(shared?.statement).toMatch(/epoll/)

    const [piled] = sure(result, 'invariant')
    expect(piled?.statement).toMatch(/epoll_wait/)
    expect(piled?.subject.comm).toBe('events')

    const [cure] = sure(result, 'intervention')
    expect(cure?.subject.collector).toBe(curedBy)
    expect(cure?.statement).toMatch(/EINTR/)

    expect(result.answer).toMatch(/lost wakeup/i)
    expect(result.answer).toMatch(/restart/)
    expect(result.answer).toMatch(/tracer|strace|ptrace/)
  })

  test('the control passes, without a confident finding', async () => {
    const { result, exitCode } = await place.run(example, '-p', 'fault=false')
    expect(result.findings.filter(({ confident }) => confident)).toEqual([])
    expect(exitCode).toBe(0)
  })
})
