/** Faults of processes and resources on nodes with networks of their own: each healed at its end, and by a sweep. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { processStat } from '../../src/base/process-tree.ts'
import { markedProcesses } from '../../src/node/effects.ts'
import { linkOf } from '../../src/node/netns/link.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
let disk = ''
let shared: readonly string[] = []
beforeEach(() => {
  place = workplace()
  disk = join(place.path, 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'quarry-test', disk])
  shared = sharedMemory()
})
afterEach(async () => {
  // A test that failed may have left a run.
  await place.quarry('sweep')
  execFileSync('umount', [disk])
  place[Symbol.dispose]()
})

/** What the library of the clock left of processes that are no more. */
const sharedMemory = (): string[] =>
  readdirSync('/dev/shm').filter(
    (name) =>
      name.includes('faketime') && processStat(Number(name.slice(name.lastIndexOf('_') + 1))) === undefined,
  )
const fillers = (): string[] => readdirSync(disk).filter((name) => name.startsWith('.quarry-fill-'))

/** Two nodes, each with a service that tells the time of day ten times a second. */
const definition = (phases: readonly object[]): string =>
  JSON.stringify({
    ensemble: {
      server: {
        'node.count': 2,
        provisioner: 'netns',
        configuration_manager: {
          name: 'command',
          properties: {
            movable_clock: true,
            restart: true,
            serve:
              'while :; do date +%s >"$QUARRY_SCRATCH/now.new"; mv "$QUARRY_SCRATCH/now.new" "$QUARRY_SCRATCH/now"; sleep 0.1; done',
            ready: 'test -e "$QUARRY_SCRATCH/now"',
          },
        },
      },
      client: 'server',
    },
    workload: { phases, checkers: { clean: { checker: 'nofail' } } },
  })

const fault = (module: string, properties: object): object => ({ module, properties })
const during = (module: string, properties: object): object =>
  fault(module, { ...properties, lifetime: 'phase' })
/** On both nodes; a condition that does not come true fails. */
const until = (condition: string): object => ({
  module: 'bash',
  properties: { target: 'server', timeout: '60s', script: `until ${condition}; do sleep 0.1; done` },
})

const PID = '$(cat "$QUARRY_SCRATCH/.service.pid")'
const NOW = '"$(cat "$QUARRY_SCRATCH/now")"'
const STOPPED = `[ "$(cut -d" " -f3 /proc/${PID}/stat)" = T ]`
// What was written before the disk is full would be written over.
const SAID_FULL = 'grep -qs "is full" "$QUARRY_RUN_DIRECTORY/logs/full.log"'
const LIMITED = `grep -q /quarry-io- /proc/${PID}/cgroup`
const onFirst = { 'target.ordinals': 0 }
/** On the first node, where the fault is; on the other one the opposite holds. */
const onlyFirst = (condition: string): string =>
  `{ if ${condition}; then [ "$QUARRY_NODE_ORDINAL" = 0 ]; else [ "$QUARRY_NODE_ORDINAL" = 1 ]; fi; }`

test('one of two nodes has each fault, and is well again after it', async () => {
  const service = { service: 'service' }
  const late = `[ ${NOW} -lt $(($(date +%s) - 30000)) ]`
  const file = place.write(
    'faults.json',
    definition([
      { skew: during('clock-skew', { ...onFirst, offset: '-10h' }), late: until(onlyFirst(late)) },
      { back: until(`[ ${NOW} -gt $(($(date +%s) - 3000)) ]`) },
      { pause: during('pause', { ...onFirst, ...service }), still: until(onlyFirst(STOPPED)) },
      { on: until(`! ${STOPPED}`) },
      {
        limit: during('io-limit', { ...onFirst, ...service, directory: '/', write_bps: '1M' }),
        slow: until(onlyFirst(LIMITED)),
      },
      { fast: until(`! ${LIMITED}`) },
      {
        full: during('disk-full', { directory: disk }),
        refused: until(`${SAID_FULL} && ! head -c 1M /dev/zero >${disk}/one`),
      },
      { fits: until(`head -c 1M /dev/zero >${disk}/one`) },
      {
        hungry: during('memory-pressure', { amount: '16M' }),
        taken: until('grep -q "^.*took 16777216 bytes" "$QUARRY_RUN_DIRECTORY/logs/hungry.log"'),
      },
      { before: until(`cat "$QUARRY_SCRATCH/.service.pid" >"$QUARRY_SCRATCH/before"`) },
      { kill: fault('kill', { ...onFirst, ...service }) },
      { fresh: until(onlyFirst(`! cmp -s "$QUARRY_SCRATCH/.service.pid" "$QUARRY_SCRATCH/before"`)) },
      { serves: until(`kill -0 ${PID}`) },
    ]),
  )
  const { result } = await place.run(file)
  const [record] = place.records()
  expect(record?.errors).toEqual([])
  expect(failures(result.directory)).toEqual([])
  expect(result.verdict).toBe('pass')
  expectNothingLeft(result.run)
})

test('killed under all of them: a sweep leaves nothing', async () => {
  const forever = { duration: '1h' }
  const service = { service: 'service', ...forever }
  const file = place.write(
    'killed.json',
    definition([
      {
        skew: fault('clock-skew', { offset: '-10h', ...forever }),
        limit: fault('io-limit', { ...service, directory: '/', write_bps: '1M' }),
        pause: fault('pause', { ...service, ...onFirst }),
        full: fault('disk-full', { directory: disk, ...forever }),
        hungry: fault('memory-pressure', { amount: '16M', ...forever }),
        kill: fault('kill', {
          match: 'sleep 0.1',
          'target.ordinals': 1,
          restart: 'true',
          ends: false,
          ...forever,
        }),
      },
    ]),
  )
  const started = place.start('run', file, '--plain')
  const said: Readonly<Record<string, RegExp>> = {
    skew: /clock is moved/,
    limit: /is slow for/,
    pause: /^stopped/m,
    full: /is full/,
    hungry: /took 16777216 bytes/,
  }
  const log = (name: string): string => {
    const path = join(place.runs, place.records()[0]?.id ?? '', 'logs', `${name}.log`)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  await started.saw(/module hungry began/)
  for (const [name, pattern] of Object.entries(said)) {
    await expect.poll(() => log(name), { timeout: 30_000 }).toMatch(pattern)
  }
  started.kill('SIGKILL')
  await started.done
  expect(fillers()).toHaveLength(1)
  const { id = '' } = place.records()[0] ?? {}
  expect(markedProcesses(id)).not.toEqual([])
  const { runs } = jsonOf<{ runs: { run: string; status: string; sentences: string[] }[] }>(
    await place.quarry('sweep', '--json'),
  )
  expect(runs).toMatchObject([{ run: id, status: 'swept' }])
  const sentences = runs[0]?.sentences.join('\n')
  for (const what of ['clock', 'control group', 'stopped process', 'file that fills a disk,']) {
    expect(sentences).toContain(`undid ${what}`)
  }
  expectNothingLeft(id)
})

/** What went wrong, by the history. */
const failures = (directory: string): string[] =>
  readFileSync(join(directory, 'history.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => /"kind":"(?:fail|error)"/.test(line))

function expectNothingLeft(run: string): void {
  expect(markedProcesses(run)).toEqual([])
  expect(existsSync(`/sys/class/net/${linkOf(run)}`)).toBe(false)
  expect(readdirSync('/tmp').filter((name) => name.includes(run))).toEqual([])
  expect(fillers()).toEqual([])
  const groups = execFileSync('find', ['/sys/fs/cgroup', '-name', 'quarry-io-*'], { encoding: 'utf8' })
  expect(groups).toBe('')
  expect(sharedMemory().filter((name) => !shared.includes(name))).toEqual([])
}
