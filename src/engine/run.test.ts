import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadDefinition } from '../definition/load.ts'
import { openEvidence } from '../evidence/query.ts'
import type { Definition } from '../model/definition.ts'
import type { RunRecord, RunResult } from '../model/run.ts'
import { createRegistry } from '../plugin/registry.ts'
import { components } from '../plugins/index.ts'
import type { ProgressEvent } from './progress.ts'
import { run } from './run.ts'

const registry = createRegistry(components)
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'quarry-run-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function definitionOf(text: string): Definition {
  const { definition, problems } = loadDefinition({ file: 'test.yaml', text, parameters: {}, registry })
  if (definition === undefined) throw new Error(JSON.stringify(problems))
  return definition
}

interface Outcome {
  readonly result: RunResult
  readonly record: RunRecord
  readonly events: readonly ProgressEvent[]
  /** `module kind` in the order of the history. */
  readonly history: readonly string[]
}

async function execute(
  text: string,
  onEvent: (event: ProgressEvent, abort: (reason: Error) => void) => void = () => undefined,
): Promise<Outcome> {
  const events: ProgressEvent[] = []
  const controller = new AbortController()
  const progress = (event: ProgressEvent): void => {
    events.push(event)
    onEvent(event, (reason) => controller.abort(reason))
  }
  const report = (): Promise<void> => Promise.resolve()
  const options = {
    registry,
    root,
    progress,
    report,
    performance: () => Promise.resolve([]),
    signal: controller.signal,
    watch: false,
    capture: false,
    secrets: {},
  }
  const result = await run(definitionOf(text), options)
  const read = (name: string): string => readFileSync(join(result.directory, name), 'utf8')
  const history = read('history.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { process: string; kind: string })
    .map(({ process, kind }) => `${process} ${kind}`)
  return { result, events, history, record: JSON.parse(read('run.json')) as RunRecord }
}

test('goes through its states in order and ends with a pass', async () => {
  const { result, record } = await execute('workload: {phases: [{a: {module: noop}}]}')
  expect(result.verdict).toBe('pass')
  expect(record.states.map(({ state }) => state)).toEqual([
    'created',
    'setting-up',
    'running',
    'collecting',
    'tearing-down',
    'checking',
    'diagnosing',
    'ended',
  ])
  expect(record.partial).toBe(false)
})

test('runs phases one after another, their modules together, and nested phases beside them', async () => {
  const { history } = await execute(`
workload:
  phases:
    - left: [{a: {module: noop}}, {b: {module: noop}}]
      right: [{c: {module: noop}}]
    - last: {module: noop}
`)
  const at = (name: string): number => history.indexOf(`${name} ok`)
  expect(at('a')).toBeLessThan(at('b'))
  for (const name of ['a', 'b', 'c']) expect(at(name)).toBeLessThan(history.indexOf('last invoke'))
})

test('a module that lasts to the end of its phase outlives its siblings, also in a nested phase', async () => {
  const { result, history } = await execute(`
workload:
  phases:
    - outer:
        - lasting: {module: bash, properties: {script: "sleep 1000", lifetime: phase}}
          once: {module: sleep, properties: {duration: 300ms}}
        - after: {module: noop}
  checkers:
    clean: {checker: nofail}
`)
  expect(result.verdict).toBe('pass')
  expect(history.indexOf('once ok')).toBeLessThan(history.indexOf('lasting ok'))
  expect(history.indexOf('lasting ok')).toBeLessThan(history.indexOf('after invoke'))
})

test('a failing operation fails only what a checker judges; a module that throws fails the run', async () => {
  const failing = 'workload: {phases: [{a: {module: bash, properties: {script: "exit 3"}}}]'
  expect((await execute(`${failing}}`)).result.verdict).toBe('pass')
  expect((await execute(`${failing}, checkers: {n: {checker: nofail}}}`)).result.verdict).toBe('fail')
  const slow = 'workload: {phases: [{a: {module: sleep, timeout: 100ms, properties: {duration: 1h}}}]}'
  const { result, history, record } = await execute(slow)
  expect(result.verdict).toBe('fail')
  expect(history).toContain('a error')
  expect(record.checks[0]?.message).toContain('module a exceeded 100ms')
})

test('an abort ends what runs, skips what has not begun, and is unknown', async () => {
  const text = `
workload:
  phases:
    - a: {module: bash, properties: {script: "sleep 1000"}}
    - b: {module: noop}
`
  const { result, record, history } = await execute(text, (event, abort) => {
    if (event.type === 'module' && event.name === 'a' && event.what === 'began')
      abort(new Error('aborted by the user'))
  })
  expect(result.verdict).toBe('unknown')
  expect(record).toMatchObject({ failedDuring: 'running', partial: true, state: 'ended' })
  expect(record.errors.map(({ message }) => message)).toEqual(['aborted by the user'])
  expect(history).not.toContain('b invoke')
})

test('a run that exceeds its timeout is unknown and says so', async () => {
  const { result, record } = await execute('timeout: 500ms\nworkload: {phases: [{a: {module: sleep}}]}')
  expect(result.verdict).toBe('unknown')
  expect(record.errors[0]?.message).toBe('the run exceeded its timeout of 500ms')
})

const probing = (when: string, more = ''): string => `
workload:
  phases:
    - wait: {module: sleep, properties: {duration: 3s}}
observe:
  every: 200ms
  samplers: [memory]
  probes:
    flag: {command: "test -e flag || { touch flag; false; }", every: 200ms, timeout: 10s}
symptoms:
  flagged: {when: '${when}', then: [stop]${more}}
`

test('a symptom stops the run, which fails; an expected one does not fail it', async () => {
  const when = 'probe_success{probe="flag"} == 1'
  const { result, record } = await execute(probing(when))
  expect(result.verdict).toBe('fail')
  expect(record.symptoms).toMatchObject([{ name: 'flagged', probes: ['flag'], to: null, curedBy: null }])
  expect(record.phases[0]?.ok).toBe(false)
  expect((await execute(probing(when, ', expected: true'))).result.verdict).toBe('pass')
})

test.each([0, 30])(
  'a symptom whose probe does not tell any more is not over (it sleeps %d s)',
  async (hangs) => {
    const { record } = await execute(`
hangs: ${hangs}
---
workload:
  phases:
    - wait: {module: sleep, properties: {duration: 6s}}
observe:
  every: 200ms
  probes:
    # It answers for two seconds and then hangs, as what it asks does, or fails.
    work:
      command: {command: 'echo >>looks; [ "$(wc -l <looks)" -le 10 ] && echo done 7 || exec sleep {{hangs}}', values: true}
      every: 200ms
      timeout: 1s
    # Another one that goes on.
    other: {command: {command: echo done 3, values: true}, every: 200ms, timeout: 10s}
symptoms:
  idle: {when: 'increase(probe_done{probe="work"}[1s]) == 0', for: 200ms, then: [continue]}
`)
    expect(record.symptoms).toMatchObject([{ name: 'idle', to: null }])
  },
)

test('a symptom that no series could judge is unknown, never a pass', async () => {
  const { result, record } = await execute(probing('misspelt_metric > 1'))
  expect(result.verdict).toBe('unknown')
  expect(record.checks.find(({ verdict }) => verdict === 'unknown')?.message).toContain('flagged')
})

test('keeps metrics, probes, operations and events as evidence', async () => {
  const { result } = await execute(probing('probe_success{probe="flag"} > 5'))
  await using evidence = await openEvidence(result.directory)
  const [counts] = await evidence.rows<Record<string, bigint>>(`
    SELECT (SELECT count(*) FROM probes WHERE success) AS probes, (SELECT count(*) FROM operations) AS operations,
      (SELECT count(DISTINCT ts) FROM samples WHERE metric = 'node_memory_MemFree_bytes') AS ticks,
      (SELECT count(*) FROM events WHERE kind = 'phase') AS phases`)
  expect(Number(counts?.['probes'])).toBeGreaterThan(3)
  expect(Number(counts?.['ticks'])).toBeGreaterThan(3)
  expect(counts).toMatchObject({ operations: 4n, phases: 2n })
})
