/** Hosts that lack tools, privileges or space, targets that go, and collectors that hang: the run goes on and says so. */
import { spawn, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEvidence } from '../../src/evidence/query.ts'
import type { RunResult } from '../../src/model/run.ts'
import { markedProcesses } from '../../src/node/effects.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'
import { sickDefinition } from '../harness/sick-definition.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const naps = 'naps: {module: bash, properties: {script: "exec sleep 4711", lifetime: phase}}'

/** A directory with links to all programs of this host but some. */
function programsWithout(absent: readonly string[]): string {
  const directory = join(place.path, 'bin')
  mkdirSync(directory)
  for (const source of ['/usr/sbin', '/usr/bin', '/usr/local/bin']) {
    for (const name of existsSync(source) ? readdirSync(source) : []) {
      if (!absent.includes(name) && !existsSync(join(directory, name))) {
        symlinkSync(join(source, name), join(directory, name))
      }
    }
  }
  return directory
}

test('without its tools it sees less, and says what to install', async () => {
  const file = place.write(
    'sick.yaml',
    sickDefinition({
      ladder: '[threads, sockets, perf-on-cpu, jstack, tpstats, bpf-wakeups, strace, gdb]',
      modules: [naps],
      evidence: 'targets: ["^sleep 4711"]',
    }),
  )
  const path = programsWithout(['perf', 'bpftrace', 'strace', 'ss', 'gdb'])
  const under = ['env', `PATH=${path}`]
  const ended = await place.startUnder(under, 'run', file, '--as-is', '--json').done
  const { verdict, notLookedAt } = jsonOf<RunResult>(ended)
  expect([ended.exitCode, verdict]).toEqual([1, 'fail'])
  const told = notLookedAt.map(({ collector, why, remedy }) => [collector, why, remedy])
  const lack = (collector: string, tool: string, name = tool) => [
    collector,
    `the program ${tool} is not installed`,
    `apt-get install -y ${name}`,
  ]
  // Without a Java virtual machine nothing of Java is missed.
  expect(told).toEqual([
    lack('sockets', 'ss', 'iproute2'),
    lack('perf-on-cpu', 'perf', 'linux-perf'),
    lack('bpf-wakeups', 'bpftrace'),
    lack('strace', 'strace'),
    lack('gdb', 'gdb'),
  ])
  const [record] = place.records()
  expect(record).toMatchObject({ partial: false, errors: [], captures: [{ id: 'sick-1' }] })
  expect(record?.captures[0]?.rungs.find(({ collector }) => collector === 'threads')?.status).toBe('ok')
})

test('without root it looks at what it may', async () => {
  chmodSync(place.path, 0o777)
  const file = place.write(
    'sick.yaml',
    sickDefinition({
      ladder: '[threads, slab, perf-off-cpu, sigstop]',
      evidence: 'targets: ["^sleep 4711"]',
      modules: [naps],
    }),
  )
  const under = [
    'setpriv',
    '--reuid',
    '65534',
    '--regid',
    '65534',
    '--clear-groups',
    'env',
    `HOME=${place.path}`,
  ]
  const ended = await place.startUnder(under, 'run', file, '--json').done
  const { verdict, notLookedAt } = jsonOf<RunResult>(ended)
  expect([ended.exitCode, verdict]).toEqual([1, 'fail'])
  expect(notLookedAt.map(({ collector }) => collector)).toEqual(['slab', 'perf-off-cpu'])
  for (const { remedy } of notLookedAt) expect(remedy).toMatch(/root/)
  const rungs = place
    .records()[0]
    ?.captures.at(-1)
    ?.rungs.map(({ collector, status }) => `${collector} ${status}`)
  expect(rungs).toEqual(['threads ok', 'slab missing', 'perf-off-cpu missing', 'sigstop ok'])

  const lacking = [...under, `PATH=${programsWithout(['strace'])}`]
  const install = await place.startUnder(lacking, 'doctor', '--install').done
  expect([install.exitCode, install.stderr]).toEqual([
    2,
    expect.stringMatching(/only root can install packages[^]*try: sudo apt-get install -y .*strace/),
  ])
  const sweep = await place.startUnder(under, 'sweep').done
  expect(sweep.stdout).toContain('nothing to sweep')
})

test('a target that goes in the middle of a climb, and a collector that hangs, do not end it', async () => {
  const target = spawn('sleep', ['4712'])
  const gone = once(target, 'exit')
  const hangs = `change-command: {script: "trap '' TERM; setsid sleep 4713 & sleep 4713"}`
  const file = place.write(
    'sick.yaml',
    sickDefinition({
      ladder: `[threads, files, strace, sigstop, gdb, {${hangs}}, drop-caches]`,
      evidence: `reference: none
  allow: [read, sample, trace, stop, change]
  rungTimeout: 4s
  targets: [${target.pid}]`,
    }),
  )
  const started = place.start('run', file, '--json', '--plain')
  await started.saw(/rung threads/)
  target.kill('SIGKILL')
  await gone
  const result = jsonOf<RunResult>(await started.done)
  expect(result.verdict).toBe('fail')
  const [record] = place.records()
  const rungs = record?.captures[0]?.rungs ?? []
  expect(rungs.map(({ collector, status }) => `${collector} ${status}`)).toEqual([
    'threads ok',
    'files ok',
    'strace ok',
    'sigstop ok',
    'gdb ok',
    'change-command timeout',
    'drop-caches ok',
  ])
  expect(record).toMatchObject({ partial: false, errors: [] })
  expect(result.notLookedAt).toMatchObject([
    {
      collector: 'change-command',
      why: expect.stringContaining('exceeded 4s'),
      remedy: expect.stringContaining('rungTimeout'),
    },
  ])
  expect(markedProcesses(record?.id ?? '')).toEqual([])
})

test('a full disk ends the run, which keeps what it has', async () => {
  await using runs = smallFileSystem('size=6m')
  const noise =
    'noise: {module: bash, properties: {script: "sleep 1; head -c 40000000 /dev/urandom | base64; sleep 100"}}'
  const file = place.write('full.yaml', sickDefinition({ modules: [noise], when: 'node_load1 > 1e9' }))
  const ended = await place.start('run', file, '--json', '--plain', '--runs', runs.path).done
  const result = jsonOf<RunResult>(ended)
  expect([ended.exitCode, result.verdict]).toEqual([2, 'unknown'])
  expect(ended.stderr).toMatch(/ENOSPC: no space left on device.*; free space on that file system/)
  const record = JSON.parse(readFileSync(join(result.directory, 'run.json'), 'utf8')) as object
  expect(record).toMatchObject({ state: 'ended', verdict: 'unknown', partial: true, failedDuring: 'running' })
  for (const name of ['case.html', 'case.md', 'findings.json']) {
    expect(readFileSync(join(result.directory, name), 'utf8')).not.toBe('')
  }
  {
    await using evidence = await openEvidence(result.directory)
    const [row] = await evidence.rows<{ n: bigint }>(`SELECT count(DISTINCT ts) AS n FROM samples`)
    expect(Number(row?.n)).toBeGreaterThan(2)
  }
  expect((await place.quarry('sweep')).stdout).toContain('nothing to sweep')
})

test('no space, or no permission, for a run directory', async () => {
  await using tiny = smallFileSystem('size=1m')
  await using sealed = smallFileSystem('ro')
  const file = place.write('sick.yaml', sickDefinition())
  for (const [{ path }, why] of [
    [tiny, 'ENOSPC'],
    [sealed, 'EROFS'],
  ] as const) {
    const { exitCode, stderr } = await place.quarry('run', file, '--runs', path)
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(
      new RegExp(`cannot make the run directory ${path}/.*${why}[^]*try: .*--runs DIRECTORY`),
    )
    expect(readdirSync(path)).toEqual([])
  }
  expect((await place.quarry('sweep')).stdout).toContain('nothing to sweep')
})

test('output that a full disk refuses is no success', async () => {
  const file = place.write('noop.yaml', 'workload: {phases: [{nothing: {module: noop}}]}')
  const { result } = await place.run(file)
  const full = place.startUnder(
    ['sh', '-c', '"$@" > /dev/full', 'sh'],
    'report',
    result.run,
    '--format',
    'html',
  )
  const { exitCode, stderr } = await full.done
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/ENOSPC[^]*try: free space/)])
})

/** A tmpfs of its own, below the workplace. */
function smallFileSystem(options: string): AsyncDisposable & { readonly path: string } {
  const path = join(place.path, options.replace('=', '-'))
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path])
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', [path])
    },
  }
}
