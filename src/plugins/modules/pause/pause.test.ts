import { expect, test } from 'vitest'
import { processStat } from '../../../base/process-tree.ts'
import { runModule } from '../../../../test/harness/run-module.ts'
import { startFixture } from '../../../../test/harness/fixture-process.ts'
import pause from './index.ts'

const state = (pid: number): string | undefined => processStat(pid)?.state

test('a process stands still, and goes on at the end of the phase', async () => {
  await using fixture = await startFixture('sleep 4721 & sleep 4722', 2)
  const [shell = 0, ...children] = fixture.pids
  expect(children).toHaveLength(2)
  const phase = new AbortController()
  const running = runModule(
    pause,
    { match: fixture.mark, whole_host: true },
    { lifetime: 'run_to_end_of_phase', endOfPhase: phase.signal },
  )
  await expect.poll(() => state(shell)).toBe('T')
  phase.abort()
  await using it = await running
  expect(it.error).toBeUndefined()
  expect(it.operations.map(([kind]) => kind)).toEqual(['invoke', 'info', 'ok'])
  expect(it.operations[1]?.[1]).toMatchObject({ stopped: [{ node: 'server/0', pid: shell }] })
  expect(state(shell)).not.toBe('T')
})

test('an abort lets them go on; one that somebody else stopped is left alone', async () => {
  await using fixture = await startFixture('exec sleep 4723')
  await using other = await startFixture('exec sleep 4724')
  const [pid = 0] = fixture.pids
  const [stopped = 0] = other.pids
  process.kill(stopped, 'SIGSTOP')
  await expect.poll(() => state(stopped)).toBe('T')
  const abort = new AbortController()
  const running = runModule(
    pause,
    { match: 'sleep 472[34]', whole_host: true, duration: '1h' },
    { signal: abort.signal },
  )
  await expect.poll(() => state(pid)).toBe('T')
  abort.abort(new Error('aborted by the user'))
  await using it = await running
  expect(String(it.error)).toContain('aborted by the user')
  expect([state(pid), state(stopped)]).toEqual([expect.stringMatching(/[RS]/), 'T'])
  expect(it.log.join()).toContain('is stopped already')
})

test('when all are stopped already there was no fault', async () => {
  await using fixture = await startFixture('exec sleep 4726')
  const [pid = 0] = fixture.pids
  process.kill(pid, 'SIGSTOP')
  await expect.poll(() => state(pid)).toBe('T')
  await using it = await runModule(pause, { match: fixture.mark, whole_host: true, duration: '1h' })
  expect(String(it.error)).toContain('there was nothing to stop')
  expect(state(pid)).toBe('T')
})

test('what the run did not start is not found without being asked for', async () => {
  await using fixture = await startFixture('exec sleep 4725')
  await using it = await runModule(pause, { match: fixture.mark, duration: '1ms' })
  expect(it.error).toMatchObject({ code: 'QUARRY_NO_PROCESS' })
  expect(state(fixture.pids[0] ?? 0)).toMatch(/[RS]/)
})

test('either match or service', () => {
  expect(() => pause.properties.parse({})).toThrow('needs either match or service')
  expect(() => pause.properties.parse({ match: 'a', service: 'b' })).toThrow('needs either')
  expect(() => pause.properties.parse({ match: '(' })).toThrow('is not a regular expression')
})
