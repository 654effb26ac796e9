import { expect, test } from 'vitest'
import { registry } from '../../test/harness/definition.ts'
import type { JsonSchema } from './json-schema.ts'
import { definitionJsonSchema } from './schema.ts'
import { ensembleKeys } from './ensemble.ts'
import { groupKeys } from './node-group.ts'
import { evidenceKeys } from './evidence.ts'
import { observeKeys } from './observe.ts'
import { topLevelKeys } from './sections.ts'
import { symptomKeys } from './symptoms.ts'
import { workloadKeys } from './workload.ts'

const schema = definitionJsonSchema(registry)
const at = (node: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce((parent: unknown, key) => (parent as Record<string | number, unknown> | undefined)?.[key], node)
const keysOf = (...path: readonly (string | number)[]): string[] =>
  Object.keys((at(schema, ...path) ?? {}) as object).toSorted()

test('it knows the keys that the loader knows', () => {
  expect(keysOf('properties')).toEqual(topLevelKeys.toSorted())
  expect(keysOf('$defs', 'ensemble', 'properties')).toEqual(ensembleKeys.toSorted())
  expect(keysOf('$defs', 'nodeGroup', 'properties')).toEqual(groupKeys.toSorted())
  expect(keysOf('$defs', 'workload', 'properties')).toEqual(workloadKeys.toSorted())
  expect(keysOf('$defs', 'observe', 'properties')).toEqual(observeKeys.toSorted())
  expect(keysOf('$defs', 'symptom', 'properties')).toEqual(symptomKeys.toSorted())
  expect(keysOf('$defs', 'evidence', 'properties')).toEqual(evidenceKeys.toSorted())
})

test('it has every component, and is plain JSON with references that lead somewhere', () => {
  const text = JSON.stringify(schema)
  expect(JSON.parse(text)).toEqual(schema)
  for (const kind of ['module', 'checker', 'provisioner', 'sampler', 'collector'] as const) {
    for (const { id } of registry.all(kind)) expect(text).toContain(`{"const":"${id}"`)
  }
  for (const { id } of registry.all('probe')) expect(text).toContain(`"required":["${id}"]`)
  for (const [, name] of text.matchAll(/"\$ref":"#\/\$defs\/(\w+)"/g)) expect(keysOf('$defs')).toContain(name)
})

test('a module with its properties', () => {
  const steps = at(schema, '$defs', 'step', 'anyOf') as JsonSchema[]
  expect(steps.find((step) => at(step, 'properties', 'module', 'const') === 'sleep')).toMatchInlineSnapshot(`
    {
      "additionalProperties": false,
      "description": "waits for a time; for the time of a phase, again and again",
      "properties": {
        "module": {
          "const": "sleep",
          "description": "waits for a time; for the time of a phase, again and again",
        },
        "properties": {
          "additionalProperties": false,
          "properties": {
            "duration": {
              "anyOf": [
                {
                  "type": "string",
                },
                {
                  "const": 0,
                  "type": "number",
                },
              ],
              "description": "how long to wait, 1m when left out",
              "title": "duration",
            },
            "lifetime": {
              "description": "Whether it ends by itself, or with its phase.",
              "enum": [
                "once",
                "phase",
                "run_once",
                "run_to_end_of_phase",
              ],
            },
          },
          "type": "object",
        },
        "timeout": {
          "$ref": "#/$defs/duration",
          "description": "It is aborted after this time.",
        },
      },
      "required": [
        "module",
      ],
      "type": "object",
    }
  `)
})
