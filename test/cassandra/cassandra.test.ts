/** A ring of real Cassandra nodes, one of which is paused; and what a host without Java and Maven is told. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { markedProcesses } from '../../src/node/effects.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const example = new URL('../../examples/cassandra.yaml', import.meta.url).pathname
const needed = ['java', 'jstack', 'mvn']
const missing = execFileSync('sh', [
  '-c',
  'for tool; do command -v "$tool" >/dev/null || echo "$tool"; done',
  'sh',
  ...needed,
])
  .toString()
  .split('\n')
  .filter((name) => name !== '')

/** What a run with these programs absent ends with. */
async function expectUnknown(absent: readonly string[], environment: Record<string, string>): Promise<void> {
  using bare = workplace(environment)
  const { result, exitCode } = await bare.run(example, '--as-is')
  expect(exitCode).toBe(2)
  expect(result.verdict).toBe('unknown')
  const [error] = bare.records().at(-1)?.errors ?? []
  expect(error?.message).toBe(`server/0 lacks ${absent.join(', ')}`)
  expect(error?.remedy).toMatch(/^apt-get install -y .*(default-jdk-headless|maven)/)
}

test('a host without Java and Maven: unknown, with what to install', async () => {
  // Everything else that is on the PATH.
  const bin = join(place.path, 'bin')
  mkdirSync(bin)
  const script =
    'for part in "${@:2}"; do ln -s "$part"/* "$1" 2>/dev/null; done; cd "$1"; rm -f java jstack mvn'
  execFileSync('bash', ['-c', script, 'bash', bin, ...(process.env['PATH'] ?? '').split(delimiter)])
  await expectUnknown(needed, { PATH: bin })
})

test('a paused node is found out, and the others keep what they acknowledged', async () => {
  // Only what holds where there is no Java; `quarry doctor --install --for-tests` brings it.
  if (missing.length > 0) return expectUnknown(missing, {})
  // The nodes have no way to the Internet.
  const env = { ...process.env, QUARRY_DEFINITION_DIR: dirname(example), QUARRY_SCRATCH: place.path }
  execFileSync(join(dirname(example), 'cassandra/fetch'), { env })
  const { result, stderr } = await place.run(example)
  const record = place.records().at(-1)
  if (record === undefined) throw new Error(stderr)
  expect(record.errors).toEqual([])

  const log = (name: string): string =>
    readFileSync(join(place.runs, record.id, 'logs', `${name}.log`), 'utf8')
  expect(log('load')).toMatch(/^0 acknowledged writes are missing$/m)
  expect(record.checks.find(({ name }) => name === 'nothing-lost')?.verdict).toBe('pass')
  expect(result.symptoms.map(({ name }) => name)).toContain('dumb-node')

  // Each node was asked where it is; the paused one was not waited for.
  const sick = record.captures.find(({ role }) => role === 'sick')
  const rungs = (sick?.rungs ?? []).filter(({ collector }) => collector === 'tpstats')
  expect(rungs.map(({ node, status }) => [node, status])).toEqual([
    ['server/0', 'ok'],
    ['server/1', 'failed'],
    ['server/2', 'ok'],
    ['client/0', 'missing'],
  ])
  expect(rungs[1]?.why).toMatch(/is stopped by a signal/)
  const collected = (sick?.rungs ?? []).filter(({ collector }) => ['tpstats', 'jstack'].includes(collector))
  expect(collected.map(({ badLines }) => badLines)).toEqual(collected.map(() => 0))

  const query = `SELECT node, count(*)::INT AS pools FROM samples WHERE capture = '${sick?.id}'
    AND metric = 'cassandra_thread_pool_pending' AND labels LIKE '%"MutationStage"%' GROUP BY node ORDER BY node`
  const printed = await place.quarry('sql', record.id, query, '--json')
  expect(jsonOf<unknown>(printed)).toEqual([
    { node: 'server/0', pools: 1 },
    { node: 'server/2', pools: 1 },
  ])

  const stopped = result.findings.filter(({ statement }) => /is stopped by a signal/.test(statement))
  expect(stopped.map(({ subject }) => [subject.node, subject.comm])).toEqual([['server/1', 'java']])
  expect(result.answer).toMatch(/cql-1 got no answer.*is stopped by a signal/s)
  expect(markedProcesses(record.id)).toEqual([])
}, 1_200_000)
