import { expect, test } from 'vitest'
import { runModule } from '../../../../test/harness/run-module.ts'
import bash from './index.ts'

test('a script that succeeds: what it writes is in the log, line by line, and in a file', async () => {
  await using run = await runModule(bash, {
    script: 'echo "$NAME on $QUARRY_NODE_ORDINAL"; printf "no newline" >&2',
    env: { NAME: 'me' },
  })
  expect(run.operations).toEqual([
    ['invoke', { nodes: ['server/0'] }],
    ['ok', undefined],
  ])
  expect([...run.log].toSorted()).toEqual(['me on 0', 'no newline'])
  expect(await run.artifact('it.log')).toContain('me on 0\n')
})

test('a script that fails is a failed operation, with its status and last lines', async () => {
  await using run = await runModule(bash, { script: 'for i in 1 2 3 4 5 6; do echo line $i; done; exit 3' })
  expect(run.operations.at(-1)).toEqual([
    'fail',
    'server/0: the script ended with status 3:\nline 2\nline 3\nline 4\nline 5\nline 6',
  ])
})

test('a failure in the middle of a pipe counts', async () => {
  await using run = await runModule(bash, { script: 'false | cat' })
  expect(run.operations.at(-1)?.[0]).toBe('fail')
})

test('it runs on every node of the group, and names those that failed', async () => {
  await using run = await runModule(bash, { script: 'echo here; exit $QUARRY_NODE_ORDINAL' }, { nodes: 2 })
  expect([...run.log].toSorted()).toEqual(['server/0: here', 'server/1: here'])
  expect(run.operations.at(-1)).toEqual(['fail', 'server/1: the script ended with status 1:\nhere'])
})

test('a script that takes longer than its timeout is stopped', async () => {
  await using run = await runModule(bash, { script: 'sleep 1000', timeout: '200ms' })
  expect(run.operations.at(-1)?.[1]).toMatch(/^server\/0: the script took longer than its timeout/)
})

test('for the phase: it is stopped at the end of the phase, which is no failure', async () => {
  const endOfPhase = AbortSignal.timeout(200)
  await using run = await runModule(
    bash,
    { script: 'sleep 1000' },
    { lifetime: 'run_to_end_of_phase', endOfPhase },
  )
  expect(run.operations.at(-1)).toEqual(['ok', undefined])
  expect(run.error).toBeUndefined()
})

test('run once: the end of the phase does not stop it', async () => {
  await using run = await runModule(
    bash,
    { script: 'sleep 0.3; echo done' },
    { endOfPhase: AbortSignal.abort() },
  )
  expect(run.log).toEqual(['done'])
})

test('an abort stops it, with the reason', async () => {
  const aborter = new AbortController()
  setTimeout(() => aborter.abort(new Error('aborted by the user')), 200)
  await using run = await runModule(bash, { script: 'sleep 1000' }, { signal: aborter.signal })
  expect(run.error).toMatchObject({ message: 'aborted by the user' })
  expect(run.operations.map(([kind]) => kind)).toEqual(['invoke'])
})

test('what it leaves in the background goes on, and does not hold the module', async () => {
  await using run = await runModule(bash, { script: 'sleep 1000 & echo $!' })
  expect(run.operations.at(-1)?.[0]).toBe('ok')
  const pid = Number(run.log[0])
  expect(() => process.kill(pid, 0)).not.toThrow()
})

test('binary output, a line without an end and cut characters harm nobody', async () => {
  await using run = await runModule(bash, {
    script: String.raw`printf '\xff\x00\xc3'; sleep 0.1; printf '\xa9\n'; head -c 100000 /dev/zero | tr '\0' x; head -c 300000 /dev/urandom`,
  })
  expect(run.operations.at(-1)?.[0]).toBe('ok')
  expect(run.log[0]).toBe('\ufffd\0é')
  expect(Math.max(...run.log.map((line) => line.length))).toBeLessThan(20_000)
})

test('nothing at all to say, and a script that bash cannot read', async () => {
  await using quiet = await runModule(bash, { script: ':' })
  expect([quiet.log, quiet.operations.at(-1)?.[0]]).toEqual([[], 'ok'])
  await using broken = await runModule(bash, { script: 'if' })
  expect(broken.operations.at(-1)?.[1]).toMatch(/status 2:\nbash: .*syntax error/)
})
