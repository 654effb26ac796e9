/** Node groups that outlive their run: found again by a later one, and taken down by a run, or by the sweep. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { processStat } from '../../src/base/process-tree.ts'
import type { RunRecord } from '../../src/model/run.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(async () => {
  await place.quarry('sweep', '--kept')
  place[Symbol.dispose]()
})

/** A process that lives on, with its id in the scratch directory. */
const leave = 'echo first > state; nohup sleep 4721 >/dev/null 2>&1 & echo $! > pid; cat pid'
const look = 'cat state pid; kill -0 $(cat pid)'

const definitionOf = (script: string, group: string): string => `
ensemble:
  server: {node.count: 1, provisioner: {name: local, properties: {name: my-cluster}}, ${group}}
  client: server
workload:
  phases: [{a: {module: bash, properties: {script: '${script}'}}}]
  checkers: {clean: {checker: nofail}}
`

const record = (): RunRecord => {
  const last = place.records().at(-1)
  if (last === undefined) throw new Error('there is no run')
  return last
}
const said = (): string => readFileSync(join(place.runs, record().id, 'logs/a.log'), 'utf8')
const isAlive = (pid: number): boolean => !['Z', undefined].includes(processStat(pid)?.state)
const kept = async (): Promise<string[]> =>
  jsonOf<{ kept: { cluster: string; level: string }[] }>(await place.quarry('sweep', '--json')).kept.map(
    ({ cluster, level }) => `${cluster} ${level}`,
  )

async function leaveOne(group = 'mark_for_reuse: true'): Promise<number> {
  const { result } = await place.run(place.write('first.yaml', definitionOf(leave, group)))
  expect(result.verdict).toBe('pass')
  return Number(said())
}

test('a group marked for reuse stands, with its files and processes, until a run does not keep it any more', async () => {
  const pid = await leaveOne()
  expect(isAlive(pid)).toBe(true)
  expect(await kept()).toEqual(['my-cluster STARTED_SERVICES_RUNNING'])

  const again = place.write('again.yaml', definitionOf(look, 'mark_for_reuse: true'))
  expect((await place.run(again)).result.verdict).toBe('pass')
  expect(said()).toBe(`first\n${pid}\n`)
  expect(isAlive(pid)).toBe(true)

  const last = place.write('last.yaml', definitionOf(look, 'mark_for_reuse: false'))
  expect((await place.run(last)).result.verdict).toBe('pass')
  expect(said()).toBe(`first\n${pid}\n`)
  expect(isAlive(pid)).toBe(false)
  expect(await kept()).toEqual([])
})

test('the sweep leaves it alone, unless it is told', async () => {
  const pid = await leaveOne()
  expect((await place.quarry('sweep')).stdout).toMatch(
    /my-cluster: server on local kept at STARTED_SERVICES_RUNNING/,
  )
  expect(isAlive(pid)).toBe(true)
  expect((await place.quarry('sweep', '--kept')).stdout).toContain('undid processes of run kept-my-cluster')
  expect(isAlive(pid)).toBe(false)
  expect(await kept()).toEqual([])
})

test('a final run level keeps it as well, as far down as that', async () => {
  const pid = await leaveOne('runlevel.final: STARTED_SERVICES_UNCONFIGURED')
  expect(isAlive(pid)).toBe(true)
  expect(await kept()).toEqual(['my-cluster STARTED_SERVICES_UNCONFIGURED'])
})

test('a run that is killed before it ends has kept nothing', async () => {
  const text = definitionOf(`${leave}; echo ready; sleep 4722`, 'mark_for_reuse: true')
  const started = place.start('run', place.write('killed.yaml', text), '--json')
  await started.saw(/module a began/)
  await expect
    .poll(() => (existsSync(join(place.runs, record().id, 'logs/a.log')) ? said() : ''), { timeout: 30_000 })
    .toContain('ready')
  const pid = Number.parseInt(said())
  process.kill(started.pid, 'SIGKILL')
  await started.done
  expect(isAlive(pid)).toBe(true)
  await place.quarry('sweep')
  expect(isAlive(pid)).toBe(false)
  expect(await kept()).toEqual([])
})

test('two runs cannot use it at once', async () => {
  await leaveOne()
  const using = place.start(
    'run',
    place.write('using.yaml', definitionOf('sleep 1000', 'mark_for_reuse: true')),
    '--json',
  )
  await using.saw(/module a began/)
  const second = await place.run(place.write('second.yaml', definitionOf(look, 'mark_for_reuse: true')))
  expect(second.exitCode).toBe(2)
  // Both may have begun in the same second, in which ids do not sort by time.
  const refused = place.records().find(({ definition }) => definition.endsWith('second.yaml'))
  expect(refused?.errors[0]?.message).toContain('is in use by another run')
  using.kill('SIGINT')
  await using.done
  expect(await kept()).toHaveLength(1)
})
