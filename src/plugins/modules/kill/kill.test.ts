import { expect, test } from 'vitest'
import { runModule } from '../../../../test/harness/run-module.ts'
import { startFixture } from '../../../../test/harness/fixture-process.ts'
import kill from './index.ts'

test('the processes get the signal, and the script starts them again', async () => {
  await using fixture = await startFixture('exec sleep 4731')
  await using it = await runModule(kill, {
    match: fixture.mark,
    whole_host: true,
    signal: 'TERM',
    duration: '1ms',
    restart: 'echo node $QUARRY_NODE_ORDINAL is back',
  })
  expect(await fixture.ended).toBe('SIGTERM')
  expect(it.operations.map(([kind]) => kind)).toEqual(['invoke', 'info', 'ok'])
  expect(it.operations[2]?.[1]).toEqual({
    killed: [{ node: 'server/0', pid: fixture.pids[0], comm: 'sleep' }],
  })
  expect(it.log).toContain('server/0: node 0 is back')
})

test('an abort leaves nothing dead', async () => {
  await using fixture = await startFixture('exec sleep 4732')
  const abort = new AbortController()
  const properties = { match: fixture.mark, whole_host: true, duration: '1h', restart: 'echo back' }
  const running = runModule(kill, properties, { signal: abort.signal })
  expect(await fixture.ended).toBe('SIGKILL')
  abort.abort(new Error('aborted by the user'))
  await using it = await running
  expect(String(it.error)).toContain('aborted by the user')
  expect(it.log).toContain('server/0: back')
})

test('one that does not end, and a script that fails, are failures', async () => {
  await using fixture = await startFixture('trap "" TERM; sleep 4733; :', 1)
  await using it = await runModule(kill, {
    match: fixture.mark,
    whole_host: true,
    signal: 'TERM',
    timeout: '300ms',
    duration: 0,
    restart: 'echo no such service; exit 3',
  })
  expect(it.operations.at(-1)).toEqual([
    'fail',
    expect.stringMatching(/took TERM and did not end[^]*status 3:\nno such/),
  ])
})
