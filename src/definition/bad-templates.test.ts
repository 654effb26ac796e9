/** What people get to read when templates, parameters or the documents themselves are wrong. */
import { expect, test } from 'vitest'
import { problemsOf } from '../../test/harness/definition.ts'

const workload = 'workload: {phases: [{a: {module: noop}}]}\n'

test('templates: what is missing, and beside it what is wrong otherwise, but not what follows from it', () => {
  expect(
    problemsOf(
      `count: 1
server: {image: x}
---
description: {{descripton}}
ensemble: {server: {node.count: {{cuont}}, provisioner: {{provisioner}}}}
# a comment counts too: {{server.imag}}
workload:
  phases:
    - a: {module: {{modul}}}
      b: {module: nop, properties: {duration: "{{duration}}s"}}
symptoms:
  c: {when: "{{metric}} > 1", for: {{for}}}
`,
      { parameters: { coutn: '3' } },
    ),
  ).toMatchInlineSnapshot(`
    "d.yaml:1:1: the definition has no parameter \`coutn\` (-p); did you mean \`count\`?
    d.yaml:4:14: no value for the template tag \`descripton\`; give it by -p descripton=VALUE, or a default above \`---\`
    d.yaml:5:33: no value for the template tag \`cuont\`; did you mean \`count\`?
    d.yaml:5:57: no value for the template tag \`provisioner\`; give it by -p provisioner=VALUE, or a default above \`---\`
    d.yaml:6:25: no value for the template tag \`server.imag\`; give it by -p server.imag=VALUE, or a default above \`---\`
    d.yaml:9:19: no value for the template tag \`modul\`; give it by -p modul=VALUE, or a default above \`---\`
    d.yaml:10:19: there is no module called \`nop\`; did you mean \`noop\`?
    d.yaml:10:48: no value for the template tag \`duration\`; give it by -p duration=VALUE, or a default above \`---\`
    d.yaml:12:14: no value for the template tag \`metric\`; give it by -p metric=VALUE, or a default above \`---\`
    d.yaml:12:36: no value for the template tag \`for\`; give it by -p for=VALUE, or a default above \`---\`"
  `)
})

test('a wrong value is reported at the tag that it came from', () => {
  const definition = `ensemble: {server: {node.count: {{count}}, provisioner: local}}
workload:
  phases:
    - a: {module: bash, properties: {script: {{script}}, scrip: 3}}
`
  expect(problemsOf(`count: many\nscript: x\n---\n${definition}`)).toMatchInlineSnapshot(`
    "d.yaml:4:33: node.count of node group \`server\` must be a whole number from 1 to 1024, not \`many\`
    d.yaml:7:58: module \`bash\` has no property \`scrip\`; did you mean \`script\`?"
  `)
  expect(problemsOf(`count: many\nscript: "x: y"\n---\n${definition}`)).toMatchInlineSnapshot(
    `"d.yaml:7:46: not YAML: block collections are not allowed within flow collections; the template puts \`x: y\` here: put quotes around the tag, or around the value"`,
  )
})

test('parameters', () => {
  expect(problemsOf(workload, { parameters: { a: '[1', b: '"', 'a\u001b[2J': '*x' } }))
    .toMatchInlineSnapshot(`
      "d.yaml:1:1: parameter -p \`a=[1\`: not YAML: flow sequence must end with a ]; put quotes around the value, within those of the shell
      d.yaml:1:1: parameter -p \`b="\`: not YAML: missing closing "quote; put quotes around the value, within those of the shell
      d.yaml:1:1: parameter -p \`a\\u001b[2J=*x\`: no anchor &x before this alias; put quotes around the value, within those of the shell
      d.yaml:1:1: the definition has no parameter \`a\` (-p); it has none
      d.yaml:1:1: the definition has no parameter \`b\` (-p); it has none
      d.yaml:1:1: the definition has no parameter \`a\\u001b[2J\` (-p); it has none"
    `)
})

test('documents', () => {
  const texts = {
    empty: '',
    'a comment': '# x\n',
    'only a line of dashes': '---\n',
    'only defaults': 'a: 1\n---\n',
    null: '~',
    'a text': 'hello',
    'a list': '- a',
    'defaults that are a list': `- a\n---\n${workload}`,
    'three documents': `a: 1\n---\nb: 2\n---\n${workload}`,
    'dashes at the margin of a script': `${workload.replace('noop', 'bash, properties: {script: |\n---\nx}')}`,
    'keys twice': `description: a\n${workload}description: b\n`,
    'a NUL': 'description: \0\n',
    'an executable': '\u007fELF\u0002\u0001',
    'bytes that are not UTF-8': 'description: \ufffd\n',
    'lines that end in CR': workload.replace('\n', '\r'),
    'a key of Fallout that must not be there': `${workload}yaml_url: http://example.org/\n`,
  }
  const found = Object.entries(texts).map(
    ([name, text]) => `${name}\n  ${problemsOf(text).replaceAll('\n', '\n  ')}`,
  )
  expect(found.join('\n')).toMatchInlineSnapshot(`
    "empty
      d.yaml:1:1: the definition is empty; it needs a \`workload\` at least
    a comment
      d.yaml:1:1: the definition is empty; it needs a \`workload\` at least
    only a line of dashes
      d.yaml:2:1: the definition is empty; it needs a \`workload\` at least
    only defaults
      d.yaml:3:1: the definition is empty; it needs a \`workload\` at least
    null
      d.yaml:1:1: the definition must be a map of \`key: value\` lines, not nothing
    a text
      d.yaml:1:1: the definition must be a map of \`key: value\` lines, not a string
    a list
      d.yaml:1:1: the definition must be a map of \`key: value\` lines, not a list
    defaults that are a list
      d.yaml:1:1: the defaults above \`---\` must be a map of \`name: value\` lines, not a list
    three documents
      d.yaml:3:1: this part, between two lines \`---\`, is neither defaults nor definition; a file has defaults, one line \`---\`, and the definition; indent a \`---\` that belongs to a text
    dashes at the margin of a script
      d.yaml:1:61: not YAML: plain value cannot start with block scalar indicator |; put the value in quotes
      d.yaml:1:62: not YAML: flow map in block collection must be sufficiently indented and end with a }; indent with spaces, entries of one map all alike
      d.yaml:1:62: not YAML: flow sequence in block collection must be sufficiently indented and end with a ]; indent with spaces, entries of one map all alike
      d.yaml:3:1: the definition must be a map of \`key: value\` lines, not a string
    keys twice
      d.yaml:3:1: key \`description\` is there twice
    a NUL
      d.yaml:1:14: not a text: the control character U+0000; a definition is YAML in UTF-8, with LF or CR LF after each line
    an executable
      d.yaml:1:1: not a text: the control character U+007F; a definition is YAML in UTF-8, with LF or CR LF after each line
    bytes that are not UTF-8
      d.yaml:1:14: not a text: bytes that are not UTF-8; a definition is YAML in UTF-8, with LF or CR LF after each line
    lines that end in CR
      d.yaml:1:42: not a text: a carriage return without a line feed; a definition is YAML in UTF-8, with LF or CR LF after each line
    a key of Fallout that must not be there
      d.yaml:2:1: the definition has no key \`yaml_url\`; expected one of description, plugins, ensemble, workload, observe, symptoms, evidence, hunt, schedule, timeout"
  `)
})

test('a byte order mark and CR LF are no problem, and do not move positions', () => {
  const text = '\ufeffdescription: a\r\nworkload:\r\n  phases:\r\n    - a: {module: nop}\r\n'
  expect(problemsOf(text)).toMatchInlineSnapshot(
    `"d.yaml:4:19: there is no module called \`nop\`; did you mean \`noop\`?"`,
  )
})
