import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row } from '../../../model/tables.ts'
import { createBlockIoParser } from './parse.ts'

const golden = readFileSync(new URL('./fixtures/bpftrace-0.17.json', import.meta.url))

function parse(output: Uint8Array) {
  const rows: Row<'block_io'>[] = []
  const parser = createBlockIoParser(
    { add: (_, row) => void rows.push(row) },
    { note: () => {}, deviceName: (device) => `dev-${device}` },
  )
  parser.push(output)
  return { rows, stats: parser.end() }
}

test('requests by process, device and operation', () => {
  const { rows, stats } = parse(golden)
  expect(stats.bad).toBe(0)
  expect(rows).toMatchInlineSnapshot(`
    [
      {
        "bytes": 8781824,
        "comm": "wak,er",
        "count": 134,
        "device": "dev-254:0",
        "finished": true,
        "latency_ns": 19607802,
        "max_ns": 361923,
        "operation": "write",
        "pid": 31329,
      },
      {
        "bytes": 258048,
        "comm": "kworker/u8:5",
        "count": 1,
        "device": "dev-254:0",
        "finished": true,
        "latency_ns": 404787,
        "max_ns": 404787,
        "operation": "write",
        "pid": 8321,
      },
    ]
  `)
})

test('a request that has not completed has its time so far', () => {
  const output = [
    '{"type": "printf", "data": "now 5000\\n"}',
    '{"type": "map", "data": {"@issued": {"8388609,2048": [2000,4096,"FWS"], "8388609,8": [4000,0,"FF"], "1": 3}}}',
    '{"type": "map", "data": {"@queued": {"8388609,2048": [77,"a, b"]}}}',
  ]
  const { rows } = parse(Buffer.from(output.join('\n')))
  expect(rows).toMatchInlineSnapshot(`
    [
      {
        "bytes": 4096,
        "comm": "a, b",
        "count": 1,
        "device": "dev-8:1",
        "finished": false,
        "latency_ns": 3000,
        "max_ns": 3000,
        "operation": "write",
        "pid": 77,
      },
      {
        "bytes": 0,
        "count": 1,
        "device": "dev-8:1",
        "finished": false,
        "latency_ns": 1000,
        "max_ns": 1000,
        "operation": "flush",
      },
    ]
  `)
})
