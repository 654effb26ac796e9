/** Nodes that are virtual machines: kernels of Debian, disks, networks, death and `kill -9`. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { openEvidence } from '../../src/evidence/query.ts'
import { markedProcesses } from '../../src/node/effects.ts'
import { linkOf } from '../../src/node/netns/link.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
/** Where directories of machines go: nobody else's are in it. */
let temporary = ''
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'quarry-guests-'))
  place = workplace({ TMPDIR: temporary })
})
afterEach(async () => {
  // A test that failed may have left a run.
  await place.quarry('sweep')
  place[Symbol.dispose]()
  rmSync(temporary, { recursive: true })
})

const guests = (count: number, properties: object = {}): object => ({
  'node.count': count,
  provisioner: { name: 'vm', properties: { kernel: 'cloud', memory: '256M', ...properties } },
})
const bash = (target: string, script: string, more: object = {}): object => ({
  module: 'bash',
  properties: { target, script, ...more },
})

const machineDirectories = (): string[] =>
  readdirSync(temporary).filter((name) => name.startsWith('quarry-vm-'))

test('guests and namespaces are in one network, and a guest has its own kernel, disks and files', async () => {
  const file = place.write(
    'guests.yaml',
    JSON.stringify({
      ensemble: {
        server: guests(2, {
          disks: {
            data: { size: '64M', mount: '/data', limits: { bytes_written: { rate: '4M', burst: '40M' } } },
          },
          networks: ['run', 'storage'],
        }),
        client: { 'node.count': 1, provisioner: 'netns' },
      },
      workload: {
        phases: [
          {
            kernel: bash('server', 'uname -r; hostname'),
            disk: bash('server', 'findmnt -n -o FSTYPE,TARGET /data; echo kept >"$QUARRY_ARTIFACTS/note"'),
            names: bash('client', 'ping -c 1 -W 30 server-0 && ping -c 1 -W 30 server-1'),
            peers: bash('server', 'ping -c 1 -W 30 client-0'),
          },
          {
            isolated: bash(
              'server',
              `ip -4 -o address show dev eth1; ping -c 1 -W 30 "$(ip -4 -o address show dev eth1 | sed 's/.*inet \\(10[.0-9]*\\)\\..*/\\1/').2"`,
              { 'target.ordinals': '1' },
            ),
            cut: { module: 'sleep', properties: { duration: '100ms' } },
          },
        ],
      },
    }),
  )
  const { result, exitCode, stderr } = await place.run(file)
  expect(exitCode, stderr).toBe(0)
  const log = (name: string): string => readFileSync(join(result.directory, 'logs', `${name}.log`), 'utf8')
  expect(log('kernel').match(/\b\d+\.\d+\.\d+-\d+-cloud-amd64$/gm)).toHaveLength(2)
  expect(log('kernel')).toContain('server-1')
  expect(log('disk').match(/\bext4 +\/data$/gm)).toHaveLength(2)
  for (const ordinal of ['0', '1']) {
    const directory = join(result.directory, 'nodes/server', ordinal)
    expect(readFileSync(join(directory, 'note'), 'utf8')).toBe('kept\n')
    expect(existsSync(join(directory, 'console.log'))).toBe(true)
  }
  expect(markedProcesses(result.run)).toEqual([])
  expect(machineDirectories()).toEqual([])
})

test('a kernel that panics is a result, with its title and what the processors were at', async () => {
  const file = place.write(
    'panic.yaml',
    JSON.stringify({
      ensemble: { server: guests(1), client: 'server' },
      observe: { samplers: ['memory'] },
      evidence: { reference: 'none' },
      workload: {
        phases: [{ crash: bash('server', 'echo c >/proc/sysrq-trigger; sleep 1000') }],
      },
    }),
  )
  const { result, exitCode, stderr } = await place.run(file)
  expect(exitCode, stderr).toBe(1)
  expect(result.symptoms.map(({ name }) => name)).toEqual(['machine-died'])
  expect(result.answer).toContain('sysrq triggered crash')
  const [finding] = result.findings
  expect([finding?.kind, finding?.subject.node]).toEqual(['invariant', 'server/0'])
  await using evidence = await openEvidence(result.directory)
  const processors = await evidence.rows<{ frame: string; state: string }>(
    `select frames[1] as frame, state from stacks where collector = 'machine'`,
  )
  expect(processors).toHaveLength(1)
  const printed = await evidence.rows(
    `select message from kernel_log where collector = 'console' and message like 'Kernel panic%'`,
  )
  expect(printed).toHaveLength(1)
})

test('processes of a guest get only so much of a disk, in control groups of version 2', async () => {
  const limit = { match: 'bash', directory: '/data', write_bps: '500K', duration: '4s' }
  const file = place.write(
    'io.yaml',
    JSON.stringify({
      ensemble: { server: guests(1, { disks: { data: { size: '32M', mount: '/data' } } }), client: 'server' },
      observe: { samplers: [] },
      workload: {
        phases: [
          {
            // The shell is limited as well, and with it each process that it starts.
            write: bash(
              'server',
              `while [ ! -e /data/over ]; do
                 from=$(date +%s%N); dd if=/dev/zero of=/data/file bs=64k count=16 oflag=direct status=none
                 echo $(( ($(date +%s%N) - from) / 1000000 ))
               done`,
            ),
            story: [
              { begun: bash('server', 'until [ -e /data/file ]; do sleep 0.1; done') },
              { slow: { module: 'io-limit', properties: limit } },
              { over: bash('server', 'ls -d /sys/fs/cgroup/quarry-io-* || touch /data/over') },
            ],
          },
        ],
      },
    }),
  )
  const { result, exitCode, stderr } = await place.run(file)
  expect(exitCode, stderr).toBe(0)
  const milliseconds = readFileSync(join(result.directory, 'logs/write.log'), 'utf8')
    .match(/\d+$/gm)
    ?.map(Number)
  // A megabyte at half of one a second.
  expect(Math.max(...(milliseconds ?? []))).toBeGreaterThan(1000)
})

test('after `kill -9` with four guests a sweep leaves neither machine, interface nor file', async () => {
  const file = place.write(
    'four.yaml',
    JSON.stringify({
      ensemble: { server: guests(4, { memory: '192M' }), client: 'server' },
      workload: { phases: [{ wait: bash('server', 'sleep 1000') }] },
    }),
  )
  const started = place.start('run', file, '--plain')
  onTestFinished(() => started.kill('SIGKILL'))
  await started.saw(/module wait began/)
  const [record] = place.records()
  const run = record?.id ?? ''
  expect(markedProcesses(run).length).toBeGreaterThanOrEqual(4)
  expect(machineDirectories()).toHaveLength(4)
  started.kill('SIGKILL')
  await started.done
  const swept = await place.quarry('sweep', '--json')
  expect(swept.exitCode, swept.stderr).toBe(0)
  expect(markedProcesses(run)).toEqual([])
  expect(existsSync(`/sys/class/net/${linkOf(run)}`)).toBe(false)
  expect(machineDirectories()).toEqual([])
})

test('a hunt whose every run is a guest', async () => {
  const file = place.write(
    'hunt.yaml',
    `release: 1
---
${JSON.stringify({
  ensemble: { server: guests(1), client: 'server' },
  observe: { samplers: [] },
  hunt: { ask: 'bisect', over: 'release', from: 1, to: 8, parallel: 2 },
  workload: {
    phases: [{ work: bash('server', 'test "$(uname -s)" = Linux && test {{release}} -lt 6') }],
    checkers: { worked: { checker: 'nofail' } },
  },
})}`,
  )
  const hunt = await place.quarry('hunt', file, '--json')
  expect(hunt.exitCode, hunt.stderr).toBe(0)
  expect(jsonOf<{ result: unknown }>(hunt).result).toBe(6)
})
