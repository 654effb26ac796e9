import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../../../test/harness/row-recorder.ts'
import { tpstatsParser } from './parse.ts'

// What was recorded, and what was not: fixtures/README.md.
const golden = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')

function parse(output: string | Uint8Array, size?: number) {
  const rows = recordRows()
  const stats = parseAll(tpstatsParser(rows), output, size)
  return { stats, samples: rows.of('samples').map((row) => `${row.metric}${row.labels} ${row.value}`) }
}

test('text of 3.11', () => {
  const { stats, samples } = parse(golden('tpstats-3.11.txt'))
  expect(stats).toEqual({ lines: 13, rows: 38, bad: 0 })
  expect(samples.filter((sample) => /Mutation|Native|dropped/.test(sample))).toMatchInlineSnapshot(`
    [
      "cassandra_thread_pool_active{"pool":"MutationStage"} 32",
      "cassandra_thread_pool_pending{"pool":"MutationStage"} 4217",
      "cassandra_thread_pool_completed{"pool":"MutationStage"} 981123",
      "cassandra_thread_pool_blocked{"pool":"MutationStage"} 0",
      "cassandra_thread_pool_all_time_blocked{"pool":"MutationStage"} 0",
      "cassandra_thread_pool_active{"pool":"CounterMutationStage"} 0",
      "cassandra_thread_pool_pending{"pool":"CounterMutationStage"} 0",
      "cassandra_thread_pool_completed{"pool":"CounterMutationStage"} 0",
      "cassandra_thread_pool_blocked{"pool":"CounterMutationStage"} 0",
      "cassandra_thread_pool_all_time_blocked{"pool":"CounterMutationStage"} 0",
      "cassandra_thread_pool_active{"pool":"Native-Transport-Requests"} 128",
      "cassandra_thread_pool_pending{"pool":"Native-Transport-Requests"} 1",
      "cassandra_thread_pool_completed{"pool":"Native-Transport-Requests"} 1200334",
      "cassandra_thread_pool_blocked{"pool":"Native-Transport-Requests"} 2",
      "cassandra_thread_pool_all_time_blocked{"pool":"Native-Transport-Requests"} 8812",
      "cassandra_dropped_messages{"type":"READ"} 0",
      "cassandra_dropped_messages{"type":"MUTATION"} 412",
      "cassandra_dropped_messages{"type":"REQUEST_RESPONSE"} 0",
    ]
  `)
})

test('text of 4.1 has latencies beside, and says N/A', () => {
  const { stats, samples } = parse(golden('tpstats-4.1.txt'))
  expect(stats).toEqual({ lines: 15, rows: 38, bad: 0 })
  expect(samples.filter((sample) => /Repair|HINT/.test(sample))).toEqual([
    'cassandra_dropped_messages{"type":"HINT_REQ"} 0',
  ])
})

test('JSON says the same', () => {
  const { stats, samples } = parse(golden('tpstats-5.0.json'))
  expect(stats.bad).toBe(0)
  const ofPools = (all: readonly string[]): string[] =>
    all.filter((sample) => sample.includes('pool')).toSorted()
  expect(ofPools(samples)).toEqual(ofPools(parse(golden('tpstats-3.11.txt')).samples))
  expect(samples).toContain('cassandra_dropped_messages{"type":"MUTATION_REQ"} 412')
})

test('text and JSON of Cassandra 5.0.5, recorded', () => {
  const text = parse(golden('tpstats-5.0.5.txt'))
  expect(text.stats.bad).toBe(0)
  expect(
    text.samples.filter((sample) =>
      /"MutationStage"|"Native-Transport-Requests"|"MUTATION_REQ"/.test(sample),
    ),
  ).toMatchInlineSnapshot(`
      [
        "cassandra_thread_pool_active{"pool":"MutationStage"} 2",
        "cassandra_thread_pool_pending{"pool":"MutationStage"} 0",
        "cassandra_thread_pool_completed{"pool":"MutationStage"} 1594",
        "cassandra_thread_pool_blocked{"pool":"MutationStage"} 0",
        "cassandra_thread_pool_all_time_blocked{"pool":"MutationStage"} 0",
        "cassandra_thread_pool_active{"pool":"Native-Transport-Requests"} 0",
        "cassandra_thread_pool_pending{"pool":"Native-Transport-Requests"} 0",
        "cassandra_thread_pool_completed{"pool":"Native-Transport-Requests"} 1566",
        "cassandra_thread_pool_blocked{"pool":"Native-Transport-Requests"} 0",
        "cassandra_thread_pool_all_time_blocked{"pool":"Native-Transport-Requests"} 0",
        "cassandra_dropped_messages{"type":"MUTATION_REQ"} 0",
      ]
    `)
  expect(text.samples.filter((sample) => sample.includes('_pending'))).toHaveLength(22)
  const json = parse(golden('tpstats-5.0.5.json'))
  expect(json.stats.bad).toBe(0)
  expect(json.samples).toContain('cassandra_thread_pool_completed{"pool":"CompactionExecutor"} 51')
})

test('text of 5.0.5 whose messages wait for ten seconds and more', () => {
  const { stats, samples } = parse(golden('tpstats-5.0.5-slow.txt'))
  expect(stats).toEqual({ lines: 113, rows: 197, bad: 0 })
  expect(samples).toContain('cassandra_dropped_messages{"type":"SCHEMA_PULL_REQ"} 0')
  expect(samples).toContain('cassandra_dropped_messages{"type":"MUTATION_RSP"} 103')
})

test('DSE has more columns between', () => {
  const { samples } = parse(
    'Pool Name  Active  Pending (w/Backpressure)  Delayed  Completed  Blocked  All time blocked\nReadStage 1 2 (N/A) 7 3 4 5\n',
  )
  expect(samples.map((sample) => sample.split(' ')[1])).toEqual(['1', '2', '3', '4', '5'])
})

test('chunks may end anywhere', () => {
  for (const name of ['tpstats-3.11.txt', 'tpstats-4.1.txt', 'tpstats-5.0.json']) {
    const whole = parse(golden(name))
    for (const size of [1, 13, 1000]) expect(parse(golden(name), size)).toEqual(whole)
  }
})

test('a cut or broken output loses only what is broken', () => {
  const text = golden('tpstats-3.11.txt')
  const { samples } = parse(text)
  expect(parse(text.slice(0, -5)).samples).toEqual(samples.slice(0, -1))
  const broken = parse(`\xff\x00\nReadStage 1 2 3 4 5\n${text}FAKE lots\n${'9 '.repeat(1 << 20)}\n`)
  expect(broken.samples).toEqual(samples)
  expect(broken.stats.bad).toBe(4)
  const json = golden('tpstats-5.0.json')
  expect(parse(json.slice(0, -20)).samples).toEqual([])
  expect(parse(json.slice(0, -20)).stats.bad).toBeGreaterThan(0)
})
