import { expect, test } from 'vitest'
import { load, problemsOf, registry } from '../../test/harness/definition.ts'

const whole = `dir: /srv/data            # defaults
count: 2
---
description: Does path lookup on the server degrade?
ensemble:
  server: {node.count: {{count}}, provisioner: local, configuration_manager: noop}
  client: server
workload:
  phases:
    - load: {module: bash, properties: {script: "node agent.js {{dir}}", lifetime: phase, env: {N: 3}}}
      pace: {module: sleep, properties: {duration: 2m}, timeout: 3m}
    - left: [{a: {module: noop}}, {b: {module: noop}}]
      right: [{c: {module: noop}}]
  checkers:
    all-well: {checker: nofail}
observe:
  every: 500ms
  samplers: [cpu, pressure]
  probes:
    watch-add: {command: "./add-watch {{dir}}", group: server, every: 5s, timeout: 30s}
symptoms:
  slow-watch:
    when: probe_duration_seconds{probe="watch-add"} > 10 * avg_over_time(probe_duration_seconds{probe="watch-add"}[1m] offset 5m)
    for: 10s
    then: [capture, stop]
evidence:
  reference: {from: peers, after: 20s}
  ladder: default
  allow: [change]
  window: 2s
  rungTimeout: 30s
  targets: [1, "java .*Main"]
hunt: {ask: rate, runs: 20}
schedule: "0 2 * * *"
timeout: 4h
`

test('a whole definition becomes a model', () => {
  const { definition, problems } = load(whole, { parameters: { dir: '/elsewhere' } })
  expect(problems).toEqual([])
  const { text: _, ...rest } = definition ?? {}
  expect(rest).toMatchInlineSnapshot(`
    {
      "artifactCheckers": [],
      "checkers": [
        {
          "component": "nofail",
          "name": "all-well",
          "properties": {},
        },
      ],
      "description": "Does path lookup on the server degrade?",
      "evidence": {
        "allow": [
          "read",
          "sample",
          "trace",
          "stop",
          "change",
        ],
        "ladder": "default",
        "reference": "peers",
        "referenceAfterMs": 20000,
        "rungTimeoutMs": 30000,
        "targets": [
          1,
          "java .*Main",
        ],
        "windowMs": 2000,
      },
      "file": "d.yaml",
      "groups": [
        {
          "aliases": [
            "client",
          ],
          "finalLevel": "DESTROYED",
          "launchLevel": "STARTED_SERVICES_RUNNING",
          "managers": [],
          "name": "server",
          "nodeCount": 2,
          "provisioner": {
            "component": "local",
            "name": "server-local",
            "properties": {},
          },
          "reuse": false,
        },
      ],
      "hunt": {
        "ask": "rate",
        "by": "run",
        "confidence": 0.95,
        "early": "propose",
        "parallel": "auto",
        "runs": 20,
        "smallest": 0.1,
        "width": 0.1,
      },
      "localFiles": [],
      "observe": {
        "everyMs": 500,
        "probes": [
          {
            "component": "command",
            "everyMs": 5000,
            "group": "server",
            "name": "watch-add",
            "namesGroup": true,
            "properties": {
              "command": "./add-watch /elsewhere",
              "values": false,
            },
            "timeoutMs": 30000,
          },
        ],
        "samplers": [
          {
            "component": "cpu",
            "name": "cpu",
            "properties": {},
          },
          {
            "component": "pressure",
            "name": "pressure",
            "properties": {},
          },
        ],
      },
      "parameters": {
        "count": 2,
        "dir": "/elsewhere",
      },
      "phases": [
        {
          "steps": [
            {
              "lifetime": "run_to_end_of_phase",
              "type": "module",
              "use": {
                "component": "bash",
                "name": "load",
                "properties": {
                  "env": {
                    "N": "3",
                  },
                  "env.vars": {},
                  "export_output": false,
                  "script": "node agent.js /elsewhere",
                  "target": "server",
                  "target.number_of_nodes": 0,
                  "target.ordinals": "all",
                  "target.strategy": "WHITELIST",
                },
              },
            },
            {
              "lifetime": "run_once",
              "timeoutMs": 180000,
              "type": "module",
              "use": {
                "component": "sleep",
                "name": "pace",
                "properties": {
                  "duration": 120000,
                },
              },
            },
          ],
        },
        {
          "steps": [
            {
              "name": "left",
              "phases": [
                {
                  "steps": [
                    {
                      "lifetime": "run_once",
                      "type": "module",
                      "use": {
                        "component": "noop",
                        "name": "a",
                        "properties": {},
                      },
                    },
                  ],
                },
                {
                  "steps": [
                    {
                      "lifetime": "run_once",
                      "type": "module",
                      "use": {
                        "component": "noop",
                        "name": "b",
                        "properties": {},
                      },
                    },
                  ],
                },
              ],
              "type": "phases",
            },
            {
              "name": "right",
              "phases": [
                {
                  "steps": [
                    {
                      "lifetime": "run_once",
                      "type": "module",
                      "use": {
                        "component": "noop",
                        "name": "c",
                        "properties": {},
                      },
                    },
                  ],
                },
              ],
              "type": "phases",
            },
          ],
        },
      ],
      "schedule": "0 2 * * *",
      "symptoms": [
        {
          "expected": false,
          "forMs": 10000,
          "name": "slow-watch",
          "then": [
            "capture",
            "stop",
          ],
          "when": "probe_duration_seconds{probe="watch-add"} > 10 * avg_over_time(probe_duration_seconds{probe="watch-add"}[1m] offset 5m)",
        },
      ],
      "timeoutMs": 14400000,
    }
  `)
})

test('the text is kept as it was and as it is after templates', () => {
  const text = load(whole, { parameters: { count: '3' } }).definition?.text
  expect(text?.source).toBe(whole)
  expect(text?.expanded.split('\n')[2]).toBe(
    '  server: {node.count: 3, provisioner: local, configuration_manager: noop}',
  )
})

test('what is left out has a default', () => {
  const { definition } = load('workload: {phases: [{a: {module: noop}}]}')
  expect(definition).toMatchObject({
    groups: [{ name: 'local', aliases: ['server', 'client'], nodeCount: 1 }],
    checkers: [],
    observe: { everyMs: 1000, probes: [] },
    symptoms: [],
    evidence: { reference: 'healthy-window', ladder: 'default', allow: ['read', 'sample', 'trace', 'stop'] },
    timeoutMs: 86_400_000,
    parameters: {},
  })
  const samplers = registry.all('sampler').filter(({ properties }) => properties.safeParse({}).success)
  expect(definition?.observe.samplers.map(({ name }) => name)).toEqual(samplers.map(({ id }) => id))
})

test('a watch needs no workload and has no end', () => {
  const text = 'symptoms: {dark: {when: "probe_success == 0"}}'
  expect(problemsOf(text)).toMatchInlineSnapshot(
    `"d.yaml:1:1: the definition needs a \`workload\`; without one, \`quarry watch\` observes what is there"`,
  )
  expect(load(text, { requireWorkload: false }).definition).toMatchObject({ phases: [], timeoutMs: Infinity })
})

test('sections whose lines are commented out are none', () => {
  expect(
    problemsOf(
      'ensemble:\nobserve:\n  probes:\nsymptoms:\nworkload: {phases: [{a: {module: noop}}], checkers: }',
    ),
  ).toBe('')
})

test('anchors and merge keys, as in definitions of Fallout', () => {
  const { definition } = load(`
ensemble:
  server: {node.count: 1, provisioner: {name: LOCAL}}
  client: SERVER
workload:
  phases:
    - a: &step {module: bash, properties: &run {script: one, lifetime: RUN_ONCE}}
    - b: {<<: *step, properties: {<<: *run, script: two}}
`)
  expect(definition?.phases.flatMap(({ steps }) => steps)).toMatchObject([
    { use: { name: 'a', properties: { script: 'one' } } },
    { use: { name: 'b', properties: { script: 'two' } } },
  ])
})

test('links and aliases of groups', () => {
  const { definition } = load(`
ensemble:
  servers:
    - {name: east, node.count: 1, provisioner: local}
    - {name: west, node.count: 2, provisioner: local}
  client: west
  observer: local
  controller: none
workload: {phases: [{a: {module: bash, properties: {script: x, target: East}}}]}
`)
  expect(definition?.groups.map(({ name, aliases, nodeCount }) => [name, aliases, nodeCount])).toEqual([
    ['east', [], 1],
    ['west', ['client'], 2],
    ['local', ['observer', 'controller'], 1],
  ])
})

test('names of groups that every object has, and one alias for two groups', () => {
  expect(
    problemsOf(`ensemble:
  client: constructor
  server: {name: east, node.count: 1, provisioner: local}
  servers: [{name: west, node.count: 1, provisioner: local}]
workload: {phases: [{a: {module: bash, properties: {script: x, target: toString}}}]}
`),
  ).toMatchInlineSnapshot(`
    "d.yaml:2:11: \`client\` is a link to \`constructor\`, and no group above it is called that; expected one of local, observer, controller
    d.yaml:4:20: \`server\` is the name of another node group already
    d.yaml:5:72: \`target\` of module \`bash\`: there is no node group called \`toString\`; expected one of east, server, west"
  `)
})

test('texts stand for what was written where a component wants a text, and digits for a number', () => {
  const { definition } = load(
    'workload: {phases: [{a: {module: bash, properties: {script: 010, env: {A: yes, B: 6.10, C: 1}, timeout: 0}}}]}',
  )
  expect(definition?.phases[0]?.steps[0]).toMatchObject({
    use: { properties: { script: '010', env: { A: 'yes', B: '6.10', C: '1' } } },
  })
})

test('a property without a value, as an empty parameter makes it, is not given', () => {
  const { definition, problems } = load(
    'limit:\n---\nworkload: {phases: [{a: {module: bash, properties: {script: x, timeout: {{limit}}, env: }}}]}',
  )
  expect(problems).toEqual([])
  expect(definition?.phases[0]?.steps[0]).toMatchObject({ use: { properties: { script: 'x', env: {} } } })
  expect(problemsOf('workload: {phases: [{a: {module: bash, properties: {script: }}}]}')).toBe(
    'd.yaml:1:61: `script` of module `bash`: expected a string, not nothing',
  )
})

test('parameters are YAML', () => {
  const parameters = { count: '2', chaos: 'true', steps: '[x, y]' }
  const { definition } = load(
    `count: 1
chaos: false
---
ensemble: {server: {node.count: {{count}}, provisioner: local}}
workload:
  phases:
{{#chaos}}
    - kill: {module: sleep, properties: {duration: 5s}}
{{/chaos}}
{{#steps}}
    - run-{{.}}: {module: noop}
{{/steps}}
`,
    { parameters },
  )
  expect(definition?.parameters).toEqual({ count: 2, chaos: true, steps: ['x', 'y'] })
  const names = definition?.phases.flatMap(({ steps }) =>
    steps.map((step) => step.type === 'module' && step.use.name),
  )
  expect(names).toEqual(['kill', 'run-x', 'run-y'])
  expect(definition?.groups[0]?.nodeCount).toBe(2)
})

test('a ladder of its own, with a rung that changes the host where that is allowed', () => {
  const ladder = (allow: string): string =>
    `workload: {phases: [{a: {module: noop}}]}\nevidence: {ladder: [threads, {drop-caches: {}}]${allow}}`
  expect(load(ladder(', allow: [change]')).definition?.evidence).toMatchObject({
    ladder: [{ component: 'threads' }, { component: 'drop-caches' }],
    allow: ['read', 'sample', 'trace', 'stop', 'change'],
  })
  expect(load(ladder(', allow: [read, change]')).definition?.evidence.allow).toEqual(['read', 'change'])
  expect(problemsOf(ladder(''))).toMatchInlineSnapshot(
    `"d.yaml:2:20: \`allow\` does not let the ladder climb to \`drop-caches\`; add \`change\` to \`allow\`"`,
  )
})

test('samplers may come twice, under different names', () => {
  const { definition } = load(
    'workload: {phases: [{a: {module: noop}}]}\nobserve: {samplers: [cpu, {cpu: {}}]}',
  )
  expect(definition?.observe.samplers.map(({ name }) => name)).toEqual(['cpu', 'cpu-2'])
})
