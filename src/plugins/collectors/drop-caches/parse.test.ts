import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row } from '../../../model/tables.ts'
import { createDroppedParser } from './parse.ts'

function parse(output: Uint8Array) {
  const rows: Row<'facts'>[] = []
  const parser = createDroppedParser({ add: (_, row) => void rows.push(row) })
  parser.push(output)
  const stats = parser.end()
  return { facts: Object.fromEntries(rows.map(({ key, value }) => [key, value])), stats }
}

const golden = readFileSync(new URL('./fixtures/linux-6.18.txt', import.meta.url))

test('what was cached before and after', () => {
  const { facts, stats } = parse(golden)
  expect(stats.bad).toBe(0)
  expect(facts).toMatchInlineSnapshot(`
    {
      "drop-caches.after.buffers_bytes": "4648960",
      "drop-caches.after.cached_bytes": "588398592",
      "drop-caches.after.dentries": "1194",
      "drop-caches.after.inodes": "8924",
      "drop-caches.after.negative_dentries": "4",
      "drop-caches.after.slab_bytes": "87793664",
      "drop-caches.after.sreclaimable_bytes": "60739584",
      "drop-caches.before.buffers_bytes": "3936256",
      "drop-caches.before.cached_bytes": "588431360",
      "drop-caches.before.dentries": "2346526",
      "drop-caches.before.inodes": "70497",
      "drop-caches.before.negative_dentries": "2275776",
      "drop-caches.before.slab_bytes": "613683200",
      "drop-caches.before.sreclaimable_bytes": "564482048",
    }
  `)
})

test('garbage is counted, what was read stays', () => {
  const { facts, stats } = parse(new TextEncoder().encode('Cached: 10 kB\n\u0000???\n1\t2\nSlab:   1'))
  expect(facts).toEqual({ 'drop-caches.before.cached_bytes': '10240', 'drop-caches.before.inodes': '1' })
  expect(stats).toEqual({ lines: 4, rows: 2, bad: 2 })
})
