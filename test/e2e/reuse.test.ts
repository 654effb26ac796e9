/** Node groups that outlive their run: found again by a later one, and taken down by a run, or by the sweep. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { processStat } from '../../src/base/process-tree.ts'
import type { RunRecord } from '../../src/model/run.ts'
import { markedProcesses } from '../../src/node/effects.ts'
import { linkOf } from '../../src/node/netns/link.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'
import { sshServer, type SshServer } from '../harness/ssh-server.ts'

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

describe('nodes over ssh', () => {
  let server: SshServer
  beforeEach(async () => {
    server = await sshServer(['one', 'two'])
  })
  afterEach(async () => {
    await place.quarry('sweep', '--kept')
    await server[Symbol.asyncDispose]()
  })

  /** Each of its steps is a line of a file; its log is among the artifacts. */
  const service = JSON.stringify({
    service: 'tick',
    configure: 'echo configured >>steps',
    serve: 'echo started >>steps; echo $$ >pid; while sleep 0.1; do echo tick; done',
    ready: 'test -e pid',
  })
  const see =
    'cat steps pid; kill -0 $(cat pid); sleep 1; echo seen >"$QUARRY_ARTIFACTS/seen-by-$(basename "$QUARRY_RUN_DIRECTORY")"'
  /** Both groups have the same hosts to choose from. */
  const definition = (group: string, script = see): string => `
ensemble:
  server:
    node.count: 1
    provisioner: {name: ssh, properties: {name: my-hosts, hosts: [one, two], config: ${server.config}}}
    configuration_manager: {name: command, properties: ${service}}
    ${group}
  client: {node.count: 1, provisioner: {name: ssh, properties: {hosts: [one, two], config: ${server.config}}}}
workload:
  phases:
    - a: {module: bash, properties: {script: '${script}'}}
    - b: {module: bash, properties: {target: client, script: 'echo <<provider:server:0:tick:address>>'}}
`
  const run = async (group: string, script?: string): Promise<string> => {
    const { result, stderr } = await place.run(place.write('hosts.yaml', definition(group, script)))
    expect(result.verdict, stderr).toBe('pass')
    expect(readFileSync(join(place.runs, record().id, 'logs/b.log'), 'utf8')).toBe('127.0.0.1\n')
    return said()
  }
  const artifacts = (): string[] => readdirSync(join(place.runs, record().id, 'nodes/server/0')).toSorted()
  const left = (): string[] =>
    readdirSync('/tmp').filter((name) => /quarry-(?:kept-my-hosts|ssh-)/.test(name))

  test('go on with what their managers have started, and are found again as they were left', async () => {
    const first = await run('mark_for_reuse: true')
    const pid = Number(first.split('\n')[2])
    expect(first).toBe(`configured\nstarted\n${pid}\n`)
    expect([isAlive(pid), await kept()]).toEqual([true, ['my-hosts STARTED_SERVICES_RUNNING']])
    // Only the node: nothing that leads to it.
    expect(left()).toEqual([expect.stringMatching(/^quarry-kept-my-hosts-server-0-/)])

    expect(await run('mark_for_reuse: true')).toBe(first)
    expect(artifacts()).toEqual(['a.log', `seen-by-${record().id}`, 'tick.log'])
    expect(readFileSync(join(place.runs, record().id, 'nodes/server/0/tick.log'), 'utf8')).toMatch(
      /^(tick\n)+$/,
    )

    expect(await run('mark_for_reuse: false')).toBe(first)
    expect([isAlive(pid), await kept(), left()]).toEqual([false, [], []])
    expect(markedProcesses('kept-my-hosts')).toEqual([])
  })

  test('go on as far up as their final run level says, and from there the next run goes on', async () => {
    const first = await run('runlevel.final: STARTED_SERVICES_CONFIGURED')
    const pid = Number(first.split('\n')[2])
    expect([isAlive(pid), await kept()]).toEqual([false, ['my-hosts STARTED_SERVICES_CONFIGURED']])
    expect(await run('mark_for_reuse: false')).toMatch(/^configured\nstarted\nstarted\n\d+\n$/)
    expect([await kept(), left()]).toEqual([[], []])
  })

  test('with what a script has left in the background, until the sweep is told', async () => {
    const pids = await run('mark_for_reuse: true', `${leave}; cat pid`)
    const pid = Number.parseInt(pids)
    await place.quarry('sweep')
    expect(isAlive(pid)).toBe(true)
    expect((await place.quarry('sweep', '--kept')).stdout).toMatch(
      /undid file \/tmp\/quarry-kept-my-hosts-\S+ on one/,
    )
    expect([isAlive(pid), await kept(), left()]).toEqual([false, [], []])
    expect(markedProcesses('kept-my-hosts')).toEqual([])
  })

  test('stand when a run that uses them is killed; not when it was the first', async () => {
    const killed = async (): Promise<void> => {
      const file = place.write('killed.yaml', definition('mark_for_reuse: true', 'sleep 1000'))
      const started = place.start('run', file, '--plain')
      await started.saw(/module a began/)
      started.kill('SIGKILL')
      await started.done
      await place.quarry('sweep')
    }
    await killed()
    expect([await kept(), left(), markedProcesses('kept-my-hosts')]).toEqual([[], [], []])
    const first = await run('mark_for_reuse: true')
    await killed()
    expect(left()).toEqual([expect.stringMatching(/^quarry-kept-my-hosts-server-0-/)])
    expect(await run('mark_for_reuse: true')).toBe(first)
  })

  test('that are gone, out of reach or lost are said to be', async () => {
    await run('mark_for_reuse: true')
    const again = place.write('again.yaml', definition('mark_for_reuse: true'))
    await server.stop()
    const unreachable = await place.run(again)
    expect(unreachable.stderr).toMatch(/cannot connect to one: .*refused.*is the host up/)
    await server.start()
    const [directory = ''] = left()
    writeFileSync(join('/tmp', directory, 'boot'), 'another')
    expect((await place.run(again)).stderr).toMatch(/was booted meanwhile.*quarry sweep --kept/)
    rmSync(join('/tmp', directory), { recursive: true })
    expect((await place.run(again)).stderr).toMatch(/of a kept node is gone.*quarry sweep --kept/)
    await place.quarry('sweep', '--kept')

    const started = place.start(
      'run',
      place.write('lost.yaml', definition('mark_for_reuse: true', 'sleep 1000')),
      '--plain',
    )
    await started.saw(/module a began/)
    server.cut()
    expect((await started.done).stderr).toMatch(/server cannot be kept: lost the connection to one/)
    expect([await kept(), left(), markedProcesses('kept-my-hosts')]).toEqual([[], [], []])
  })
})
