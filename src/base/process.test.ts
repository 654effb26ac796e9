import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { EnvironmentError } from './errors.ts'
import { allProcesses, isAlive, processStat } from './process-tree.ts'
import { runProcess, startProcess, type RunningProcess } from './process.ts'

const text = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString()

async function firstLine(running: RunningProcess): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of running.stdout) {
    chunks.push(chunk)
    if (text(chunks).includes('\n')) break
  }
  return text(chunks).split('\n')[0] ?? ''
}

describe('runProcess', () => {
  test('gives output, exit code and signal as a result', async () => {
    const result = await runProcess(['sh', '-c', 'cat; echo "$WORD" >&2; pwd; exit 3'], {
      input: 'given\n',
      env: { WORD: 'heard' },
      cwd: '/',
    })
    expect(result).toMatchObject({
      ok: false,
      exitCode: 3,
      signal: null,
      stdout: 'given\n/\n',
      stderr: 'heard\n',
      truncated: false,
      timedOut: false,
    })
    expect(await runProcess(['sh', '-c', 'kill -9 $$'])).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
  })

  test('has no shell between it and the arguments, and empty input', async () => {
    expect((await runProcess(['echo', '$HOME; `id` *'])).stdout).toBe('$HOME; `id` *\n')
    expect((await runProcess(['cat'])).stdout).toBe('')
  })

  test('a program that is not there is a result with the exit code of a shell', async () => {
    const missing = await runProcess(['no-such-program-anywhere'])
    expect(missing).toMatchObject({ ok: false, exitCode: 127 })
    expect(missing.stderr).toBe('no-such-program-anywhere: command not found\n')
    expect(await runProcess(['/etc/passwd'])).toMatchObject({ exitCode: 126 })
    expect((await runProcess(['true'], { cwd: '/no/such/directory' })).stderr).toMatch(
      /\/no\/such\/directory/,
    )
  })

  test('keeps no more output than asked, and lets the child go on', async () => {
    const result = await runProcess(['sh', '-c', 'head -c 1000000 /dev/zero; echo end >&2'], {
      maxBytes: 1000,
    })
    expect(result.stdout.length).toBe(1000)
    expect(result).toMatchObject({ ok: true, truncated: true, stderr: 'end\n' })
  })

  test('does not wait for a child left in the background, which goes on', async () => {
    const result = await runProcess(['sh', '-c', 'sleep 60 & echo $!'])
    const pid = Number(result.stdout)
    const stat = processStat(pid)
    expect(stat).toBeDefined()
    process.kill(pid, 'SIGKILL')
  })

  test('a timeout stops it and says so', async () => {
    const result = await runProcess(['sh', '-c', 'echo before; sleep 60'], { timeoutMs: 200 })
    expect(result).toMatchObject({ ok: false, timedOut: true, signal: 'SIGTERM', stdout: 'before\n' })
  })

  test('an abort stops it and rejects with the reason', async () => {
    const controller = new AbortController()
    const running = runProcess(['sleep', '60'], { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('the phase is over')), 50)
    await expect(running).rejects.toThrow('the phase is over')
    await expect(runProcess(['true'], { signal: controller.signal })).rejects.toThrow('the phase is over')
  })
})

describe('startProcess', () => {
  test('rejects when the program cannot be started', async () => {
    await expect(startProcess(['no-such-program-anywhere'])).rejects.toBeInstanceOf(EnvironmentError)
  })

  test('streams from the first byte, and keeps what is not read', async () => {
    await using running = await startProcess(['sh', '-c', 'seq 3; echo oops >&2; sleep 0.2; seq 4 6'])
    await delay(100)
    const chunks: Uint8Array[] = []
    for await (const chunk of running.stdout) chunks.push(chunk)
    expect(text(chunks)).toBe('1\n2\n3\n4\n5\n6\n')
    expect(await running.done).toMatchObject({ ok: true, stdout: '', stderr: 'oops\n' })
  })

  test('leaving the iteration does not break the pipe', async () => {
    await using running = await startProcess([
      'sh',
      '-c',
      'echo ready; sleep 0.1; echo more && echo fine >&2',
    ])
    expect(await firstLine(running)).toBe('ready')
    expect(await running.done).toMatchObject({ exitCode: 0, stdout: 'more\n', stderr: 'fine\n' })
  })

  test('a reader that does not read holds the child back, and loses nothing', async () => {
    await using running = await startProcess(['head', '-c', '3000000', '/dev/zero'])
    let bytes = 0
    for await (const chunk of running.stdout) {
      if (bytes === 0) await delay(600)
      bytes += chunk.length
    }
    expect(bytes).toBe(3_000_000)
  })

  test('INT lets a tool write its result', async () => {
    await using running = await startProcess([
      'sh',
      '-c',
      'trap "echo result; exit 0" INT; echo up; while :; do sleep 0.05; done',
    ])
    expect(await firstLine(running)).toBe('up')
    running.interrupt()
    expect(await running.done).toMatchObject({ exitCode: 0, stdout: 'result\n' })
  })

  test('stopping leaves no descendant, whatever session it is in and whether or not it heeds TERM', async () => {
    const marker = `quarry-process-test-${process.pid}-${Date.now()}`
    const script =
      'setsid sh -c "trap \'\' TERM; while :; do sleep 1; done" & sh -c "sleep 50 & wait" & echo up; wait'
    const running = await startProcess(['sh', '-c', script], { env: { MARKER: marker }, graceMs: 300 })
    expect(await firstLine(running)).toBe('up')
    await delay(100)
    const before = withMarker(marker)
    expect(before.length).toBeGreaterThanOrEqual(5)
    await running.stop()
    expect(before.filter(isAlive)).toEqual([])
    expect(withMarker(marker)).toEqual([])
    expect((await running.done).signal).toBe('SIGTERM')
  })

  test('disposing after the end also takes what it left in its session', async () => {
    const running = await startProcess(['sh', '-c', 'sleep 60 >/dev/null & echo $!'])
    const child = processStat(Number((await running.done).stdout))
    expect(child !== undefined && isAlive(child)).toBe(true)
    await running[Symbol.asyncDispose]()
    expect(child !== undefined && isAlive(child)).toBe(false)
  })

  test('a stopped process is stopped for good', async () => {
    const running = await startProcess(['sleep', '60'])
    process.kill(running.pid, 'SIGSTOP')
    await running.stop()
    expect((await running.done).signal).toBe('SIGTERM')
  })
})

function withMarker(marker: string) {
  return allProcesses().filter(({ pid, state }) => {
    if (state === 'Z') return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`MARKER=${marker}`)
    } catch {
      return false
    }
  })
}
