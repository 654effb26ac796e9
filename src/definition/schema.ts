/** JSON Schema of a definition, for completion and checks in editors. The loader stays the judge. */
import { z } from 'zod'
import { references, symptomActions, lifetimes } from '../model/definition.ts'
import { tiers } from '../model/tier.ts'
import type { Component } from '../plugin/define.ts'
import { fileSpecs } from '../plugin/file-spec.ts'
import { huntSection } from '../plugin/hunt-section.ts'
import type { Registry } from '../plugin/registry.ts'
import { map, object, ref, text, type JsonSchema } from './json-schema.ts'
import { nameableLevels } from './node-group.ts'
import { shapeOf } from './schema-shape.ts'

/** Draft 2020-12, with the properties of every component in the registry. */
export function definitionJsonSchema(registry: Registry): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Quarry definition',
    ...object('A distributed system, a workload, and the symptom to hunt down.', {
      description: text('What this definition is about, in a sentence.'),
      plugins: {
        type: 'array',
        items: { type: 'string' },
        description: 'Files or npm packages that add components.',
      },
      ensemble: ref('ensemble'),
      workload: ref('workload'),
      observe: ref('observe'),
      symptoms: map('Conditions that say "it is happening", by name.', ref('symptom')),
      evidence: ref('evidence'),
      hunt: {
        ...plain(z.toJSONSchema(huntSection, { io: 'input', unrepresentable: 'any' })),
        description: 'The question that many runs answer.',
      },
      schedule: text('When to run, as a cron expression.'),
      timeout: { ...ref('duration'), description: 'The whole run is aborted after this time. 24h.' },
    }),
    $defs: {
      duration: {
        description: 'A duration such as 500ms, 30s, 2m, 4h.',
        anyOf: [{ type: 'string', pattern: '^\\s*(0|\\d+\\s*[A-Za-z]+)\\s*$' }, { const: 0 }],
      },
      ...ensembleSchemas(registry),
      ...workloadSchemas(registry),
      ...observeSchemas(registry),
      symptom: symptomSchema,
      evidence: evidenceSchema(registry),
    },
  }
}

function ensembleSchemas(registry: Registry): JsonSchema {
  const files = {
    ...plain(z.toJSONSchema(fileSpecs, { io: 'input', unrepresentable: 'any' })),
    description: 'Files that are made on the controller, for `<<file:path>>`.',
  }
  const managers = [
    ids(registry.all('manager')),
    ...registry.all('manager').map((component) => named('name', component)),
  ]
  const group = {
    'node.count': { type: 'integer', minimum: 1, maximum: 1024, description: 'How many nodes it has.' },
    provisioner: {
      description: 'Where the nodes come from.',
      anyOf: [
        ids(registry.all('provisioner')),
        ...registry.all('provisioner').map((component) => named('name', component)),
      ],
    },
    configuration_manager: {
      description: 'Puts a system on the nodes.',
      anyOf: [...managers, { type: 'array', minItems: 1, items: { anyOf: managers } }],
    },
    runlevel: { enum: nameableLevels, description: 'How far it is up when the workload begins. Running.' },
    'runlevel.final': { enum: nameableLevels, description: 'How far it is left up at the end. Destroyed.' },
    local_files: files,
    mark_for_reuse: { type: 'boolean', description: 'Whether it is kept for a later run. false.' },
  }
  const name = text('Name of the group; its role when left out.')
  const role = {
    anyOf: [text('The name of a group above, `local`, `observer` or `controller`.'), ref('nodeGroup')],
  }
  const several = { type: 'array', minItems: 1, items: { ...ref('nodeGroup'), required: ['name'] } }
  return {
    nodeGroup: object('A group of nodes.', { name, ...group }, ['node.count', 'provisioner']),
    ensemble: object('The machines, by role. Server and client are one local node when left out.', {
      server: role,
      servers: several,
      client: role,
      clients: several,
      observer: role,
      controller: role,
      local_files: files,
    }),
  }
}

function workloadSchemas(registry: Registry): JsonSchema {
  const modules = registry.all('module').map((component) => {
    const lifetime = {
      enum: ['once', 'phase', ...lifetimes],
      description: 'Whether it ends by itself, or with its phase.',
    }
    const extra = component.lifetime === 'dynamic' ? { lifetime } : {}
    const timeout = { ...ref('duration'), description: 'It is aborted after this time.' }
    return named('module', component, extra, { timeout })
  })
  return {
    phases: {
      type: 'array',
      minItems: 1,
      description: 'Run one after another; the steps of one phase run together.',
      items: {
        type: 'object',
        minProperties: 1,
        propertyNames: { pattern: '^\\S+$' },
        additionalProperties: ref('step'),
      },
    },
    step: { description: 'A module, or phases inside this one.', anyOf: [ref('phases'), ...modules] },
    workload: object(
      'What is done to the system.',
      {
        phases: ref('phases'),
        checkers: map('Judge the history of operations, by name.', {
          anyOf: registry.all('checker').map((component) => named('checker', component)),
        }),
        artifact_checkers: map('Judge the files that a run left, by name.', {
          anyOf: registry.all('artifact-checker').map((component) => named('artifact_checker', component)),
        }),
      },
      ['phases'],
    ),
  }
}

function observeSchemas(registry: Registry): JsonSchema {
  const every = { ...ref('duration'), description: 'Time between two attempts. 5s.' }
  const timeout = { ...ref('duration'), description: 'Time that one attempt may take. 10s.' }
  const group = text(
    'Node group it is tried from, its first node. Without it, `command` and `log` are tried from the clients, and what needs no node from the controller.',
  )
  const probes = registry.all('probe').map((component) => {
    const main = Object.keys(shapeOf(component.properties))[0]
    const forms =
      main === undefined
        ? [propertiesOf(component)]
        : [{ type: ['string', 'number'] }, propertiesOf(component)]
    const attempt = { description: component.summary, anyOf: forms }
    return object(component.summary, { [component.id]: attempt, group, every, timeout }, [component.id])
  })
  return {
    observe: object('What is measured while it runs.', {
      every: { ...ref('duration'), description: 'Time between two readings of the samplers. 1s.' },
      samplers: uses(
        'Metrics of the nodes; all that need no properties when left out.',
        registry.all('sampler'),
      ),
      probes: map('Try the system from outside, by name.', { anyOf: probes }),
    }),
  }
}

const symptomSchema = object(
  'A condition that says "it is happening".',
  {
    when: text('PromQL; it holds while it gives a series, or a number that is not 0.'),
    for: { $ref: '#/$defs/duration', description: 'How long it must hold without a gap. 0.' },
    // oxlint-disable-next-line unicorn/no-thenable -- a word of the definition
    then: {
      description: 'What is done when it shows. [capture, stop].',
      anyOf: [{ enum: symptomActions }, { type: 'array', minItems: 1, items: { enum: symptomActions } }],
    },
    expected: { type: 'boolean', description: 'An expected symptom does not fail the run. false.' },
    source: text('URL of a Prometheus server that has the series, instead of this run.'),
  },
  ['when'],
)

function evidenceSchema(registry: Registry): JsonSchema {
  const reference = { enum: references, description: 'What the sick system is compared with.' }
  const after = {
    ...ref('duration'),
    description: 'When the healthy window is looked at, after the workload began. 10s.',
  }
  return object('How evidence is gathered when a symptom shows.', {
    reference: {
      anyOf: [reference, object('The reference, and when it is taken.', { from: reference, after })],
    },
    ladder: {
      anyOf: [
        { const: 'default' },
        uses('Collectors, in the order of their tiers.', registry.all('collector')),
      ],
    },
    allow: {
      description: 'Tiers that may be climbed; `change` alone is added to the others.',
      anyOf: [{ enum: tiers }, { type: 'array', items: { enum: tiers } }],
    },
    window: { ...ref('duration'), description: 'How long each observing rung looks. 4s.' },
    rungTimeout: { ...ref('duration'), description: 'A rung that takes longer is ended. 60s.' },
    targets: {
      type: 'array',
      items: { type: ['integer', 'string'] },
      description: 'More processes to look at: ids, or regular expressions over command lines.',
    },
  })
}

/** A list of ids and of `{id: properties}`. */
function uses(description: string, components: readonly Component[]): JsonSchema {
  const single = components.map((component) =>
    object(component.summary, { [component.id]: propertiesOf(component) }, [component.id]),
  )
  return { type: 'array', description, items: { anyOf: [ids(components), ...single] } }
}

/** A map that names its component under `key`, with the component's properties. */
function named(
  key: string,
  component: Component,
  more: JsonSchema = {},
  beside: JsonSchema = {},
): JsonSchema {
  const own = propertiesOf(component)
  const properties = { ...own, properties: { ...(own['properties'] as object | undefined), ...more } }
  const isNeeded = Array.isArray(own['required']) && own['required'].length > 0
  const id = { const: component.id, description: component.summary }
  return object(
    component.summary,
    { [key]: id, properties, ...beside },
    isNeeded ? [key, 'properties'] : [key],
  )
}

/** The component's own schema; what JSON Schema cannot say is anything. */
function propertiesOf({ properties }: Component): JsonSchema {
  return plain(z.toJSONSchema(properties, { io: 'input', unrepresentable: 'any' }))
}

/** Without what only a whole document has. */
function plain(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema'))
}

const ids = (components: readonly Component[]): JsonSchema => ({
  anyOf: components.map(({ id, summary }) => ({ const: id, description: summary })),
})
