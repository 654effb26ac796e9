import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row } from '../../../model/tables.ts'
import { createDroppedParser } from './parse.ts'

function parse(output: Uint8Array) {
  const rows: Row<'events'>[] = []
  const parser = createDroppedParser({ add: (_, row) => void rows.push(row) })
  parser.push(output)
  const stats = parser.end()
  return { rows, stats }
}

const golden = readFileSync(new URL('./fixtures/linux-6.18.txt', import.meta.url))

test('what was cached before and after', () => {
  const { rows, stats } = parse(golden)
  expect(stats.bad).toBe(0)
  expect(rows).toMatchInlineSnapshot(`
    [
      {
        "detail": "Cached kB 574640 -> 574608; Slab kB 599300 -> 85736; SReclaimable kB 551252 -> 59316; dentries 2346526 -> 1194; negative dentries 2275776 -> 4; inodes 70497 -> 8924",
        "kind": "note",
        "name": "drop-caches",
      },
    ]
  `)
})

test('garbage is counted, what was read stays', () => {
  const output = 'Cached: 10 kB\n\u0000???\n1\t2\n---\n3\t4\nSlab:   1'
  const { rows, stats } = parse(new TextEncoder().encode(output))
  expect(rows).toEqual([{ kind: 'note', name: 'drop-caches', detail: 'inodes 1 -> 3' }])
  expect(stats).toEqual({ lines: 6, rows: 1, bad: 2 })
})

test('nothing is said when nothing was dropped', () => {
  expect(parse(golden.subarray(0, 1000)).rows).toEqual([])
})
