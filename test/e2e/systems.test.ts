/** Real clusters under test, on nodes with networks of their own: load, a fault, and whether what was acknowledged is there. */
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

test('etcd: three nodes keep what they acknowledged while one is cut off', async () => {
  const { record, log } = await run('etcd', '-p', 'writes=120', '-p', 'cut=6s')
  expect(log('partition')).toMatch(/cut off: server\/0 from server\/1, server\/2, client\/0/)
  expect(log('compare').match(/: 120 keys, 0 acknowledged writes are missing/g)).toHaveLength(3)
  expect(record.verdict).toBe('pass')
})

test('Redis: with its master frozen, the sentinels elect another, which has what a replica confirmed', async () => {
  const { record, log } = await run('redis')
  expect(log('write')).toMatch(/masters: (\S+) (?!\1)\S+/)
  expect(log('compare')).toMatch(/of [1-9]\d* acknowledged writes 0 are missing/)
  expect(record.verdict).toBe('pass')
})

test('PostgreSQL: the standby has every commit that was acknowledged when its primary was killed', async () => {
  const { record, log } = await run('postgresql')
  expect(log('commit')).toMatch(/^[1-9]\d* of 100000 commits acknowledged/)
  expect(log('server-0-command')).toContain('server/0: postgresql ended by itself, with SIGKILL')
  expect(log('promote')).toMatch(/^server\/1: t$/m)
  expect(log('compare')).toMatch(/of [1-9]\d* acknowledged commits 0 are missing/)
  expect(record.verdict).toBe('pass')
})

test('ZooKeeper: every server has what was acknowledged, through the loss of the leader', async () => {
  const { record, log } = await run('zookeeper')
  expect(log('kill')).toMatch(/server\/\d: killed the leader/)
  expect(log('compare').match(/: [1-9]\d* znodes, 0 acknowledged ones are missing/g)).toHaveLength(3)
  expect(record.verdict).toBe('pass')
})
