/** Node groups that outlive their run: found again by a later one, and taken down by a run, or by the sweep. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { processStat } from '../../src/base/process-tree.ts'
import type { RunRecord } from '../../src/model/run.ts'
import { markedProcesses } from '../../src/node/effects.ts'
import { linkOf } from '../../src/node/netns/link.ts'
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

const definitionOf = (
  script: string,
  group: string,
  provisioner = '{name: local, properties: {name: my-cluster}}',
  client = 'server',
): string => `
ensemble:
  server: {node.count: 1, provisioner: ${provisioner}, ${group}}
  client: ${client}
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

describe('nodes with networks of their own', () => {
  const provisioner = '{name: netns, properties: {name: my-network}}'
  const uplink = `/sys/class/net/${linkOf('kept-my-network')}`
  const definition = (script: string, group: string): string =>
    definitionOf(script, group, provisioner, '{node.count: 1, provisioner: netns}')
  /** Listens in the namespace, with its address in the scratch directory. */
  const listen = String.raw`require(\"net\").createServer((s) => s.end(\"hello\")).listen(9902)`
  const serve = `cd "$QUARRY_SCRATCH"; hostname -I > address; echo first > state; nohup ${process.execPath} -e "${listen}" >/dev/null 2>&1 & echo $! > pid; cat pid`
  const again = `cd "$QUARRY_SCRATCH"; cat state pid; kill -0 $(cat pid); [ "$(hostname -I)" = "$(cat address)" ]`
  const first = (): number => Number(said())

  test('are found again with their addresses and what serves there, by new nodes too', async () => {
    const started = await place.run(place.write('first.yaml', definition(serve, 'mark_for_reuse: true')))
    expect(started.result.verdict, started.stderr).toBe('pass')
    const pid = first()
    expect([isAlive(pid), existsSync(uplink)]).toEqual([true, true])
    expect(await kept()).toEqual(['my-network STARTED_SERVICES_RUNNING'])

    const asks = `
workload:
  phases:
    - a: {module: bash, properties: {script: '${again}'}}
    - b: {module: bash, properties: {target: client, script: 'exec 3<>/dev/tcp/server-0/9902; cat <&3'}}
`
    const text = definition(again, 'mark_for_reuse: true').replace(/workload:[^]*/, asks)
    const second = await place.run(place.write('second.yaml', text))
    expect(second.result.verdict, second.stderr).toBe('pass')
    expect(said()).toBe(`first\n${pid}\n`)
    expect(readFileSync(join(place.runs, record().id, 'logs/b.log'), 'utf8')).toBe('hello\n')

    const last = await place.run(place.write('last.yaml', definition(again, 'mark_for_reuse: false')))
    expect(last.result.verdict, last.stderr).toBe('pass')
    expect([isAlive(pid), existsSync(uplink), await kept()]).toEqual([false, false, []])
    expect(markedProcesses('kept-my-network')).toEqual([])
  })

  test('stand until the sweep is told', async () => {
    await place.run(place.write('first.yaml', definition(serve, 'mark_for_reuse: true')))
    const pid = first()
    await place.quarry('sweep')
    expect([isAlive(pid), existsSync(uplink)]).toEqual([true, true])
    await place.quarry('sweep', '--kept')
    expect([isAlive(pid), existsSync(uplink), await kept()]).toEqual([false, false, []])
    expect(markedProcesses('kept-my-network')).toEqual([])
    expect(readdirSync('/tmp').filter((name) => name.includes('my-network'))).toEqual([])
  })

  test('that are gone meanwhile are said to be', async () => {
    await place.run(place.write('first.yaml', definition(serve, 'mark_for_reuse: true')))
    for (const { pid } of markedProcesses('kept-my-network')) process.kill(pid, 'SIGKILL')
    const { exitCode, stderr } = await place.run(
      place.write('second.yaml', definition(again, 'mark_for_reuse: true')),
    )
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/network of a kept node group is gone.*quarry sweep --kept/)
  })
})
