/** Real clusters under test, on nodes with networks of their own: load, a fault, and whether clients saw what they should. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunRecord } from '../../src/model/run.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const example = (name: string): string => new URL(`../../examples/${name}.yaml`, import.meta.url).pathname

async function run(
  name: string,
  ...words: string[]
): Promise<{ record: RunRecord; log: (of: string) => string }> {
  const { stderr } = await place.run(example(name), ...words)
  const record = place.records().at(-1)
  if (record === undefined) throw new Error(stderr)
  expect(record.errors).toEqual([])
  const log = (of: string): string => readFileSync(join(place.runs, record.id, 'logs', `${of}.log`), 'utf8')
  return { record, log }
}

/** Operations that clients of the load began and had an answer to between two moments of the history, by what they did. */
function doneBetween(
  record: RunRecord,
  from: (operation: Told) => boolean,
  to: (operation: Told) => boolean,
): Record<string, number> {
  const text = readFileSync(join(place.runs, record.id, 'history.jsonl'), 'utf8')
  const all = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Told)
    .toSorted((a, b) => (BigInt(a.ts) < BigInt(b.ts) ? -1 : 1))
  const first = all.findIndex(from)
  const last = all.findIndex((one, index) => index > first && to(one))
  expect([first, last]).not.toContain(-1)
  const begun = new Set<unknown>()
  const counts: Record<string, number> = {}
  for (const { kind, value } of all.slice(first, last)) {
    const { f, client } = value ?? {}
    if (f === undefined) continue
    if (kind === 'invoke') begun.add(client)
    else if (kind === 'ok' && begun.has(client)) counts[f] = (counts[f] ?? 0) + 1
  }
  return counts
}

interface Told {
  readonly ts: string
  readonly process: string
  readonly kind: string
  readonly value?: { readonly f?: string; readonly client?: number } | null
}

const some = expect.toSatisfy((count: unknown) => Number(count) > 0)
const when =
  (process: string, kind: string) =>
  (one: Told): boolean =>
    one.process === process && one.kind === kind

/** The operations that the checker says it has put in order. */
function judged(record: RunRecord): number {
  const check = record.checks.find(({ checker }) => checker === 'linearizability')
  return Number(/^(\d+) operations on \d+ registers are linearizable$/.exec(check?.message ?? '')?.[1])
}

test('etcd: linearizable while a server is cut off that clients still reach', async () => {
  const { record, log } = await run('etcd', '-p', 'seconds=15', '-p', 'cut=6s')
  expect(log('partition')).toMatch(/cut off: server\/0 from server\/1, server\/2/)
  expect(record.verdict).toBe('pass')
  const cut = doneBetween(record, when('partition', 'invoke'), when('partition', 'ok'))
  expect(cut).toMatchObject({ read: some, write: some })
  expect(judged(record)).toBeGreaterThan(Object.values(cut).reduce((sum, count) => sum + count))
})

test('etcd: serializable reads of the server that is cut off are old, which the checker finds', async () => {
  const { record } = await run('etcd', '-p', 'seconds=15', '-p', 'cut=6s', '-p', 'serializable=true')
  expect(record.verdict).toBe('fail')
  expect(record.checks.find(({ verdict }) => verdict === 'fail')).toMatchObject({
    checker: 'linearizability',
  })
  const [{ message } = { message: '' }] = record.checks.filter(({ checker }) => checker === 'linearizability')
  const [, picture] =
    /^register "quarry-\d" is not linearizable: read \S+ by client load \d+ cannot come .*; see (\S+\.svg)$/.exec(
      message,
    ) ?? []
  expect(readFileSync(join(place.runs, record.id, picture ?? message), 'utf8')).toContain('<g class="stuck">')
})

test('Redis: linearizable, as replicas confirm, with its master frozen and another elected', async () => {
  const { record, log } = await run('redis')
  expect(log('freeze')).toMatch(/stopped redis-server/)
  expect(record.verdict).toBe('pass')
  // The master stands still: these were done by another.
  const frozen = doneBetween(record, when('freeze', 'info'), when('freeze', 'ok'))
  expect(frozen).toMatchObject({ read: some, write: some })
  expect(judged(record)).toBeGreaterThan(Object.values(frozen).reduce((sum, count) => sum + count))
})

test('PostgreSQL: the standby goes on where its primary was when it was killed', async () => {
  const { record, log } = await run('postgresql')
  expect(log('server-0-command')).toContain('server/0: postgresql ended by itself, with SIGKILL')
  expect(log('promote')).toMatch(/^server\/1: t$/m)
  expect(record.verdict).toBe('pass')
  const before = doneBetween(record, when('load', 'invoke'), when('kill', 'invoke'))
  const after = doneBetween(record, when('promote', 'ok'), when('load', 'end'))
  expect([before, after]).toEqual(Array(2).fill({ read: some, write: some }))
  expect(judged(record)).toBeGreaterThan(
    [...Object.values(before), ...Object.values(after)].reduce((sum, count) => sum + count),
  )
})

test('ZooKeeper: every server has what was acknowledged, through the loss of the leader', async () => {
  const { record, log } = await run('zookeeper')
  expect(log('kill')).toMatch(/server\/\d: killed the leader/)
  expect(log('compare').match(/: [1-9]\d* znodes, 0 acknowledged ones are missing/g)).toHaveLength(3)
  expect(record.verdict).toBe('pass')
})
