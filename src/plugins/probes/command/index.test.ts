import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { attemptOnce, openProbe } from '../../../../test/harness/attempt.ts'
import command from './index.ts'
import { parseValues } from './values.ts'

const run = (line: string): ReturnType<typeof attemptOnce> => attemptOnce(command, { command: line })

test('the exit status decides, also of the first part of a pipe', async () => {
  expect(await run('true')).toEqual({ success: true, stage: 'done' })
  expect(await run('[[ $GIVEN == yes ]]')).toMatchObject({ success: true })
  expect(await run('exit 7')).toEqual({ success: false, stage: 'done', error: 'exit status 7' })
  expect(await run('echo first; echo why >&2; false')).toMatchObject({ error: 'exit status 1: why' })
  expect(await run('echo said | grep said; exit 2')).toMatchObject({ error: 'exit status 2: said' })
  expect(await run('false | cat')).toMatchObject({ success: false })
  expect(await run('kill -9 $$')).toMatchObject({ error: 'killed by SIGKILL' })
  expect((await run('if')).error).toContain('syntax error')
})

test('a command without end is given up in time', async () => {
  await using open = await openProbe(
    command,
    { command: 'sleep 300 & trap "" TERM; echo $! >pid; wait' },
    300,
  )
  const { success, error } = await open.attempt()
  expect([success, error]).toEqual([false, 'not done within 300ms'])
})

test('what a command left behind is dead when the probe is closed', async () => {
  const marker = `/tmp/quarry-command-probe-${process.pid}`
  {
    const line = `sleep 300 & echo $! >${marker}; wait`
    await using open = await openProbe(command, { command: line }, 60_000)
    const controller = new AbortController()
    const attempt = open.attempt(controller.signal)
    while (!existsSync(marker)) await setTimeout(10)
    await setTimeout(50)
    controller.abort(new Error('the run ended'))
    expect(await attempt).toMatchObject({ success: false })
  }
  const pid = readFileSync(marker, 'utf8').trim()
  rmSync(marker)
  // It may still be waiting for init to take note.
  const stat = existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ' Z '
  expect(stat).toContain(' Z ')
})

test('a giant output does no harm', async () => {
  expect(await run('yes "$(printf %1000s)" | head -c 50000000; exit 3')).toMatchObject({ success: false })
})

test('lines with a name and a number are metrics', async () => {
  await using open = await openProbe(command, { command: 'echo a 1; echo b=2.5e3; echo c x', values: true })
  expect((await open.attempt()).values).toEqual({ a: 1, b: 2500 })
  expect(parseValues('a 1\r\n a 2\nsuccess 1\n9x 1\nx 1 2\nx\ny NaN\nz Infinity\n\0\n')).toEqual({
    a: 2,
    z: Infinity,
  })
})

test('an empty command is refused', () => {
  expect(command.properties.safeParse({ command: ' \n' }).success).toBe(false)
})
