/** Text that is made to hang, to exhaust memory or to crash: each gets a message, and every case ends. */
import { expect, test } from 'vitest'
import { formatProblem } from '../base/errors.ts'
import { load } from '../../test/harness/definition.ts'

const million = 1_000_000
const workload = 'workload: {phases: [{a: {module: noop}}]}\n'
const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join('')

/** The first problem, and how many there are. */
const firstOf = (text: string): string => {
  const { problems } = load(text)
  const [first] = problems
  return first === undefined ? 'no problem' : `${formatProblem(first)} (${problems.length})`
}

test('bombs of aliases', () => {
  const lists = many(
    9,
    (index) => `k${index}: &a${index} [${many(10, () => (index === 0 ? 'x,' : `*a${index - 1},`))}]\n`,
  )
  const merges = many(
    9,
    (index) =>
      `k${index}: &a${index} {${many(10, (n) => (index === 0 ? `x${n}: 1,` : `y${n}: *a${index - 1},`))}}\n`,
  )
  const texts = `a: &a "${'x'.repeat(million / 2)}"\nb: [${many(5000, () => '*a,')}]\n`
  const cases = [
    lists,
    merges,
    texts,
    `hunt: &a [*a]\n${workload}`,
    `hunt: &a\n  symptom: machine-died\n  <<: *a\n${workload}`,
    `${lists}---\n${workload}`,
  ]
  expect(cases.map(firstOf).join('\n')).toMatchInlineSnapshot(`
    "d.yaml:6:9: more than 200000 values, or 400 inside one another, when all aliases are written out; is this a definition? (1)
    d.yaml:6:9: more than 200000 values, or 400 inside one another, when all aliases are written out; is this a definition? (1)
    d.yaml:2:4: more than 200000 values, or 400 inside one another, when all aliases are written out; is this a definition? (1)
    d.yaml:1:10: properties of \`hunt\`: expected a map, not a list (2)
    d.yaml:3:7: alias *a is inside what it stands for; a definition cannot contain itself (1)
    d.yaml:6:9: more than 200000 values, or 400 inside one another, when all aliases are written out; is this a definition? (1)"
  `)
})

test('bombs of templates', () => {
  const list = `a: [${many(1000, () => '1,')}]\n---\n`
  const nest = (depth: number, inside: string): string =>
    '{{#a}}'.repeat(depth) + inside + '{{/a}}'.repeat(depth)
  const cases = [
    list + nest(4, 'x'),
    list + nest(4, '{{! nothing }}'),
    list + nest(31, ''),
    `a: "${'x'.repeat(million / 10)}"\n---\n${many(1000, () => '{{a}}')}`,
    `b: &b [${many(200, () => 'x,')}]\na: [${many(200, () => '*b,')}]\n---\n${many(1000, () => '{{a}}')}`,
  ]
  expect(cases.map(firstOf).join('\n')).toMatchInlineSnapshot(`
    "d.yaml:3:25: the template takes more than 100000 steps; do lists repeat one another here? (1)
    d.yaml:3:19: the template takes more than 100000 steps; do lists repeat one another here? (1)
    d.yaml:3:181: the template takes more than 100000 steps; do lists repeat one another here? (1)
    d.yaml:3:51: the template renders to more than 1048576 characters; do lists repeat one another here? (1)
    d.yaml:4:41: the template renders to more than 1048576 characters; do lists repeat one another here? (1)"
  `)
})

test('many tags and names to guess from', () => {
  const long = 'x'.repeat(50)
  const cases = [
    `${many(1000, (index) => `${long}${index}: 1\n`)}---\n${many(14_000, (index) => `{{${long}y${index}}}`)}`,
    `a: [${many(1000, () => '1,')}]\n---\n{{#a}}{{${'b.'.repeat(200_000)}c}}{{/a}}`,
    `workload:\n  phases: [{a: {module: noop}}]\n  checkers:\n    c: {checker: no-symptom, properties: {names: [${many(9000, (index) => `${long}${index},`)}]}}\nsymptoms: {${many(1000, (index) => `${long}z${index}: {when: up},`)}}`,
    `a: &a {${'k'.repeat(million / 2)}: 1}\nb: [${many(9000, () => '*a,')}]\n---\n{{b}}`,
  ]
  expect(
    cases
      .map(firstOf)
      .map((line) => line.replaceAll(/[xb.]{40,}/g, '...'))
      .join('\n'),
  ).toMatchInlineSnapshot(`
    "d.yaml:1002:1: no value for the template tag \`...y0\`; did you mean \`...0\`? (201)
    d.yaml:3:7: no value for the template tag \`...\`; give it by -p NAME=VALUE, or a default above \`---\` (1)
    d.yaml:4:51: \`names\` of checker \`no-symptom\`: there is no symptom called \`...0\`; did you mean \`...z0\`? (201)
    d.yaml:2:4: more than 200000 values, or 400 inside one another, when all aliases are written out; is this a definition? (2)"
  `)
})

test('depth', () => {
  const cases = [
    `hunt: ${'['.repeat(10_000)}${']'.repeat(10_000)}`,
    `hunt: ${'{a: '.repeat(10_000)}`,
    '- '.repeat(10_000),
    '? '.repeat(10_000),
    many(900, (index) => `${' '.repeat(index)}a:\n`),
    `workload: {phases: ${'[{a: '.repeat(5000)}${'}]'.repeat(5000)}}`,
    '{{#a}}'.repeat(10_000) + '{{/a}}'.repeat(10_000),
    // Shallow to read, deep when the aliases are written out.
    many(
      100,
      (index) =>
        `k${index}: &a${index} ${'['.repeat(300)}${index === 0 ? '' : `*a${index - 1}`}${']'.repeat(300)}\n`,
    ),
    `symptoms: {a: {when: "${'('.repeat(100_000)}"}}\n${workload}`,
  ]
  expect(cases.map(firstOf).join('\n')).toMatchInlineSnapshot(`
    "d.yaml:1:407: more than 400 collections inside one another (1)
    d.yaml:1:1607: more than 400 collections inside one another (1)
    d.yaml:1:803: more than 400 collections inside one another (1)
    d.yaml:1:803: more than 400 collections inside one another (1)
    d.yaml:402:402: more than 400 collections inside one another (1)
    d.yaml:1:1016: more than 400 collections inside one another (1)
    d.yaml:1:193: more than 32 sections inside one another (1)
    d.yaml:2:208: more than 200000 values, or 400 inside one another, when all aliases are written out; is this a definition? (1)
    d.yaml:1:22: a condition has at most 4000 characters, this one 100000 (1)"
  `)
})

test('phases may be nested as deep as anyone would', () => {
  const { definition } = load(
    `workload: {phases: ${'[{a: '.repeat(150)}[{z: {module: noop}}]${'}]'.repeat(150)}}`,
  )
  let depth = 0
  for (let phases = definition?.phases; phases !== undefined; depth += 1) {
    const step = phases[0]?.steps[0]
    phases = step?.type === 'phases' ? step.phases : undefined
  }
  expect(depth).toBe(151)
})

test('size', () => {
  const cases = [
    `description: ${'x'.repeat(10 * million)}\n${workload}`,
    `description: ${'x'.repeat(million)}\n${workload}`,
    'k: v\n'.repeat(million / 5),
    '['.repeat(million),
    '}'.repeat(million),
    '"'.repeat(million),
    "'".repeat(million),
    '[]'.repeat(million / 2),
    `hunt: [${'a,'.repeat(million / 3)}`,
    '&a '.repeat(million / 3),
    '!!a '.repeat(million / 4),
    'a: b: c\n'.repeat(million / 8),
    '%\n'.repeat(million / 2),
    '- a\n'.repeat(million / 4),
    ' '.repeat(million),
    '\n'.repeat(million),
    ':'.repeat(million),
    '...\n'.repeat(million / 4),
    '---\n'.repeat(million / 4),
    '{{'.repeat(million / 2),
    '{{}}'.repeat(million / 4),
    '{{a}}'.repeat(million / 5),
    '{{! x}} '.repeat(million / 8),
    `{{${' '.repeat(million)}}}`,
    '{{=a b=}}'.repeat(million / 9),
    '{{#a}}'.repeat(million / 6),
    '{{/a}}'.repeat(million / 6),
  ]
  expect(cases.map(firstOf).join('\n')).toMatchInlineSnapshot(`
    "d.yaml:1:1: the file has 10.0 million characters; a definition has at most 1048576; keep data in files of their own and name them in the definition (1)
    no problem
    d.yaml:16001:2: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:1:80002: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:1:80002: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:1:160002: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:1:1: the definition must be a map of \`key: value\` lines, not a string (1)
    d.yaml:1:80002: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:1:80005: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:1:120002: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:1:160002: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:10001:2: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:40001:2: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:20001:2: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:1:1: the definition is empty; it needs a \`workload\` at least (1)
    d.yaml:80002:1: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:1:1: not YAML: the : indicator must be at most 1024 chars after the start of an implicit block mapping key (1)
    d.yaml:33334:4: more than 80000 YAML tokens up to here; is this a definition? (1)
    d.yaml:4:1: this part, between two lines \`---\`, is neither defaults nor definition; a file has defaults, one line \`---\`, and the definition; indent a \`---\` that belongs to a text (201)
    d.yaml:1:1: template tag is never closed; expected \`}}\`; for a literal \`{{\` change the delimiters first, as in \`{{=<% %>=}}\` (1)
    d.yaml:1:1: template tag has no name (201)
    d.yaml:1:1: no value for the template tag \`a\`; give it by -p a=VALUE, or a default above \`---\` (201)
    d.yaml:1:800008: the template takes more than 100000 steps; do lists repeat one another here? (1)
    d.yaml:1:1: template tag has no name (1)
    d.yaml:1:13: template tag has no name (201)
    d.yaml:1:193: more than 32 sections inside one another (1)
    d.yaml:1:1: no section \`a\` is open (201)"
  `)
})

test('many wrong things give a list that can be read', () => {
  const { problems } = load(`${workload}${many(5000, (index) => `unknown${index}: 1\n`)}`)
  expect(problems).toHaveLength(201)
  expect(problems.at(-1)?.message).toBe('and 4800 more problems')
})

test('names and values of a terminal attack are inert in every message', () => {
  const attack = String.raw`"\e[2J\u202E\a"`
  const { problems } = load(`
ensemble: {server: {name: ${attack}, node.count: ${attack}, provisioner: ${attack}}, client: ${attack}, ${attack}: 1}
workload: {phases: [{${attack}: {module: ${attack}, ${attack}: 1}}, {b: {module: bash, properties: {${attack}: 1, target: ${attack}}}}]}
observe: {every: ${attack}, samplers: [${attack}], probes: {${attack}: {command: x, group: ${attack}, timeout: ${attack}}}}
symptoms: {${attack}: {when: ${attack}, then: ${attack}, source: ${attack}}}
evidence: {reference: ${attack}, ladder: ${attack}, allow: ${attack}, targets: ["(\\e"]}
timeout: ${attack}
`)
  expect(problems.length).toBeGreaterThan(15)
  expect(problems.map(formatProblem).filter((line) => /[\u0000-\u001f\u202e]/.test(line))).toEqual([])
})

test('keys that every object has are keys like others', () => {
  const { problems, definition } = load(
    `{hunt: {ask: screen, symptom: machine-died, factors: {toString: [1, 2], constructor: [3, 4]}}, ${workload.trim()}}`,
  )
  expect(problems).toEqual([])
  expect(Object.keys(Object(definition?.hunt).factors)).toEqual(['toString', 'constructor'])
  expect(firstOf(`${workload}__proto__: 1\nconstructor: 2\n`)).toMatchInlineSnapshot(
    `"d.yaml:2:1: the definition has no key \`__proto__\`; expected one of description, plugins, ensemble, workload, observe, symptoms, evidence, hunt, schedule, timeout (2)"`,
  )
  expect(
    firstOf(
      'workload: {phases: [{__proto__: {module: constructor, properties: {__proto__: 1, toString: 1}}}]}',
    ),
  ).toMatchInlineSnapshot(
    `"d.yaml:1:42: there is no module called \`constructor\`; expected one of bash, clock-skew, disk-full, io-limit, kill, memory-pressure, helm, kubectl, kubernetes_job, kubernetes_manifest, noop, partition, pause, etcd-load, fio, http-load, redis-load, runlevel, sleep, sql-load, stress, text, slow-link (1)"`,
  )
  expect(
    firstOf('workload: {phases: [{a: {module: bash, properties: {script: x, __proto__: {target: y}}}}]}'),
  ).toMatchInlineSnapshot(
    `"d.yaml:1:64: module \`bash\` has no property \`__proto__\`; expected one of script, target, target.group, target.ordinals, target.strategy, target.number_of_nodes, target.seed, env, env.vars, timeout, no_output_timeout, export_output, repeat.delay, repeat.delay_offset, repeat.iterations, repeat.seed (1)"`,
  )
})
