/** How far node groups are brought up and taken down, in which order, and what is collected when something goes wrong. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunRecord } from '../../src/model/run.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
  place.write('diary.ts', plugin)
})
afterEach(() => place[Symbol.dispose]())

/** Managers that write what is asked of them into a diary, and fail where they are told to. */
const plugin = `
import { appendFileSync } from 'node:fs'
import { defineManager, sleep, z } from 'quarry/plugin'

const manager = (id, provides, requires) => {
  const act = (what) => async (context, { fails, waits }) => {
    appendFileSync('diary', context.nodes[0].group + ' ' + id + ' ' + what + '\\n')
    if (waits === what) await sleep(600_000, context.signal)
    if (what === 'start') {
      for (const node of context.nodes) context.provide(node, id, { port: String(1000 + node.ordinal) })
    }
    if (what === 'collectArtifacts' || what === 'prepareArtifacts') {
      for (const node of context.nodes) await node.writeFile(node.artifacts + '/' + id + '.' + what, what)
    }
    if (fails === what) throw new Error(id + ' could not ' + what)
  }
  return defineManager({
    id, provides, requires, needs: [],
    summary: 'writes a diary',
    properties: z.strictObject({
      fails: z.string().optional().describe('what fails'),
      waits: z.string().optional().describe('what takes ten minutes'),
    }),
    configure: act('configure'), start: act('start'), stop: act('stop'), unconfigure: act('unconfigure'),
    prepareArtifacts: act('prepareArtifacts'), collectArtifacts: act('collectArtifacts'),
  })
}
export default [manager('upper', [], ['lower']), manager('lower', ['lower'], [])]
`

const definitionOf = (group: string, phases = '[{a: {module: noop}}]'): string => `
plugins: [./diary.ts]
ensemble:
  server: {node.count: 2, provisioner: local, ${group}}
  client: server
workload:
  phases: ${phases}
`

/** Lines of the diary without the group's name. */
const diary = (): string[] =>
  readFileSync(join(place.path, 'diary'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.replace('server ', ''))

const record = (): RunRecord => {
  const last = place.records().at(-1)
  if (last === undefined) throw new Error('there is no run')
  return last
}
const kept = (file: string): boolean => existsSync(join(place.runs, record().id, 'nodes/server/0', file))

const both = 'configuration_manager: [upper, lower]'
const up = ['lower configure', 'upper configure', 'lower start', 'upper start']
const prepared = ['lower prepareArtifacts', 'upper prepareArtifacts']
const collected = ['lower collectArtifacts', 'upper collectArtifacts']
const stopped = ['upper stop', 'lower stop']
const down = ['upper unconfigure', 'lower unconfigure']

describe('run levels', () => {
  test('up in the order of what they need of each other, down in reverse; files before and after the stop', async () => {
    const { result } = await place.run(place.write('d.yaml', definitionOf(both)))
    expect(result.verdict).toBe('pass')
    expect(diary()).toEqual([...up, ...prepared, ...stopped, ...collected, ...down])
    expect(kept('upper.prepareArtifacts') && kept('lower.collectArtifacts')).toBe(true)
  })

  test('the workload finds the group at its level, and the end leaves it there no longer', async () => {
    const level = 'runlevel: STARTED_SERVICES_CONFIGURED'
    await place.run(place.write('d.yaml', definitionOf(`${both}, ${level}`)))
    expect(diary()).toEqual([...up.slice(0, 2), ...prepared, ...collected, ...down])
  })

  test('what a manager provides is in the environment and in references', async () => {
    const phases =
      '[{a: {module: bash, properties: {script: "echo $FALLOUT_SERVER_NODE1_LOWER_PORT <<provider:server:0:lower:port>>"}}}]'
    await place.run(place.write('d.yaml', definitionOf(both, phases)))
    const log = readFileSync(join(place.runs, record().id, 'logs/a.log'), 'utf8')
    expect(log).toContain('1001 1000')
  })
})

describe('when something goes wrong', () => {
  test('a manager that does not start: the workload does not run, what there is is collected and taken down', async () => {
    const failing = 'configuration_manager: [{name: upper, properties: {fails: start}}, lower]'
    const { result } = await place.run(place.write('d.yaml', definitionOf(failing)))
    expect(result.verdict).toBe('unknown')
    expect(record().failedDuring).toBe('setting-up')
    expect(record().errors[0]?.message).toBe('upper could not start')
    expect(record().phases).toEqual([])
    expect(diary()).toEqual([...up, ...prepared, ...collected, ...down])
    expect(kept('upper.collectArtifacts')).toBe(true)
  })

  test('a step down that fails does not keep the others from being taken', async () => {
    const failing =
      'configuration_manager: [{name: upper, properties: {fails: unconfigure}}, {name: lower, properties: {fails: collectArtifacts}}]'
    const { result } = await place.run(place.write('d.yaml', definitionOf(failing)))
    expect(result.verdict).toBe('unknown')
    expect(record().failedDuring).toBe('collecting')
    const messages = record().errors.map(({ message }) => message)
    expect(messages).toEqual(['lower could not collectArtifacts', 'upper could not unconfigure'])
    expect((await place.quarry('sweep')).stdout).toContain('nothing to sweep')
  })

  test.each([
    ['configure', 'setting-up'],
    ['start', 'setting-up'],
  ])(
    'an abort while a manager would %s: it ends at once, and everything is taken down',
    async (what, state) => {
      const waiting = `configuration_manager: [upper, {name: lower, properties: {waits: ${what}}}]`
      const started = place.start('run', place.write('d.yaml', definitionOf(waiting)), '--json')
      await expect
        .poll(() => existsSync(join(place.path, 'diary')) && diary().includes(`lower ${what}`), {
          timeout: 30_000,
        })
        .toBe(true)
      started.kill('SIGINT')
      expect((await started.done).exitCode).toBe(2)
      expect(record().failedDuring).toBe(state)
      expect(record().state).toBe('ended')
      expect(kept('lower.collectArtifacts')).toBe(true)
    },
  )

  test('an abort of the workload: what runs ends at once, what has not begun is skipped, files are collected', async () => {
    const phases =
      '[{long: {module: sleep, properties: {duration: 1h}}, beside: {module: bash, properties: {script: "sleep 1000", lifetime: phase}}}, {later: {module: noop}}]'
    const started = place.start('run', place.write('d.yaml', definitionOf(both, phases)), '--json')
    await started.saw(/module beside began/)
    started.kill('SIGINT')
    expect((await started.done).exitCode).toBe(2)
    const history = readFileSync(join(place.runs, record().id, 'history.jsonl'), 'utf8')
    expect(history).not.toContain('"process":"later"')
    expect(diary()).toEqual([...up, ...prepared, ...stopped, ...collected, ...down])
    const fallout: unknown = JSON.parse(
      readFileSync(join(place.runs, record().id, 'jepsen-history.json'), 'utf8'),
    )
    expect(fallout).toContainEqual(
      expect.objectContaining({ process: 'long', module: 'sleep', type: 'start' }),
    )
  })

  test('kill -9 at every stage, and the sweep leaves nothing', async () => {
    for (const what of ['configure', 'start', 'stop', 'unconfigure', 'collectArtifacts']) {
      place.write('diary', '')
      const waiting = `configuration_manager: {name: lower, properties: {waits: ${what}}}`
      const started = place.start('run', place.write('d.yaml', definitionOf(waiting)), '--json')
      await expect.poll(() => diary(), { timeout: 30_000 }).toContain(`lower ${what}`)
      process.kill(started.pid, 'SIGKILL')
      await started.done
      expect((await place.quarry('sweep')).exitCode).toBe(0)
      expect(record().state).toBe('ended')
      expect(record().verdict).toBe('unknown')
    }
  })
})

test('secrets reach scripts, and neither logs, history, records nor the case file', async () => {
  using own = workplace({ QUARRY_SECRET_FROM_ENV: 'other-secret' })
  const secrets = own.write('secrets.yaml', `token: 'hunter2-"quoted"'\n`)
  const definition = own.write(
    'd.yaml',
    `workload:
  phases:
    - a:
        module: bash
        properties:
          env: {TOKEN: <<secret:token>>, OTHER: <<secret:from-env>>}
          script: |
            echo "it is $TOKEN and $OTHER"
            test \${#TOKEN} = 16 -a \${#OTHER} = 12 -a -z "$QUARRY_SECRET_FROM_ENV" || exit 9
            echo "$TOKEN" >&2
            exit 3
`,
  )
  const open = await own.quarry('run', definition, '--secrets', secrets)
  expect(open.exitCode).toBe(64)
  expect(open.stderr).toContain(`chmod 600 ${secrets}`)

  chmodSync(secrets, 0o600)
  const ended = await own.quarry('run', definition, '--secrets', secrets, '--json')
  const [one] = own.records()
  expect(one?.errors).toEqual([])
  const directory = join(own.runs, one?.id ?? '')
  expect(readFileSync(join(directory, 'logs/a.log'), 'utf8')).toContain('it is <redacted> and <redacted>')
  expect(readFileSync(join(directory, 'history.jsonl'), 'utf8')).toContain('status 3')
  const leaks = execFileSync('bash', ['-c', 'grep -rlaE "hunter2|other-secret" . || true'], {
    cwd: directory,
  })
  expect(leaks.toString()).toBe('')
  expect(ended.stdout + ended.stderr).not.toMatch(/hunter2|other-secret/)
})
