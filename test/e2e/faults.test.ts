/** Small real faults that no method was made for: the culprit comes first, and without the fault nobody is accused. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Finding } from '../../src/model/finding.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

const bin = mkdtempSync(join(tmpdir(), 'quarry-faults-'))
const program = join(bin, 'faults')
const source = new URL('../fixtures/bin/faults.c', import.meta.url).pathname
execFileSync('gcc', ['-O1', '-pthread', '-o', program, source])
afterAll(() => rmSync(bin, { recursive: true }))

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

interface Fault {
  /** Commands that run side by side, as modules: name to arguments of the program. */
  readonly actors: Readonly<Record<string, string>>
  readonly probes: string
  readonly when: string
  readonly holds: string
  readonly samplers: string
  readonly ladder: string
}

/** Seconds before the fault begins, and after. */
const QUIET = 10
const SICK = 14

const definitionOf = ({ actors, probes, when, holds, samplers, ladder }: Fault): string => `
fault: true
---
workload:
  phases:
    - ${Object.entries(actors)
      .map(
        ([name, words]) =>
          `${name}: {module: bash, properties: {script: exec ${program} ${words}, lifetime: phase}}`,
      )
      .join('\n      ')}
      wait: {module: sleep, properties: {duration: ${QUIET + SICK}s}}
observe:
  every: 500ms
  samplers: [${samplers}]
  probes:
    ${probes}
symptoms:
  sick: {when: '${when}', for: ${holds}, then: [capture, stop]}
evidence: {reference: {after: 3s}, ladder: [${ladder}], window: 1500ms}
`

/** Runs a fault; confident findings that accuse somebody, and all confident ones, in their order. */
async function run(
  fault: Fault,
  ...words: string[]
): Promise<{ sure: Finding[]; accused: Finding[]; showed: boolean }> {
  const { result } = await place.run(place.write('fault.yaml', definitionOf(fault)), ...words)
  const sure = result.findings.filter(({ confident }) => confident)
  const accused = sure.filter(({ kind }) => kind === 'attribution' || kind === 'invariant')
  return { sure, accused, showed: result.symptoms.length > 0 }
}

const tcp = (port: number, every = '500ms'): string =>
  `{tcp: {address: '127.0.0.1:${port}', send: "hello", expect: "ok"}, every: ${every}, timeout: 1s}`

const faults: Readonly<Record<string, Fault & { readonly culprit: string; readonly says: RegExp }>> = {
  'a neighbour that takes a CPU': {
    actors: {
      mill: `hog number-mill ${QUIET} {{fault}} 1`,
      reader: `reader index-reader ${QUIET} {{fault}} ${program}`,
    },
    probes: `spin: {command: '${program} spin 1', every: 500ms, timeout: 5s}`,
    when: 'avg_over_time(probe_duration_seconds[2s]) > 2 * avg_over_time(probe_duration_seconds[6s] offset 4s)',
    holds: '1s',
    samplers: 'cpu, pressure, processes',
    ladder: 'threads, perf-on-cpu',
    culprit: 'number-mill',
    says: /CPU/,
  },
  'a server that does not close its files': {
    actors: { leaky: `leaky billing ${QUIET - 6} {{fault}} 28391` },
    probes: `front: ${tcp(28391, '300ms')}`,
    when: 'probe_success == 0',
    holds: '1s',
    samplers: 'processes',
    ladder: 'threads, files, sockets',
    culprit: 'billing',
    says: /open files/,
  },
  'a server that is stopped': {
    actors: {
      stopped: `stopped mailer ${QUIET} {{fault}} 28392`,
      other: `stopped greeter ${QUIET} false 28393`,
    },
    probes: `mailer: ${tcp(28392)}\n    greeter: ${tcp(28393)}`,
    when: 'probe_success{probe="mailer"} == 0',
    holds: '2s',
    samplers: 'processes',
    ladder: 'threads, files, sockets',
    culprit: 'mailer',
    says: /stopped/,
  },
  'threads that wait for a lock': {
    actors: { convoy: `convoy stockd ${QUIET} {{fault}} 28394` },
    probes: ['a', 'b', 'c', 'd'].map((name) => `${name}: ${tcp(28394, '300ms')}`).join('\n    '),
    when: 'max_over_time(probe_duration_seconds{probe="a"}[3s]) > 0.3',
    holds: '2s',
    samplers: 'processes',
    ladder: 'threads, files, sockets, bpf-wakeups',
    culprit: 'archiver',
    says: /lock/,
  },
  'a neighbour that keeps the disk busy': {
    actors: {
      writer: `writer archive-sync ${QUIET} {{fault}} "$QUARRY_ARTIFACTS/archive"`,
      spinner: `hog report-maker 0 true 0`,
    },
    probes: `alive: {command: 'true', every: 1s}`,
    when: 'sum(rate(node_disk_written_bytes_total[3s])) > 10 * sum(rate(node_disk_written_bytes_total[4s] offset 8s)) + 2e7',
    holds: '1s',
    samplers: 'cpu, disk, processes',
    ladder: 'threads, bpf-block-io',
    culprit: 'archive-sync',
    says: /block device/,
  },
}

describe.each(Object.entries(faults))('%s', (_, fault) => {
  test('is named first', async () => {
    const { sure, accused } = await run(fault)
    const told = sure.map(({ kind, statement }) => `${kind}: ${statement}`)
    expect(accused[0]?.subject.comm, told.join('\n')).toBe(fault.culprit)
    expect(accused[0]?.statement).toMatch(fault.says)
  })

  test('without the fault nobody is accused', async () => {
    const { sure, accused, showed } = await run(fault, '-p', 'fault=false')
    expect(accused.map(({ subject }) => subject.comm)).not.toContain(fault.culprit)
    // The host belongs to others too: a symptom that they bring about may be laid at their door.
    if (!showed) expect(sure.map(({ statement }) => statement)).toEqual([])
  })
})
