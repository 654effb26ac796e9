/** `kill -9` of Quarry at every stage: `quarry sweep` leaves nothing, and what was gathered can still be diagnosed. */
import { spawn } from 'node:child_process'
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { allProcesses } from '../../src/base/process-tree.ts'
import { markedProcesses } from '../../src/node/effects.ts'
import type { RunRecord, RunResult } from '../../src/model/run.ts'
import { jsonOf, workplace, type Started, type Workplace } from '../harness/quarry.ts'
import { sickDefinition } from '../harness/sick-definition.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const definition = `
workload:
  phases:
    - prepare: {module: bash, properties: {script: "touch \\"$QUARRY_SCRATCH/ready\\""}}
    - daemon:
        module: bash
        properties: {script: "setsid sleep 1000 & sleep 1000", lifetime: phase}
      wait: {module: sleep, properties: {duration: 100s}}
observe:
  every: 200ms
  samplers: [cpu, memory, processes]
  probes:
    sick: {command: "test ! -e \\"$QUARRY_SCRATCH/ready\\" || sleep 0.05", every: 300ms, timeout: 5s}
symptoms:
  sickness:
    when: probe_duration_seconds{probe="sick"} > 0.03
    for: 2s
    then: [capture, stop]
evidence:
  window: 2s
`

const stages = [
  ['setting up', /state setting-up/],
  ['running', /module daemon began/],
  ['climbing, in a rung that reads', /rung (facts|threads|mounts|slab)/],
  ['climbing, in a rung that traces', /rung bpf-\S+ \(trace\)/],
] as const

test.for(stages)('killed while %s', async ([, pattern]) => {
  const file = place.write('sick.yaml', definition)
  const started = place.start('run', file, '--plain')
  await started.saw(pattern)
  started.kill('SIGKILL')
  await started.done

  const [record] = place.records()
  if (record === undefined) throw new Error('no run directory')
  const sweep = JSON.parse((await place.quarry('sweep', '--json')).stdout) as {
    runs: { run: string; status: string }[]
  }
  expect(sweep.runs).toMatchObject([{ run: record.id, status: 'swept' }])
  expect(markedProcesses(record.id)).toEqual([])
  expect(readdirSync('/tmp').filter((name) => name.includes(record.id))).toEqual([])
  expect(tracefsInstances().filter((name) => name.includes(record.id))).toEqual([])

  const directory = join(place.runs, record.id)
  expect(place.records()[0]).toMatchObject({ state: 'ended', partial: true, failedDuring: record.state })
  // Nothing is left to sweep, and the evidence so far is evidence.
  expect((await place.quarry('sweep')).stdout).toContain('nothing to sweep')
  const diagnosed = await place.quarry('diagnose', directory, '--json')
  expect(JSON.parse(diagnosed.stdout)).toMatchObject({ run: record.id })
  expect(readFileSync(join(directory, 'case.html'), 'utf8')).toContain('Quarry was killed in state')
})

test('a run that is alive is left alone', async () => {
  const file = place.write('sick.yaml', definition)
  const started = place.start('run', file, '--plain')
  await started.saw(/module daemon began/)
  const sweep = JSON.parse((await place.quarry('sweep', '--json')).stdout) as { runs: { status: string }[] }
  expect(sweep.runs.map(({ status }) => status)).toEqual(['alive'])
  started.kill('SIGINT')
  const { exitCode } = await started.done
  const [record] = place.records()
  expect(exitCode).toBe(record?.symptoms.length === 0 ? 2 : 1)
  expect(markedProcesses(record?.id ?? '')).toEqual([])
  expect((await place.quarry('sweep')).stdout).toContain('nothing to sweep')
})

test('killed while it tears down', async () => {
  // The module does not end on TERM: the teardown takes as long as the grace period.
  const stubborn = `daemon: {module: bash, properties: {script: "trap '' TERM; while :; do sleep 1; done", lifetime: phase}}`
  const file = place.write('sick.yaml', sickDefinition({ modules: [stubborn], ladder: '[facts]' }))
  const started = place.start('run', file, '--plain')
  await started.saw(/climb sick-1 ends/)
  started.kill('SIGKILL')
  const [record] = await swept(started)
  expect(place.records()[0]).toMatchObject({ state: 'ended', partial: true, verdict: 'fail' })
  expect(record.symptoms).toHaveLength(1)
})

test('killed while a rung has stopped a target: the sweep lets it go on', async () => {
  const target = spawn('sleep', ['4714'])
  try {
    const ladder = '[facts, {sigstop: {moment: 100s}}]'
    const evidence = `targets: [${target.pid}]`
    const file = place.write('sick.yaml', sickDefinition({ ladder, evidence }))
    const started = place.start('run', file, '--plain')
    await expect.poll(() => stateOf(target.pid), { timeout: 60_000 }).toBe('T')
    started.kill('SIGKILL')
    const [, sentences] = await swept(started)
    expect(sentences).toContainEqual(`undid stopped process ${target.pid}`)
    await expect.poll(() => stateOf(target.pid)).toBe('S')
  } finally {
    target.kill('SIGKILL')
  }
})

test('killed while it traces through a mount and an instance of its own', async () => {
  const ladder = '[facts, {ftrace: {when: always}}]'
  const file = place.write('sick.yaml', sickDefinition({ ladder }).replace('window: 1s', 'window: 30s'))
  const started = place.start('run', file, '--plain')
  await started.saw(/climb sick-1 begins/)
  const pipe = /cat (\S+)\/trace_pipe/
  const reader = (): string | undefined =>
    allProcesses().flatMap(({ pid }) => pipe.exec(commandLineOf(pid))?.[1] ?? [])[0]
  await expect.poll(reader, { timeout: 60_000 }).toContain(place.records()[0]?.id)
  const instance = reader() ?? ''
  started.kill('SIGKILL')
  const [, sentences] = await swept(started)
  expect(sentences).toContainEqual(`undid trace instance ${instance}`)
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(place.records()[0]?.id)
})

test('a process that wipes its environment, or also leaves its session and its parent, ends all the same', async () => {
  // Perl writes `$0` over its arguments and its environment.
  const wiped = `perl ${place.write('wiped.pl', '$0 = $ARGV[0]; sleep 300;')}`
  const modules = [
    `agent: {module: bash, properties: {script: "exec ${wiped} agent-${process.pid}"}}`,
    `daemon: {module: bash, properties: {script: "(setsid ${wiped} daemon-${process.pid} &)"}}`,
  ]
  const file = place.write('wiped.yaml', sickDefinition({ modules, when: 'node_load1 > 1e9' }))
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const started = place.start('run', file, '--plain')
    await expect
      .poll(() => commandsWith(`-${process.pid}`).toSorted(), { timeout: 30_000 })
      .toEqual([`agent-${process.pid}`, `daemon-${process.pid}`])
    started.kill(signal)
    await started.done
    if (signal === 'SIGKILL') await place.quarry('sweep')
    expect(commandsWith(`-${process.pid}`)).toEqual([])
    expect((await place.quarry('sweep')).stdout).toContain('nothing to sweep')
  }
})

test('a run that cannot be swept does not keep the others from being swept', async () => {
  const directory = join(place.path, 'state', 'quarry', 'open-runs')
  mkdirSync(directory, { recursive: true })
  for (const run of ['a-foreign', 'b-own']) {
    const own = join(place.path, run)
    mkdirSync(own)
    const ledger = join(own, 'undo.jsonl')
    writeFileSync(ledger, `{"run":"${run}","pid":1,"started":"0"}\n{"id":1}\n`)
    if (run === 'a-foreign') chownSync(ledger, 65_534, 65_534)
    symlinkSync(own, join(directory, run))
  }
  const { runs } = jsonOf<{ runs: { status: string; sentences: string[] }[] }>(
    await place.quarry('sweep', '--json'),
  )
  expect(runs).toMatchObject([{ status: 'failed' }, { status: 'swept' }])
  expect(runs[0]?.sentences[0]).toContain('not obeyed')
})

test('a ledger that is torn, or gone, costs nothing that can be found otherwise', async () => {
  for (const damage of ['torn', 'gone'] as const) {
    using own = workplace()
    const file = own.write('sick.yaml', definition)
    const started = own.start('run', file, '--plain')
    await started.saw(/module daemon began/)
    started.kill('SIGKILL')
    await started.done
    const [record] = own.records()
    const ledger = join(own.runs, record?.id ?? '', 'undo.jsonl')
    if (damage === 'torn') appendFileSync(ledger, '{"id":99,"effect":{"type":"pa')
    else rmSync(ledger)
    expect((await own.quarry('sweep')).stdout).toContain(`${record?.id}: swept`)
    expect(markedProcesses(record?.id ?? '')).toEqual([])
    for (const name of readdirSync('/tmp')) {
      if (record !== undefined && name.includes(record.id)) rmSync(join('/tmp', name), { recursive: true })
    }
  }
})

test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s: it collects and reports; nothing is left',
  async (signal) => {
    const file = place.write('sick.yaml', sickDefinition({ when: 'node_load1 > 1e9' }))
    const started = place.start('run', file, '--json', '--plain')
    await started.saw(/module wait began/)
    started.kill(signal)
    const ended = await started.done
    const result = jsonOf<RunResult>(ended)
    expect([ended.exitCode, result.verdict]).toEqual([2, 'unknown'])
    const message = signal === 'SIGINT' ? 'aborted by the user' : `aborted by ${signal}`
    expect(place.records()[0]).toMatchObject({ state: 'ended', partial: true, errors: [{ message }] })
    expect(existsSync(join(result.directory, 'case.html'))).toBe(true)
    expect((await place.quarry('sweep')).stdout).toContain('nothing to sweep')
  },
)

test('a second Ctrl-C ends it at once, and says what to do', async () => {
  const stubborn = `daemon: {module: bash, properties: {script: "trap '' TERM; while :; do sleep 1; done"}}`
  const file = place.write('sick.yaml', sickDefinition({ modules: [stubborn], when: 'node_load1 > 1e9' }))
  const started = place.start('run', file, '--plain')
  await started.saw(/module daemon began/)
  started.kill('SIGINT')
  // TERM has been sent, and not been heeded.
  await started.saw(/module wait ended/)
  started.kill('SIGINT')
  const { exitCode, stderr } = await started.done
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('`quarry sweep` undoes what is left')])
  await swept(started)
})

test('a reader that goes away does not end it', async () => {
  const file = place.write('sick.yaml', sickDefinition({ wait: '1s', when: 'node_load1 > 1e9' }))
  const piped = place.startUnder(['bash', '-c', '"$@" 2>&1 | head -1', 'bash'], 'run', file, '--plain')
  expect((await piped.done).stdout).toMatch(/ run .*-sick-/)
  await expect.poll(() => place.records()[0]?.state, { timeout: 30_000 }).toBe('ended')
  expect(place.records()[0]).toMatchObject({ verdict: 'pass', partial: false })
})

/** Sweeps after a run has been killed: its record, and what was undone. */
async function swept(started: Started): Promise<[RunRecord, readonly string[]]> {
  await started.done
  const [record] = place.records()
  if (record === undefined) throw new Error('no run directory')
  const { runs } = jsonOf<{ runs: { run: string; status: string; sentences: string[] }[] }>(
    await place.quarry('sweep', '--json'),
  )
  expect(runs).toMatchObject([{ run: record.id, status: 'swept' }])
  expect(markedProcesses(record.id)).toEqual([])
  expect(readdirSync('/tmp').filter((name) => name.includes(record.id))).toEqual([])
  return [record, runs[0]?.sentences ?? []]
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

const stateOf = (pid: number | undefined): string =>
  /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''

/** Command lines of live processes that begin with a word and the suffix, which perl's `$0` sets. */
function commandsWith(suffix: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', '')
      } catch {
        return ''
      }
    })
    .filter((command) => new RegExp(`^\\w+${suffix}$`).test(command))
}

function tracefsInstances(): string[] {
  const directory = '/sys/kernel/tracing/instances'
  return existsSync(directory) ? readdirSync(directory) : []
}
