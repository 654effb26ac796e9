/** Somebody sets the wall clock in the middle of a run: its evidence stays in order, and where it belongs. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openEvidence } from '../../src/evidence/query.ts'
import { startFixture } from '../harness/collect.ts'
import { workplace } from '../harness/quarry.ts'

const directory = mkdtempSync(join(tmpdir(), 'quarry-jump-'))
const library = join(directory, 'clock-jump.so')
const source = new URL('../fixtures/bin/clock-jump.c', import.meta.url).pathname
execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, source])
afterAll(() => rmSync(directory, { recursive: true }))

// Tables of what is stamped by whoever looks; packets and the kernel's log have the time of the kernel, which does not
// jump here.
const TABLES = ['samples', 'probes', 'events', 'operations', 'threads', 'files', 'facts', 'syscalls']

test.for([3600, -3600])('by %i seconds', async (seconds) => {
  const jumped = join(directory, `jumped${seconds}`)
  using place = workplace({
    LD_PRELOAD: library,
    QUARRY_TEST_JUMPED: jumped,
    QUARRY_TEST_JUMP: String(seconds),
  })
  await using target = await startFixture(['sh', '-c', 'while :; do echo x; sleep 0.05; done'])
  const file = place.write(
    'jump.yaml',
    `
workload:
  phases:
    - before: {module: sleep, properties: {duration: 1s}}
    - jump: {module: bash, properties: {script: "touch ${jumped}"}}
    - after: {module: sleep, properties: {duration: 30s}}
observe:
  every: 200ms
  samplers: [memory]
  probes: {jumped: {command: "test ! -e ${jumped}", every: 300ms, timeout: 5s}}
symptoms:
  jumped: {when: 'probe_success{probe="jumped"} == 0', for: 1s, then: [capture, stop]}
evidence: {window: 1s, reference: none, targets: [${target.pid}], ladder: [threads, files, facts, strace]}
`,
  )
  const { result } = await place.run(file)
  expect(result.verdict).toBe('fail')
  const [record] = place.records()
  expect(record?.errors).toEqual([])
  const from = BigInt(record?.states[0]?.at ?? 0)
  const to = BigInt(record?.states.at(-1)?.at ?? 0)
  // An hour more or less would be seen.
  expect(Number(to - from)).toBeLessThan(600e9)
  await using evidence = await openEvidence(result.directory)
  for (const table of TABLES) {
    const [row] = await evidence.rows<{ n: bigint; first: bigint; last: bigint }>(
      `SELECT count(*) AS n, min(ts) AS first, max(ts) AS last FROM ${table}`,
    )
    expect(`${table} ${row !== undefined && row.n > 0n && row.first >= from && row.last <= to}`).toBe(
      `${table} true`,
    )
  }
})
