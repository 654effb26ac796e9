import { expect, test } from 'vitest'
import { load, problemsOf } from '../../test/harness/definition.ts'

const text = `ensemble: {client: {node.count: 1, provisioner: local}}
workload:
  phases:
    - nap: {module: sleep, properties: {duration: 1s}}
    - deep:
        - say: {module: bash, properties: {script: echo hello}}
          rest: {module: noop}
`
const withValue = (parameter: string, value: string) =>
  load(text, { parameters: { [parameter]: value } }).definition

test('a property of a step by its name, however deep it is', () => {
  expect(JSON.stringify(withValue('nap/duration', '20ms')?.phases)).toContain('"duration":20')
  expect(JSON.stringify(withValue('say/script', 'echo bye')?.phases)).toContain('echo bye')
  expect(JSON.stringify(withValue('say/env', '{A: b}')?.phases)).toContain('"env":{"A":"b"}')
})

test('anything by its path; the run says what it was given', () => {
  const definition = withValue('ensemble/client/node.count', '3')
  expect(definition?.groups[0]?.nodeCount).toBe(3)
  expect(definition?.parameters).toEqual({ 'ensemble/client/node.count': 3 })
  const other = withValue('workload/phases/1/deep/0/rest/module', 'text')
  expect(other).toBeUndefined()
})

test.each([
  [
    'nap/duration',
    'foo',
    '4:51: `duration` of module `sleep`: not a duration: foo; such as 500ms, 30s, 2m, 4h',
  ],
  ['nap/durations', '1s', '4:40: module `sleep` has no property `durations`; did you mean `duration`?'],
  ['map/duration', '1s', '1:1: there is no step `map` (-p map/duration); did you mean `nap`?'],
  ['workload/phases/7/x', '1', '1:1: -p workload/phases/7/x: the list has 2 items, and none is `7`'],
  ['nap/duration/x', '1', '1:1: -p nap/duration/x: `1s` has nothing below it'],
])('what is wrong with -p %s=%s', (name, value, problem) => {
  expect(problemsOf(text, { parameters: { [name]: value } })).toContain(problem)
})
