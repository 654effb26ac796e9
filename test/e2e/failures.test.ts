/** Two intermittent bugs with one symptom: the real runs of a program that has both are told apart, each with its rate. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signatureOf } from '../../src/hunt/signature/signature.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

const bin = mkdtempSync(join(tmpdir(), 'quarry-failures-'))
const program = join(bin, 'ledger')
const source = new URL('../fixtures/bin/ledger.c', import.meta.url).pathname

const definition = `
bug: none
seed: 1
---
workload:
  phases:
    - serve:
        module: bash
        properties:
          script: exec ${program} {{bug}} {{seed}} "$QUARRY_ARTIFACTS/ledger.log" "$QUARRY_SCRATCH/socket"
          lifetime: phase
      use: {module: sleep, properties: {duration: 6s}}
observe:
  every: 500ms
  samplers: [cpu]
  probes:
    ask: {unix: {path: $QUARRY_SCRATCH/socket, expect: '^[1-9]'}, every: 500ms, timeout: 1s}
symptoms:
  stuck: {when: 'probe_success == 0 and max_over_time(probe_success[1m]) == 1', for: 1s, then: [capture, stop]}
evidence: {reference: {after: 500ms}, ladder: [threads], window: 1s}
`

/** In the order in which they are run: failures of both bugs among runs that pass. */
const bugs = ['none', 'deadlock', 'corrupt', 'none', 'corrupt', 'deadlock', 'none', 'corrupt']

interface Printed {
  readonly definitions: readonly {
    readonly definition: string
    readonly passed: number
    readonly mixture: boolean
    readonly answer: string
    readonly groups: readonly {
      readonly name: string
      readonly runs: readonly string[]
      readonly example: string
      readonly rate: {
        readonly shown: number
        readonly runs: number
        readonly low: number
        readonly high: number
      }
    }[]
    readonly failures: readonly { readonly run: string; readonly why: string }[]
  }[]
}

let place: Workplace
/** Run to the bug that it had. */
const truth = new Map<string, string>()

beforeAll(async () => {
  execFileSync('gcc', ['-O1', '-pthread', '-o', program, source])
  place = workplace()
  const file = place.write('ledger.yaml', definition)
  for (const [index, bug] of bugs.entries()) {
    const { result } = await place.run(file, '-p', `bug=${bug}`, '-p', `seed=${1000 + 37 * index}`)
    expect(result.verdict).toBe(bug === 'none' ? 'pass' : 'fail')
    truth.set(result.run, bug)
  }
}, 600_000)
afterAll(() => {
  place[Symbol.dispose]()
  rmSync(bin, { recursive: true })
})

const runsWith = (bug: string): string[] => [...truth].flatMap(([run, other]) => (bug === other ? [run] : []))

test('each bug is a group, named by what is special to it, with a rate of its own', async () => {
  const ended = await place.quarry('failures', 'ledger.yaml', '--json')
  expect(ended.exitCode).toBe(1)
  const [printed] = jsonOf<Printed>(ended).definitions
  expect(printed).toMatchObject({ definition: 'ledger.yaml', passed: 3, mixture: true })
  expect(printed?.groups.map(({ runs }) => runs)).toEqual([runsWith('deadlock'), runsWith('corrupt')])
  const [deadlock, corrupt] = printed?.groups ?? []
  expect(deadlock?.name).toMatch(/^stuck: mover-#: futex of a locked mutex/)
  expect(corrupt?.name).toBe('stuck: serve: journal block # at #: checksum #, expected #')
  for (const { rate, runs, example } of printed?.groups ?? []) {
    expect(rate).toMatchObject({ shown: runs.length, runs: 3 + runs.length })
    expect(rate.low).toBeLessThan(rate.shown / rate.runs)
    expect(rate.high).toBeGreaterThan(rate.shown / rate.runs)
    expect(runs).toContain(example)
  }
  expect(printed?.answer).toBe(
    '5 of 8 runs failed, in 2 ways: a rate over all of them would be that of a mixture.',
  )
})

test('the table says the same', async () => {
  const { stdout } = await place.quarry('failures')
  expect(stdout).toContain('ledger.yaml: 5 of 8 runs failed, in 2 ways')
  expect(stdout).toMatch(/2 {2}.*% \(.* to .*\) of 5 .*stuck: mover-#/)
})

test('of named runs only those are looked at, and the user has the last word', async () => {
  const runs = [...runsWith('deadlock'), ...runsWith('corrupt')]
  const ended = await place.quarry('failures', ...runs, '--same', 'stuck', '--json')
  const [printed] = jsonOf<Printed>(ended).definitions
  expect(printed).toMatchObject({ passed: 0, mixture: false })
  expect(printed?.groups.map((group) => group.runs.length)).toEqual([5])
})

test('a bad expression, and a definition without runs, are said', async () => {
  const bad = await place.quarry('failures', '--same', '(')
  expect([bad.exitCode, bad.stderr]).toEqual([64, expect.stringContaining('( is no regular expression')])
  const none = await place.quarry('failures', 'other.yaml')
  expect([none.exitCode, none.stderr]).toEqual([64, expect.stringContaining('there is no run of other.yaml')])
})

test('the signature of a run has no run, path, process or time in it', async () => {
  for (const run of truth.keys()) {
    const { features } = await signatureOf(join(place.runs, run))
    for (const one of features) {
      expect(one).not.toContain(run)
      expect(one).not.toContain(place.path)
      expect(one).not.toMatch(/\d{4}/)
    }
  }
})
