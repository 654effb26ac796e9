/** What definitions written for Fallout do here: nested lifetimes, run levels, checkers over the history, the environment. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunRecord } from '../../src/model/run.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const record = (): RunRecord => {
  const last = place.records().at(-1)
  if (last === undefined) throw new Error('there is no run')
  return last
}
const checks = (): Record<string, string> =>
  Object.fromEntries(record().checks.map(({ name, verdict, message }) => [name, `${verdict}: ${message}`]))
const file = (...parts: string[]): string => readFileSync(join(place.runs, record().id, ...parts), 'utf8')

test('defaults, sections, linked groups, nested phases and lifetimes, also in a nested phase', async () => {
  const definition = place.write(
    'd.yaml',
    `letters: [a, b]
extra: no
---
ensemble:
  SERVER: {node.count: 2, provisioner: {name: Local}, configuration_manager: [noop]}
  client: server
  controller: local
  observer: none
workload:
  phases:
    - left:
        - nested:
            - waits: {module: sleep, properties: {duration: 600ms}}
              lasts-below: {module: sleep, properties: {duration: 50ms, lifetime: run_to_end_of_phase}}
          short: {module: sleep, properties: {duration: 1ms}}
          lasts: {module: sleep, properties: {duration: 50ms, lifetime: phase}}
        - after-left: {module: text, properties: {text: "x"}}
      right: {module: noop}
{{#letters}}
    - text-{{.}}: {module: text, properties: {text: "{{.}}"}}
{{/letters}}
{{^extra}}
    - never: {module: noop}
{{/extra}}
  checkers:
    texts: {checker: regex, properties: {regex: "xab"}}
    below: {checker: count, properties: {min: 2, processes: lasts-below, types: ok}}
    beside: {checker: count, properties: {min: 2, processes: lasts, types: ok}}
    once: {checker: count, properties: {min: 1, max: 1, processes: short, types: ok}}
    right: {checker: sql, properties: {query: "select count(*) from operations where process = 'right' and kind = 'ok'", expect: 1}}
    clean: {checker: nofail}
`,
  )
  const { result } = await place.run(definition, '-p', 'extra=yes')
  expect(checks()).toMatchObject({ texts: 'pass: `xab` matches', once: 'pass: 1 operations' })
  expect(result.verdict).toBe('pass')
  // Those that last end after those that run once, and both before the next phase.
  const ends = file('history.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { process: string; kind: string })
    .filter(({ kind }) => kind === 'end')
    .map(({ process }) => process)
  expect(ends.indexOf('waits')).toBeLessThan(ends.indexOf('lasts-below'))
  expect(ends.indexOf('lasts-below')).toBeLessThan(ends.indexOf('lasts'))
  expect(ends.indexOf('lasts')).toBeLessThan(ends.indexOf('after-left'))
})

test('run levels in the middle of the workload; going down too far is refused', async () => {
  const definition = place.write(
    'd.yaml',
    `ensemble:
  server:
    node.count: 1
    runlevel: STARTED_SERVICES_UNCONFIGURED
    provisioner: local
    configuration_manager:
      name: command
      properties: {install: echo installed, start: echo started, stop: echo stopped}
  client: server
workload:
  phases:
    - up: {module: runlevel, properties: {role: SERVER, runlevel: STARTED_SERVICES_RUNNING}}
    - down: {module: runlevel, properties: {node_group: server, runlevel: STARTED_SERVICES_CONFIGURED}}
    - too-far: {module: runlevel, properties: {role: SERVER, runlevel: STARTED_SERVICES_UNCONFIGURED}}
  checkers:
    levels: {checker: runlevel, properties: {runlevels: "STARTED_SERVICES_RUNNING,STARTED_SERVICES_CONFIGURED"}}
    clean: {checker: nofail}
`,
  )
  const { result } = await place.run(definition)
  expect(result.verdict).toBe('fail')
  expect(checks()['levels']).toMatch(/^pass/)
  expect(checks()['clean']).toContain('would lose its artifacts')
  const log = file('logs/server-0-command.log').trim().split('\n')
  expect(log.filter((line) => /install|start|stop/.test(line))).toEqual([
    'server/0 install: installed',
    'server/0 start: started',
    'server/0 stop: stopped',
  ])
})

test.for([
  ['of a group', 'pass: 1 file(s) looked at'],
  ['of the ensemble', 'fail: no file matches managed_files/.*'],
] as const)(
  'local files %s are among the artifacts of a group if they are its own',
  async ([whose, verdict]) => {
    const list = `local_files: [{path: sub/foo.txt, data: hello!}]`
    const [ensemble, group] = whose === 'of a group' ? ['', list] : [`${list}\n  `, '']
    const definition = place.write(
      'd.yaml',
      `ensemble:
  ${ensemble}server: {node.count: 1, provisioner: local, ${group}}
  client: server
workload:
  phases: [{reads: {module: bash, properties: {script: 'cat <<file:sub/foo.txt>>', export_output: true}}}]
  artifact_checkers:
    there: {artifact_checker: regex, properties: {node_group: client, files: managed_files/.*, required: [h.+ll]}}
`,
    )
    await place.run(definition)
    expect(file('logs/reads.log')).toBe('hello!\n')
    expect(checks()).toMatchObject({ there: verdict })
  },
)
