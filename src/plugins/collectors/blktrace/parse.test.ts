import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row } from '../../../model/tables.ts'
import { createBlktraceParser } from './parse.ts'

const golden = readFileSync(new URL('./fixtures/virtio-writers.txt', import.meta.url))

function parse(...chunks: readonly (string | Uint8Array)[]) {
  const rows: Row<'block_io'>[] = []
  const parser = createBlktraceParser(
    { add: (_, row) => void rows.push(row) },
    (device) => ({ '254:32': 'vdc', '254:48': 'vdd' })[device] ?? device,
  )
  for (const chunk of chunks) parser.push(Buffer.from(chunk))
  return { rows, stats: parser.end() }
}

const brief = (rows: readonly Row<'block_io'>[]): string[] =>
  rows.map(({ comm, device, operation, count, bytes, queue_ns: queue, latency_ns: latency, finished }) =>
    [comm, device, operation, count, bytes, queue, latency, finished].join(' | '),
  )

test('writers of a virtual machine', () => {
  const { rows, stats } = parse(golden)
  expect(stats.bad).toBe(0)
  expect(brief(rows)).toMatchInlineSnapshot(`
    [
      "jbd2/vdc-8 | vdc | write | 26 | 270336 | 209026854 | 158944275 | true",
      "kworker/0:1H | vdc | flush | 24 | 0 | 0 | 252242189 | true",
      "log-shipper | vdd | write | 10 | 10039296 | 114161986 | 180776908 | true",
      "jbd2/vdd-8 | vdd | write | 20 | 208896 | 160710334 | 99826226 | true",
      "kworker/1:1H | vdd | flush | 14 | 0 | 0 | 162044211 | true",
      "indexd | vdc | write | 3 | 307200 | 343946 | 84388858 | true",
      "snapshotd | vdc | write | 9 | 9031680 | 139591676 | 148068892 | true",
      "kworker/1:1H | vdc | flush | 2 | 0 | 0 | 3006696 | true",
      "kworker/0:1H | vdd | flush | 6 | 0 | 0 | 142136033 | true",
    ]
  `)
})

test('in whatever pieces it comes', () => {
  const bytes = Array.from({ length: Math.ceil(golden.length / 997) }, (_, i) =>
    golden.subarray(i * 997, (i + 1) * 997),
  )
  expect(parse(...bytes)).toEqual(parse(golden))
})

test('a merged request is of who queued its first part, and waits since then', () => {
  const { rows } = parse(
    '8,0 Q W 0.000001000 100 8 4096 7 first one|\n8,0 Q W 0.000002000 92 8 4096 8 second|\n',
    '8,0 F W 0.000002100 92 8 4096 8 second|\n8,0 D W 0.000005000 92 16 8192 9 kworker/0:1H|\n',
    '8,0 C W 0.000009000 92 16 8192 0 swapper/0|\n',
  )
  expect(rows).toEqual([
    {
      comm: 'first one',
      pid: 7,
      device: '8:0',
      operation: 'write',
      bytes: 8192,
      queue_ns: 4000,
      latency_ns: 4000,
      max_ns: 4000,
      count: 1,
      finished: true,
    },
  ])
})

test('events of one CPU may come after later ones of another', () => {
  const { rows } = parse(
    '8,0 D W 0.000005000 92 16 8192 9 kworker/0:1H|\n8,0 Q W 0.000001000 92 16 8192 7 a|\n',
    '8,0 C W 0.000009000 92 16 8192 0 swapper/0|\n',
  )
  expect(brief(rows)).toEqual(['a | 8:0 | write | 1 | 8192 | 4000 | 4000 | true'])
})

test('what has not completed has its times so far, in the device and in the queue', () => {
  const { rows } = parse(
    '8,0 Q R 0.000001000 100 8 4096 7 a|\n8,0 Q R 0.000002000 200 8 4096 7 a|\n',
    '8,0 D R 0.000003000 100 8 4096 7 a|\n8,0 Q W 0.000010000 300 8 4096 7 a|\n',
  )
  expect(brief(rows)).toEqual([
    'a | 8:0 | read | 1 | 4096 | 2000 | 7000 | false',
    'a | 8:0 | read | 1 | 4096 | 8000 |  | false',
    'a | 8:0 | write | 1 | 4096 | 0 |  | false',
  ])
})

test('a request that is put back was not issued yet', () => {
  const { rows } = parse(
    '8,0 Q W 0.000001000 100 8 4096 7 a|\n8,0 D W 0.000002000 100 8 4096 7 a|\n8,0 R W 0.000003000 100 8 4096 7 a|\n',
    '8,0 D W 0.000006000 100 8 4096 7 a|\n8,0 C W 0.000008000 100 8 4096 0 swapper/0|\n',
  )
  expect(brief(rows)).toEqual(['a | 8:0 | write | 1 | 4096 | 5000 | 2000 | true'])
})

test('garbage and a cut line are counted, and the rest is kept', () => {
  const { rows, stats } = parse(
    '8,0 Q W 0.000001000 100 8 4096 7 a|\n\u0000\u0001 nonsense\n8,0 D W 0.000002000 100 8 4096 7 a|\n8,0 C W 0.0000',
  )
  expect(stats.bad).toBe(2)
  expect(rows).toHaveLength(1)
})
