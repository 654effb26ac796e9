/** What a sick system is held against: conditions on a Prometheus server, peers, and earlier runs that passed. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEvidence } from '../../src/evidence/query.ts'
import type { RunResult } from '../../src/model/run.ts'
import { startHttpServer } from '../harness/http-server.ts'
import { startPrometheus } from '../harness/prometheus-server.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

test('a condition on a Prometheus server shows; with the server gone it cannot be judged', async () => {
  await using stack = new AsyncDisposableStack()
  const { signal } = new AbortController()
  let sick = 0
  const target = stack.use(
    await startHttpServer((_request, response) => {
      response.setHeader('content-type', 'text/plain')
      response.end(`# TYPE backlog gauge\nbacklog{queue="orders"} ${sick}\n`)
    }),
  )
  const server = stack.use(await startPrometheus(signal, { target: target.address }))
  const file = place.write(
    'remote.yaml',
    `
workload: {phases: [{wait: {module: sleep, properties: {duration: "{{wait}}"}}}]}
observe: {every: 300ms, samplers: [memory]}
symptoms:
  backlog: {when: 'backlog{queue="orders"} > 5', source: "${server.url}", then: [stop]}
`,
  )
  const started = place.start('run', file, '--json', '--plain', '-p', 'wait=60s')
  await started.saw(/symptom backlog healthy/)
  sick = 9
  const ended = await started.done
  expect([ended.exitCode, jsonOf<RunResult>(ended).verdict]).toEqual([1, 'fail'])
  const [record] = place.records()
  expect(record?.symptoms).toMatchObject([
    { name: 'backlog', series: [{ labels: { queue: 'orders', job: 'scrape' }, value: 9 }] },
  ])
  expect(record?.errors).toEqual([])

  await stack.disposeAsync()
  const { result, exitCode } = await place.run(file, '-p', 'wait=2s')
  expect([exitCode, result.verdict]).toEqual([2, 'unknown'])
  expect(place.records()[1]?.errors).toMatchObject([
    { message: expect.stringMatching(/^symptom backlog cannot be judged: .*127\.0\.0\.1/) },
  ])
})

test('peers: the nodes that the symptom does not name are the reference', async () => {
  const file = place.write(
    'peers.yaml',
    `
ensemble: {server: {node.count: 2, provisioner: local}, client: {node.count: 1, provisioner: local}}
workload:
  phases:
    - wait: {module: sleep, properties: {duration: 60s}}
observe:
  every: 200ms
  samplers: [memory]
  probes: {sick: {command: "sleep 0.05", every: 300ms, timeout: 5s, group: server}}
symptoms:
  sickness: {when: 'probe_duration_seconds{probe="sick"} > 0.03', for: 1s, then: [capture, stop]}
evidence: {window: 1s, reference: peers, ladder: [facts, threads, sockets]}
`,
  )
  const { result } = await place.run(file)
  expect(result.verdict).toBe('fail')
  const captures = place
    .records()[0]
    ?.captures.map(({ id, role, rungs }) => [id, role, [...new Set(rungs.map(({ node }) => node))]])
  expect(captures).toEqual([
    ['sick-1', 'sick', ['server/0']],
    ['peers-1', 'reference', ['server/1']],
  ])
  await using evidence = await openEvidence(result.directory)
  const sides = await evidence.rows<{ capture: string; node: string }>(
    `SELECT DISTINCT capture, node FROM facts WHERE coalesce(capture, '') <> '' ORDER BY capture`,
  )
  expect(sides).toEqual([
    { capture: 'peers-1', node: 'server/1' },
    { capture: 'sick-1', node: 'server/0' },
  ])
})

test('passing runs: a difference from the last one that passed is found', async () => {
  const file = place.write(
    'nightly.yaml',
    `
workload:
  phases:
    - serve:
        module: bash
        properties: {script: "echo {{bytes}} > $QUARRY_SCRATCH/bytes; exec tail -f /dev/null", lifetime: phase}
      wait: {module: sleep, properties: {duration: 13s}}
observe:
  every: 200ms
  samplers: [memory]
  probes: {door: {command: "dd if=/dev/urandom of=/dev/null count=8 bs=$(cat $QUARRY_SCRATCH/bytes)", every: 300ms, timeout: 5s}}
symptoms:
  slow: {when: 'probe_duration_seconds{probe="door"} > 0.25', for: 2s, then: [capture, stop]}
evidence: {window: 2s, reference: passing-runs, ladder: [facts, threads, bpf-call-latency]}
`,
  )
  const passing = await place.run(file, '-p', 'bytes=1k')
  expect(passing.result.verdict).toBe('pass')
  const { result } = await place.run(file, '-p', 'bytes=32M')
  expect(result.verdict).toBe('fail')
  const [first, second] = place.records()
  expect(first?.captures.map(({ id }) => id)).toEqual(['reference-1'])
  expect(second?.captures.map(({ id, role }) => `${id} ${role}`)).toEqual([
    'sick-1 sick',
    'passing-1 reference',
  ])
  await using evidence = await openEvidence(result.directory)
  const [row] = await evidence.rows<{ n: bigint }>(
    `SELECT count(*) n FROM threads WHERE capture = 'passing-1'`,
  )
  expect(Number(row?.n)).toBeGreaterThan(10)
  // The call was seen in this run, and in the one that passed.
  const call = result.findings.find(({ subject }) => subject.call === 'read' && subject.comm === 'dd')
  expect(call).toMatchObject({ kind: 'difference' })
  expect(call?.effect.ratio).toBeGreaterThan(5)
  expect(call?.sql).toContain('passing-1')
})
