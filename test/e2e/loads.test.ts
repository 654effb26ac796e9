/** Loads in whole runs: what they measure makes a symptom, and what their clients saw is in the history. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { redisServer } from '../harness/data-servers.ts'
import { workplace } from '../harness/quarry.ts'
import { serveHttp } from '../harness/servers.ts'

test('a symptom is about what a load measures', async () => {
  using place = workplace()
  let answered = 0
  await using server = await serveHttp((_request, response) => {
    answered += 1
    response.writeHead(answered > 150 ? 500 : 200).end()
  })
  const file = place.write(
    'load.yaml',
    `
ensemble:
  client: {node.count: 1, provisioner: local}
workload:
  phases:
    - load:
        module: http-load
        properties: {urls: ["http://127.0.0.1:${server.port}"], rate: 50, duration: 12s}
observe: {every: 1s}
symptoms:
  refused:
    when: 'sum(rate(load_operations_total{module="load", outcome="error"}[4s])) > 5'
    then: [stop]
`,
  )
  const { result, stderr } = await place.run(file)
  expect(result.symptoms, stderr).toMatchObject([{ name: 'refused', from: expect.any(String) }])
})

test('the history has what the clients did, and a comparison that came out otherwise is no failure', async () => {
  using place = workplace()
  await using server = await redisServer()
  const file = place.write(
    'history.yaml',
    `
ensemble:
  client: {node.count: 1, provisioner: local}
workload:
  phases:
    - keys:
        module: redis-load
        properties:
          addresses: ["${server.address}"]
          operations: 200
          keys: 2
          mix: {read: 1, write: 1, cas: 2}
          history: true
  checkers:
    nofail: {checker: nofail}
`,
  )
  const { result, stderr } = await place.run(file)
  expect(result.verdict, stderr).toBe('pass')
  const lines = readFileSync(join(result.directory, 'history.jsonl'), 'utf8').trim().split('\n')
  const operations = lines.map((line): { kind: string; value?: { f?: string } } => JSON.parse(line))
  expect(operations.filter(({ kind, value }) => kind === 'invoke' && value?.f !== undefined)).toHaveLength(
    200,
  )
  expect(operations.some(({ kind, value }) => kind === 'fail' && value?.f === 'cas')).toBe(true)
  const log = readFileSync(join(result.directory, 'nodes/client/0/keys.hdr'), 'utf8')
  expect(log).toMatch(/^Tag=cas-mismatch,/m)
})
