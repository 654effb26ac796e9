import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseNodes } from './nodes.ts'

/** An answer of kubectl 1.32 and an API server 1.31, whose nodes had their status patched by hand. */
const answer = readFileSync(join(import.meta.dirname, 'fixtures/nodes.json'), 'utf8')

test('nodes with their addresses, by name', () => {
  expect(parseNodes(answer)).toMatchInlineSnapshot(`
    [
      {
        "address": "192.0.2.11",
        "name": "worker-a",
        "ready": false,
      },
      {
        "address": "192.0.2.12",
        "name": "worker-b",
        "ready": false,
      },
    ]
  `)
})

test('nodes that are ready come first; one without an address is reached by its name', () => {
  const one = (name: string, status?: unknown): unknown => ({ metadata: { name }, status })
  const conditions = [{ type: 'Ready', status: 'True' }]
  const items = [one('a'), one('c', { conditions }), one('b', { conditions })]
  expect(parseNodes(JSON.stringify({ items })).map(({ name, address }) => [name, address])).toEqual([
    ['b', 'b'],
    ['c', 'c'],
    ['a', 'a'],
  ])
})

test('another answer is an error', () => {
  expect(() => parseNodes(answer.slice(0, 500))).toThrow(SyntaxError)
  expect(() => parseNodes('{}')).toThrow('items')
})
