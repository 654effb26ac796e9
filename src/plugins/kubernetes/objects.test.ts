/** The fixtures are answers of kubectl 1.32 and an API server 1.31, whose pods had their status patched by hand. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { imagesIn, parseJob, parsePods } from './objects.ts'

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'fixtures', `${name}.json`), 'utf8')

test('pods tell their containers, whether they are ready, and whether there is a log', () => {
  const pods = parsePods(fixture('pods')).map(({ name, containers }) => [
    name.replace(/-[a-z0-9]{5}$/, ''),
    ...containers.map((one) => Object.values(one).join(' ')),
  ])
  expect(pods).toMatchInlineSnapshot(`
    [
      [
        "bad",
        "bad perl:5.34 false 0 false",
      ],
      [
        "pi",
        "pi perl:5.34 false 0 false",
      ],
      [
        "web-7c4db7d979",
        "prepare busybox:1.36 true 0 true",
        "web nginx:1.27 true 2 true",
        "sidecar registry.example/agent:2 false 0 false",
      ],
    ]
  `)
})

test('conditions of a job tell how it ended', () => {
  expect(['active', 'complete', 'failed'].map((state) => parseJob(fixture(`job-${state}`))))
    .toMatchInlineSnapshot(`
    [
      {
        "type": "active",
      },
      {
        "type": "complete",
      },
      {
        "type": "failed",
        "why": "BackoffLimitExceeded: Job has reached the specified backoff limit",
      },
    ]
  `)
})

test('images of all containers of a manifest', () => {
  expect(imagesIn(fixture('objects'))).toMatchInlineSnapshot(`
    [
      "nginx:1.27",
      "registry.example/agent:2",
      "busybox:1.36",
      "perl:5.34",
    ]
  `)
})

test('an answer that breaks off, or is another one, is an error', () => {
  expect(() => parsePods(fixture('pods').slice(0, 2000))).toThrow(SyntaxError)
  expect(() => parsePods('{"kind": "Status"}')).toThrow('items')
  expect(() => parseJob('[]')).toThrow('expected object')
})
