import { expect, test } from 'vitest'
import { processStat } from '../../../base/process-tree.ts'
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
  expect(processStat(Number(run.log[0]))?.state).toBe('S')
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

test('the interpreter of its first line runs it', async () => {
  await using perl = await runModule(bash, {
    script: '#!/usr/bin/perl\nprint "it is $ENV{NAME}\\n";',
    env: { NAME: 'perl' },
  })
  expect(perl.log).toEqual(['it is perl'])
  await using strict = await runModule(bash, { script: '#!/bin/bash -e\nfalse\necho never' })
  expect(strict.operations.at(-1)?.[0]).toBe('fail')
})

test('neither the script nor its variables are in the process list, nor is the script among its variables', async () => {
  const script = 'tr "\\0" " " < /proc/$$/cmdline; echo; env | grep -c "QUARRY_SCRIPT" || true'
  await using run = await runModule(bash, { script: `# hunter2\n${script}` })
  expect(run.log.join('\n')).not.toContain('hunter2')
  expect(run.log.at(-1)).toBe('0')
})

test('output as the value of the operation', async () => {
  await using run = await runModule(bash, { script: 'echo one; echo two >&2', export_output: true })
  expect(run.operations.at(-1)).toEqual(['ok', 'one\n'])
})

test('silence after the first word ends it; silence from the beginning does not', async () => {
  await using run = await runModule(bash, { script: 'echo one; sleep 1000', no_output_timeout: '300ms' })
  expect(run.operations.at(-1)?.[1]).toMatch(/said nothing for 300ms and was stopped:\none$/)
  await using quiet = await runModule(bash, { script: 'sleep 0.6', no_output_timeout: '200ms' })
  expect(quiet.operations.at(-1)?.[0]).toBe('ok')
})

test('some nodes of the group, by number, by exclusion, or a choice that is the same for the same seed', async () => {
  const nodesOf = async (given: object): Promise<string> => {
    await using run = await runModule(bash, { script: 'echo here', ...given }, { nodes: 4 })
    if (run.error !== undefined) throw run.error
    return run.log
      .map((line) => line.replace(/^server\/(\d): here$/, '$1'))
      .toSorted()
      .join('')
  }
  expect(await nodesOf({ 'target.ordinals': '0, 2' })).toBe('02')
  expect(await nodesOf({ 'target.ordinals': 3 })).toBe('3')
  expect(await nodesOf({ 'target.ordinals': [1, 2], 'target.strategy': 'BLACKLIST' })).toBe('03')
  const choice = { 'target.number_of_nodes': 2, 'target.seed': 7 }
  expect(await nodesOf(choice)).toBe(await nodesOf(choice))
  expect(await nodesOf(choice)).toHaveLength(2)
  await expect(nodesOf({ 'target.ordinals': '7' })).rejects.toThrow('has no node 7')
})

test('repeated: so many times, or until the phase ends', async () => {
  const quick = { 'repeat.delay': 0, 'repeat.delay_offset': 0 }
  await using thrice = await runModule(bash, { script: 'echo x', ...quick, 'repeat.iterations': 3 })
  expect(thrice.operations.filter(([kind]) => kind === 'ok')).toHaveLength(3)
  const endOfPhase = AbortSignal.timeout(500)
  await using lasting = await runModule(
    bash,
    { script: 'echo x', ...quick },
    { lifetime: 'run_to_end_of_phase', endOfPhase },
  )
  expect(lasting.operations.filter(([kind]) => kind === 'ok').length).toBeGreaterThan(1)
  expect(lasting.error).toBeUndefined()
  const aborter = new AbortController()
  setTimeout(() => aborter.abort(new Error('aborted by the user')), 100)
  await using waiting = await runModule(
    bash,
    { script: 'echo x', 'repeat.delay': 1000 },
    { signal: aborter.signal },
  )
  expect(waiting.error).toMatchObject({ message: 'aborted by the user' })
})
