/** Faults of processes and resources on a service, through the real command; and what is left of them by kill -9. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { allProcesses, processStat, type ProcessStat } from '../../src/base/process-tree.ts'
import { markedProcesses } from '../../src/node/effects.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
let disk = ''
beforeEach(() => {
  place = workplace()
  disk = join(place.path, 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'quarry-test', disk])
})
afterEach(() => {
  execFileSync('umount', [disk])
  place[Symbol.dispose]()
})

const definition = (phases: string, checkers = '{clean: {checker: nofail}}'): string => `
ensemble:
  server:
    node.count: 1
    provisioner: local
    configuration_manager:
      name: command
      properties:
        movable_clock: true
        restart: true
        serve: while :; do date +%s >"$QUARRY_SCRATCH/now.new"; mv "$QUARRY_SCRATCH/now.new" "$QUARRY_SCRATCH/now"; sleep 0.1; done
        ready: test -e "$QUARRY_SCRATCH/now"
  client: server
workload:
  phases: ${phases}
  checkers: ${checkers}
`

test('a service is killed, paused, in another time and without a disk, and well afterwards', async () => {
  const wait = (condition: string): string =>
    `{module: bash, properties: {timeout: 20s, script: 'until ${condition}; do sleep 0.1; done'}}`
  const state = '[ "$(cut -d" " -f3 /proc/$(cat "$QUARRY_SCRATCH/.service.pid")/stat)" = T ]'
  const file = place.write(
    'faults.yaml',
    definition(
      `
    - skew: {module: clock-skew, properties: {offset: -10h, lifetime: phase}}
      late: ${wait('[ "$(cat "$QUARRY_SCRATCH/now")" -lt $(($(date +%s) - 30000)) ]')}
    - back: ${wait('[ "$(cat "$QUARRY_SCRATCH/now")" -gt $(($(date +%s) - 3000)) ]')}
    - pause: {module: pause, properties: {service: service, lifetime: phase}}
      still: ${wait(state)}
    - on: ${wait(`! ${state}`)}
    - full: {module: disk-full, properties: {directory: ${disk}, lifetime: phase}}
      refused: {module: bash, properties: {script: 'sleep 1; ! head -c 1M /dev/zero >${disk}/one'}}
    - fits: {module: bash, properties: {script: 'head -c 1M /dev/zero >${disk}/one'}}
    - kill: {module: kill, properties: {service: service}}
    - fresh: ${wait('[ "$(cat "$QUARRY_SCRATCH/.service.pid")" != 0 ] && kill -0 $(cat "$QUARRY_SCRATCH/.service.pid")')}
`,
      '{clean: {checker: nofail}, order: {checker: linearizability}}',
    ),
  )
  const { result } = await place.run(file)
  const [record] = place.records()
  expect(record?.errors).toEqual([])
  const verdicts = Object.fromEntries(record?.checks.map(({ name, verdict }) => [name, verdict]) ?? [])
  // There is no register here to judge.
  expect(verdicts).toMatchObject({ clean: 'pass', order: 'unknown' })
  expect(markedProcesses(result.run)).toEqual([])
})

test('killed during a pause and a full disk: the sweep leaves nothing', async () => {
  const file = place.write(
    'killed.yaml',
    definition(`
    - pause: {module: pause, properties: {match: sleep 4751, whole_host: true, duration: 1h}}
      full: {module: disk-full, properties: {directory: ${disk}, duration: 1h}}`),
  )
  // Not of the run: it must go on afterwards, and not only be dead.
  const sleeper = execFileSync('sh', ['-c', 'setsid sleep 4751 >/dev/null 2>&1 & echo $!'], {
    encoding: 'utf8',
  })
  const find = (): ProcessStat | undefined =>
    allProcesses().find(({ pid }) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === 'sleep\u00004751\u0000'
      } catch {
        return false
      }
    })
  expect(Number(sleeper)).toBeGreaterThan(1)
  await expect.poll(() => find()?.pid).toBeDefined()
  const pid = find()?.pid ?? 0
  try {
    const started = place.start('run', file, '--plain')
    const fillers = (): string[] => readdirSync(disk).filter((name) => name.startsWith('.quarry-fill-'))
    await expect
      .poll(() => [processStat(pid)?.state, fillers().length], { timeout: 25_000 })
      .toEqual(['T', 1])
    started.kill('SIGKILL')
    await started.done
    expect([processStat(pid)?.state, fillers().length]).toEqual(['T', 1])
    const { stdout } = await place.quarry('sweep')
    expect(stdout).toMatch(/undid stopped process \d+/)
    expect(stdout).toMatch(/undid file that fills a disk/)
    expect(processStat(pid)?.state).toMatch(/[RS]/)
    expect(fillers()).toEqual([])
    const [record] = place.records()
    expect(markedProcesses(record?.id ?? '')).toEqual([])
  } finally {
    process.kill(pid, 'SIGKILL')
  }
})
