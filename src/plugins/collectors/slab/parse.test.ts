import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../../../test/harness/row-recorder.ts'
import { dumpOf } from '../../../plugin/file-dump.ts'
import { slabParser } from './parse.ts'

// Linux 6.18
const golden = readFileSync(new URL('fixtures/slab-6.18.dump', import.meta.url))

function parse(dump: string | Uint8Array, size?: number) {
  const rows = recordRows()
  const stats = parseAll(slabParser(rows), dump, size)
  return { stats, slabs: rows.of('slabs'), samples: rows.of('samples') }
}

test('every cache is a row, every state a sample', () => {
  const { stats, slabs, samples } = parse(golden)
  expect(stats.bad).toBe(0)
  // The dump also has two lines of heading, and the two state files.
  expect(slabs).toHaveLength(stats.lines - 4)
  expect(slabs.find((row) => row.slab === 'dentry')).toMatchInlineSnapshot(`
    {
      "active_objects": 32572n,
      "object_bytes": 192n,
      "objects": 32760n,
      "slab": "dentry",
    }
  `)
  expect(samples).toMatchInlineSnapshot(`
    [
      {
        "labels": "{}",
        "metric": "node_dentry_total",
        "value": 32515,
      },
      {
        "labels": "{}",
        "metric": "node_dentry_unused",
        "value": 30624,
      },
      {
        "labels": "{}",
        "metric": "node_dentry_negative",
        "value": 4833,
      },
      {
        "labels": "{}",
        "metric": "node_inode_total",
        "value": 32470,
      },
      {
        "labels": "{}",
        "metric": "node_inode_free",
        "value": 126,
      },
    ]
  `)
})

test('chunks may end anywhere', () => {
  const whole = parse(golden)
  for (const size of [1, 13, 1000]) expect(parse(golden, size)).toEqual(whole)
})

test('names may hold blanks, numbers may be negative, and what is broken is left out', () => {
  const slabinfo =
    'slabinfo - version: 1.1\nfoo bar   5 6 7 8 9\n\xff garbage\nsize-32(DMA) 1 2 3 : tunables\n'
  const { slabs, samples, stats } = parse(
    dumpOf('/proc/slabinfo', slabinfo) +
      dumpOf('/proc/sys/fs/dentry-state', '10 -2 45 0') +
      dumpOf('/proc/sys/fs/inode-state', 'many') +
      '/proc/sys/fs/inode-state\x001 2',
  )
  expect(slabs.map((row) => row.slab)).toEqual(['foo bar', 'size-32(DMA)'])
  expect(samples.map((row) => row.value)).toEqual([10, -2])
  expect(stats.bad).toBe(3)
})

test('a hostile line is given up in time', () => {
  expect(parse(dumpOf('/proc/slabinfo', `a${' '.repeat(900_000)}b`)).stats.bad).toBe(1)
})
