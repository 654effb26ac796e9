/** The other commands, each once as a user types it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunResult } from '../../src/model/run.ts'
import { startFixture } from '../harness/collect.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const watched = `
observe:
  every: 200ms
  samplers: [memory]
  probes: {sick: {command: "sleep 0.05", every: 300ms, timeout: 5s}}
symptoms:
  sickness: {when: 'probe_duration_seconds{probe="sick"} > {{limit}}', then: [capture, stop]}
evidence: {window: 1s, reference: none, ladder: [threads]}
`

test('watch ends on Ctrl-C, with a pass when nothing showed', async () => {
  const file = place.write('watch.yaml', watched)
  const started = place.start('watch', file, '-p', 'limit=100', '--json', '--plain')
  await started.saw(/probe sick answers/)
  // Before its first attempt was looked at, nothing has been judged, and the verdict is unknown.
  await sleep(2000)
  started.kill('SIGINT')
  const ended = await started.done
  expect([ended.exitCode, jsonOf<RunResult>(ended).verdict]).toEqual([0, 'pass'])
  expect(place.records()).toMatchObject([{ state: 'ended', partial: false, errors: [], phases: [] }])
})

test('watch ends by itself when its symptom says stop', async () => {
  const file = place.write('watch.yaml', watched)
  const ended = await place.quarry('watch', file, '-p', 'limit=0.01', '--json')
  const { verdict, symptoms } = jsonOf<RunResult>(ended)
  expect([ended.exitCode, verdict]).toEqual([1, 'fail'])
  expect(symptoms).toMatchObject([{ name: 'sickness', curedBy: null }])
  expect(place.records()).toMatchObject([
    { captures: [{ id: 'sick-1', symptom: 'sickness' }], partial: false },
  ])
})

test('capture climbs once, looks at whom it is told to, and wakes nobody unless asked', async () => {
  await using nap = await startFixture(['sh', '-c', 'echo ready; exec sleep 4715'])
  const gentle = await place.quarry('capture', '--pid', String(nap.pid), '--window', '1s', '--json')
  expect([gentle.exitCode, jsonOf<RunResult>(gentle).verdict]).toEqual([0, 'pass'])
  const words = ['--match', '^sleep 4715$', '--only', 'sigstop', '--only', 'threads', '--up-to', 'stop']
  expect((await place.quarry('capture', ...words, '--json')).exitCode).toBe(0)

  const [first, second] = place.records().map(({ captures }) => captures[0])
  expect(new Set(first?.rungs.map(({ tier }) => tier))).toEqual(new Set(['read', 'sample', 'trace']))
  expect(first?.targets).toMatchObject([{ pid: nap.pid, comm: 'sleep' }])
  expect(second?.targets).toMatchObject([{ pid: nap.pid, why: 'matches ^sleep 4715$' }])
  expect(second?.rungs.map(({ collector, status }) => `${collector} ${status}`)).toEqual([
    'threads ok',
    'sigstop ok',
  ])
})

test.for([
  [['--pid', '4194304'], 'there is no process 4194304'],
  // Also not the process that starts Quarry with these words.
  [['--match', 'no-such-program-4716'], 'no process matches no-such-program-4716'],
  [['--only', 'sigstop'], 'sigstop is of the tier stop'],
  [['--only', 'nonsense'], 'there is no collector called nonsense'],
  [['--only', 'change-command', '--up-to', 'change'], 'change-command needs properties'],
  [['--up-to', 'nonsense'], 'there is no such tier'],
  [['--window', 'soon'], 'not a duration'],
] as const)('capture %s is refused', async ([words, why]) => {
  const { exitCode, stderr } = await place.quarry('capture', ...words)
  expect([exitCode, stderr]).toEqual([64, expect.stringContaining(why)])
  expect(place.records()).toEqual([])
})

test('one run, asked in every way', async () => {
  const file = place.write(
    'shift.yaml',
    `
workload:
  phases:
    - healthy: {module: sleep, properties: {duration: 8s}}
    - slow: {module: bash, properties: {script: "touch $QUARRY_SCRATCH/slow; sleep 8"}}
observe:
  every: 200ms
  samplers: [memory]
  probes: {door: {command: "test ! -e slow || sleep 0.5", every: 200ms, timeout: 5s}}
`,
  )
  const { result } = await place.run(file)
  expect(result.verdict).toBe('pass')

  const differs = await place.quarry('compare', 'last~10s..16s', 'last~1s..8s', '--json')
  const compared = jsonOf<RunResult>(differs)
  expect([differs.exitCode, compared.verdict]).toEqual([1, 'fail'])
  const finding = compared.findings.find(({ subject }) => subject.probe === 'door')
  expect(finding).toMatchObject({ kind: 'difference', confident: true, effect: { unit: 'ns' } })

  const id = result.run
  const same = await place.quarry('compare', id, id, '--json')
  expect([same.exitCode, jsonOf<RunResult>(same).verdict]).toEqual([0, 'pass'])
  expect(jsonOf<RunResult>(same).findings.filter(({ confident }) => confident)).toEqual([])

  const diagnosed = await place.quarry('diagnose', compared.directory, '--json')
  expect(diagnosed.exitCode).toBe(1)
  expect(jsonOf<RunResult>(diagnosed).findings).toEqual(compared.findings)

  const question = `select count(*) n, max(duration_ns) / 1e9 > 0.5 slow from probes where probe = 'door'`
  const [row] = jsonOf<{ n: number; slow: boolean }[]>(await place.quarry('sql', id, question, '--json'))
  expect(row?.slow).toBe(true)
  expect(row?.n).toBeGreaterThan(10)
  // The query of a finding is there to be run.
  const shown = await place.quarry('sql', compared.directory, finding?.sql ?? '', '--format', 'csv')
  expect([shown.exitCode, shown.stdout.trim().split('\n').length > 1]).toEqual([0, true])
  for (const bad of [
    'drop table probes',
    'select nonsense from probes',
    "copy probes to '/tmp/probes.csv'",
  ]) {
    expect((await place.quarry('sql', id, bad)).exitCode).toBe(64)
  }

  for (const [format, pattern] of [
    ['html', /^<!doctype html>/i],
    ['markdown', /PASS|pass/],
    ['json', /"verdict": "pass"/],
    ['junit', /<testsuites /],
    ['speedscope', /speedscope/],
    ['trace', /"traceEvents"/],
  ] as const) {
    const output = join(place.path, format)
    expect((await place.quarry('report', id, '--format', format, '-o', output)).exitCode).toBe(0)
    expect(readFileSync(output, 'utf8')).toMatch(pattern)
  }
})

test('what names no run is refused', async () => {
  for (const words of [
    ['diagnose', 'nothing'],
    ['report', 'nothing'],
    ['sql', 'nothing', 'select 1'],
    ['compare', 'nothing', 'last'],
    ['compare', 'a~soon..later', 'b'],
  ]) {
    const { exitCode, stderr } = await place.quarry(...words)
    expect([exitCode, stderr]).toEqual([64, expect.stringMatching(/not a run directory|names no side/)])
  }
})

test('doctor and sweep say what there is, as JSON', async () => {
  const doctor = await place.quarry('doctor', '--json')
  expect(doctor.exitCode).toBe(0)
  const told = jsonOf<{ host: { name: string }[]; components: { kind: string; id: string }[] }>(doctor)
  expect(told.host.map(({ name }) => name)).toContain('kernel')
  expect(told.components).toContainEqual(expect.objectContaining({ kind: 'collector', id: 'strace' }))
  expect(jsonOf(await place.quarry('sweep', '--json'))).toEqual({ runs: [], kept: [] })
})
