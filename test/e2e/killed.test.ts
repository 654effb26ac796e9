/** `kill -9` of Quarry at every stage: `quarry sweep` leaves nothing, and what was gathered can still be diagnosed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { markedProcesses } from '../../src/node/effects.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

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

function tracefsInstances(): string[] {
  const directory = '/sys/kernel/tracing/instances'
  return existsSync(directory) ? readdirSync(directory) : []
}
