/**
 * Looking must not wake: a wait that was lost would be armed again, and the symptom gone before it was understood.
 *
 * Every collector of the tiers `read`, `sample` and `trace` that this host can run is run for real on threads that
 * block in every kind of wait; the kernel's own count of their context switches must not move. The tier `stop` moves
 * it, which is why it comes last.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Target } from '../../src/model/run.ts'
import { localNode } from '../../src/node/local.ts'
import { checkNeeds } from '../../src/node/needs.ts'
import { createRegistry } from '../../src/plugin/registry.ts'
import { components } from '../../src/plugins/index.ts'
import { collect, startFixture } from '../harness/collect.ts'

/** Long enough for tools that sample to come by several times. */
const WINDOW_MS = 2000
/** Java itself wakes a thread that waits to enter a monitor, again and again. */
const RESTLESS = /^p-blocked$/

const directory = mkdtempSync(join(tmpdir(), 'quarry-disturbance-'))
const fixtures = new URL('../fixtures/', import.meta.url).pathname
const waitersBinary = join(directory, 'waiters')
execFileSync('gcc', ['-O1', '-pthread', '-o', waitersBinary, join(fixtures, 'bin/waiters.c')])
execFileSync('javac', ['-d', directory, join(fixtures, 'java/Parker.java')])
const waiters = await startFixture([waitersBinary])
const parker = await startFixture(['java', '-Xmx32m', '-XX:+UseSerialGC', '-cp', directory, 'Parker'])
afterAll(async () => {
  await Promise.all([waiters[Symbol.asyncDispose](), parker[Symbol.asyncDispose]()])
  rmSync(directory, { recursive: true })
})

const node = localNode({ run: 'disturbance', group: 'server', ordinal: 0, scratch: directory })
const targetOf = (pid: number): Target => ({ node: node.name, pid, comm: '', commandLine: '', why: 'test' })
const collectors = createRegistry(components).all('collector')
const runnable = async (pid: number): Promise<typeof collectors> => {
  const missing = await Promise.all(collectors.map(({ needs }) => checkNeeds(node, needs, [targetOf(pid)])))
  return collectors.filter((_, index) => missing[index]?.length === 0)
}
const onWaiters = await runnable(waiters.pid)
const onJava = (await runnable(parker.pid)).filter(({ needs }) =>
  needs.some((need) => need.type === 'target' && need.what === 'jvm'),
)
const looking = ({ tier }: (typeof collectors)[number]): boolean => tier !== 'stop' && tier !== 'change'

/** Context switches of each thread, voluntary and involuntary, by the thread's name and id. */
function switches(pid: number): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8')
    const name = /^Name:\t(.*)$/m.exec(status)?.[1] ?? ''
    const sum = [...status.matchAll(/ctxt_switches:\s+(\d+)$/gm)].reduce(
      (total, [, n]) => total + Number(n),
      0,
    )
    if (!RESTLESS.test(name)) counts[`${name} ${tid}`] = sum
  }
  return counts
}

/** Only the threads that the programs made; a virtual machine has restless ones of its own. */
const ours = (counts: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter(([name]) => /^(?:w-|p[- ]|waiters )/.test(name)))

/** Until nothing has moved for a while: the fixture has come to rest. */
async function atRest(pid: number): Promise<Record<string, number>> {
  for (let before = ours(switches(pid)); ;) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    const now = ours(switches(pid))
    if (JSON.stringify(now) === JSON.stringify(before)) return now
    before = now
  }
}

test('this host can run what only reads', () => {
  const ids = onWaiters.map(({ id }) => id)
  expect(ids).toEqual(
    expect.arrayContaining(['facts', 'files', 'kernel-log', 'mounts', 'sockets', 'threads']),
  )
  expect(onJava.map(({ id }) => id)).toContain('jstack')
})

describe('wakes no thread that waits', () => {
  test.for(onWaiters.filter(looking))('$tier: $id', async (collector) => {
    const before = await atRest(waiters.pid)
    expect(Object.keys(before)).toHaveLength(10)
    await collect(collector, { targets: [waiters.pid], windowMs: WINDOW_MS })
    expect(ours(switches(waiters.pid))).toEqual(before)
  })

  test.for(onJava.filter(looking))('$tier: $id, on Java threads', async (collector) => {
    const before = await atRest(parker.pid)
    expect(Object.keys(before)).toHaveLength(7)
    const seen = await collect(collector, { targets: [parker.pid], windowMs: WINDOW_MS })
    // One that asks a Cassandra has nothing to ask of this virtual machine.
    if (collector.tables.includes('stacks')) {
      expect(seen.rows('stacks').map((row) => row.comm)).toContain('p-park-nanos')
    }
    expect(ours(switches(parker.pid))).toEqual(before)
  })
})

describe('wakes every thread that waits', () => {
  const moved = (before: Record<string, number>): string[] => {
    const now = ours(switches(waiters.pid))
    return Object.keys(before).filter((name) => now[name] !== before[name])
  }

  test('SIGSTOP and SIGCONT', async () => {
    const before = await atRest(waiters.pid)
    process.kill(waiters.pid, 'SIGSTOP')
    await expect.poll(() => readFileSync(`/proc/${waiters.pid}/stat`, 'utf8')).toMatch(/\) T /)
    process.kill(waiters.pid, 'SIGCONT')
    await expect.poll(() => moved(before)).toEqual(Object.keys(before))
  })

  test.for(onWaiters.filter(({ tier }) => tier === 'stop'))('$tier: $id', async (collector) => {
    const before = await atRest(waiters.pid)
    await collect(collector, { targets: [waiters.pid], windowMs: WINDOW_MS })
    expect(moved(before)).toEqual(Object.keys(before))
  })
})
