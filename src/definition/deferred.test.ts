import { expect, test } from 'vitest'
import { z } from 'zod'
import { createRegistry } from '../plugin/registry.ts'
import { components } from '../plugins/index.ts'
import { loadDefinition } from './load.ts'
import { resolveProperties } from './resolve.ts'

const registry = createRegistry(components)
const load = (text: string) => loadDefinition({ file: 'd.yaml', text, parameters: {}, registry })

const step = (properties: string): string => `ensemble:
  server: {node.count: 2, provisioner: local}
  client: server
workload:
  phases:
    - a: {module: bash, properties: ${properties}}
`

test('properties with references are kept as they were given, for the run to resolve', () => {
  const text = step(
    '{script: "echo <<secret:token>>", env: {"<<secret:a>>": "<<provider:server:1:node-info:node>>"}}',
  )
  const { definition, problems } = load(text)
  expect(problems).toEqual([])
  const [first] = definition?.phases[0]?.steps ?? []
  expect(first?.type === 'module' ? first.use.unresolved : undefined).toEqual({
    script: 'echo <<secret:token>>',
    env: { '<<secret:a>>': '<<provider:server:1:node-info:node>>' },
  })
})

test('a reference may stand where a number or a duration will be', () => {
  expect(load(step('{script: x, timeout: "<<secret:limit>>"}')).problems).toEqual([])
})

test('references to what there is not are problems at their place', () => {
  const { problems } = load(`ensemble:
  server: {node.count: 2, provisioner: local}
  client: server
workload:
  phases:
    - a:
        module: bash
        properties:
          script: |
            one <<provider:servr:0:node-info:node>>
            two <<provider:server:7:node-info:node>> <<provider:server>>
            cat <<EOF
            a: b
            EOF
          env:
            A: <<file:missing.yaml>>
            <<sceret:x>>: y
`)
  const shown = problems.map(({ line, column, message, hint }) => `${line}:${column}: ${message}; ${hint}`)
  expect(shown).toMatchInlineSnapshot(`
    [
      "10:17: \`<<provider:servr:0:node-info:node>>\`: there is no node group called \`servr\`; did you mean \`server\`?",
      "11:17: \`<<provider:server:7:node-info:node>>\`: node group \`server\` has no node \`7\`; its nodes are 0 to 1",
      "11:54: \`<<provider:server>>\` needs a group, an ordinal, a provider and a key; such as \`<<provider:server:0:node-info:privateNetworkAddress>>\`",
      "16:16: \`<<file:missing.yaml>>\`: no entry of \`local_files\` makes this file; there is none to choose from",
      "17:13: \`<<sceret:x>>\`: there is no reference of type \`sceret\`; did you mean \`secret\`?",
    ]
  `)
})

test('resolved values are parsed by the schema as if they had been written there', () => {
  const schema = z.strictObject({ count: z.number(), names: z.record(z.string(), z.string()) })
  const resolve = ({ key }: { key: string }): string => ({ n: '12', k: 'key', v: 'value' })[key] ?? 'x'
  const given = { count: '<<secret:n>>', names: { '<<secret:k>>': 'a <<secret:v>> b' } }
  expect(resolveProperties(schema, given, 'module `m`', resolve)).toEqual({
    count: 12,
    names: { key: 'a value b' },
  })
  expect(() => resolveProperties(schema, { count: '<<secret:v>>' }, 'module `m`', resolve)).toThrow(
    /with its references resolved, .*count.*expected a number/,
  )
})
