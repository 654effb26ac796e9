/** Runs that a hunt is given: planned as commands, made elsewhere, copied, and counted once however they are added. */
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HuntResult } from '../../src/model/hunt.ts'
import { readTrials } from '../../src/hunt/hunt-directory.ts'
import { jsonOf, launcher, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const MINUTES = 60_000

const definition = `since: 4
---
ensemble:
  client: {node.count: 1, provisioner: local}
observe: {samplers: []}
hunt: {ask: bisect, over: version, from: 1, to: 5, runs: 3}
workload:
  phases:
    - try: {module: bash, properties: {script: 'sleep 0.1; [ {{version}} -lt {{since}} ]'}}
  checkers:
    ok: {checker: nofail}
`

/** Ids of the runs beside the hunt, oldest first. */
const made = (at: Workplace): string[] =>
  readdirSync(at.runs)
    .filter((name) => !name.includes('-hunt-'))
    .toSorted()

/** A planned command, as it would be typed on the other machine. */
function byHand(command: string, environment: Readonly<Record<string, string>> = {}): void {
  const line = `${command.replace(/^quarry/, `'${launcher}'`)} --as-is --plain || [ $? -eq 1 ]`
  const own = { XDG_STATE_HOME: join(place.path, 'state'), QUARRY_RUNS: place.runs }
  execFileSync('sh', ['-c', line], { env: { ...process.env, ...own, ...environment }, stdio: 'ignore' })
}

test(
  'what another machine made by the plan counts, once, however often it is added',
  { timeout: 5 * MINUTES },
  async () => {
    const file = place.write('b.yaml', definition)
    const first = jsonOf<HuntResult>(await place.quarry('hunt', file, '--as-is', '--json', '-p', 'since=3'))
    expect(first).toMatchObject({ verdict: 'unknown', runs: 3 })
    const { directory } = first

    const planned = await place.quarry('hunt', directory, '--plan', '3')
    const commands = planned.stdout.trim().split('\n')
    expect(commands).toHaveLength(3)
    for (const command of commands)
      expect(command).toMatch(new RegExp(`^quarry run ${file} -p since=3 -p version=\\d$`))
    // They are shell commands as they stand.
    for (const command of commands) byHand(command)
    const ids = made(place)
    expect(ids).toHaveLength(3)
    const elsewhere = join(place.path, 'copied')
    for (const id of ids) cpSync(join(place.runs, id), join(elsewhere, id), { recursive: true })

    const words = ids.flatMap((id) => ['--add', join(elsewhere, id)])
    const both = await Promise.all([
      place.quarry('hunt', directory, ...words, '--json'),
      place.quarry('hunt', directory, ...ids.flatMap((id) => ['--add', id]), '--json'),
    ])
    const said = both.map((one) => jsonOf<{ added: string[]; known: number }>(one))
    expect(said.flatMap(({ added }) => added).toSorted()).toEqual(ids.toSorted())
    expect(said.reduce((sum, { known }) => sum + known, 0)).toBe(3)

    const second = jsonOf<HuntResult>(await place.quarry('hunt', directory, '--as-is', '--json'))
    expect(second.runs).toBe(6)
    const trials = readTrials(directory)
    expect(trials.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6])
    expect(trials.flatMap(({ added }) => added ?? []).toSorted()).toEqual(ids.toSorted())
    for (const { outcome, point } of trials)
      expect(outcome).toBe(Number(point['version']) < 3 ? 'clean' : 'shown')
    // Again, and one of its own: nothing new.
    const own = trials[0]?.run ?? ''
    const again = await place.quarry('hunt', directory, '--add', ids[0] ?? '', '--add', own, '--json')
    expect(jsonOf(again)).toEqual({ added: [], known: 2 })
  },
)

test('a hunt that goes on takes up what is added at its next choice', { timeout: 5 * MINUTES }, async () => {
  const text = definition
    .replace(/hunt: .*/, 'hunt: {ask: reproduce}')
    .replace(/script: .*'/, `script: 'sleep 0.5; [ -z "$FAILS" ] # {{since}}'`)
  const file = place.write('r.yaml', text)
  const started = place.start('hunt', file, '--as-is', '--json')
  await started.saw(/run 1:.*\n/)
  byHand(`quarry run ${file}`, { FAILS: 'yes' })
  const [id = ''] = made(place)
  const directory = join(place.runs, readdirSync(place.runs).find((name) => name !== id) ?? '')
  expect((await place.quarry('hunt', directory, '--add', id)).stdout).toMatch(/^1 added/)
  const end = jsonOf<HuntResult>(await started.done)
  const [added] = readTrials(directory).filter((one) => one.added === id)
  expect(end).toMatchObject({ verdict: 'pass', result: added?.number })
})

test('a run that is not one of the hunt is refused, with the reason', { timeout: 5 * MINUTES }, async () => {
  const file = place.write('b.yaml', definition.replace('runs: 3', 'runs: 1'))
  const { directory } = jsonOf<HuntResult>(await place.quarry('hunt', file, '--as-is', '--json'))
  const otherwise = place.write('o.yaml', definition)
  const runs = [
    [file, 'version=2', 'since=2'],
    [file, 'version=9'],
    [otherwise, 'version=2'],
  ] as const
  // Names of runs of one second do not tell which was first.
  const ids: string[] = []
  for (const [at, ...parameters] of runs) {
    await place.quarry('run', at, '--as-is', '--plain', ...parameters.flatMap((one) => ['-p', one]))
    ids.push(...made(place).filter((id) => !ids.includes(id)))
  }
  const add = async (id: string | undefined): Promise<string> => {
    const { exitCode, stderr } = await place.quarry('hunt', directory, '--add', id ?? '')
    expect(exitCode).toBe(64)
    return stderr
  }
  const [wrongSince, wrongVersion, wrongText] = ids
  expect(await add(wrongSince)).toContain('its since is 2, and that of the hunt 4')
  expect(await add(wrongVersion)).toContain('has version=9, which the hunt does not ask about')
  expect(await add(wrongText)).toContain('its definition is not that of the hunt')
  expect(await add(join(place.path, 'nowhere'))).toContain('is not a run directory')
  expect((await place.quarry('hunt', file, '--add', wrongSince ?? '')).stderr).toContain(
    'is not the directory of a hunt',
  )
  expect(readTrials(directory)).toHaveLength(1)
})
