import { expect, test } from 'vitest'
import { valueOf } from './tree.ts'
import { parseYaml } from './yaml.ts'

const parse = (text: string): { value?: unknown; problems: string[] } => {
  const problems: string[] = []
  const tree = parseYaml(text, ({ start }, message, hint) =>
    problems.push([start, message, hint].filter((part) => part !== undefined).join(' | ')),
  )
  return tree === undefined ? { problems } : { value: valueOf(tree), problems }
}

test('scalars are those of YAML 1.1, without its dates and one-letter booleans', () => {
  const { value, problems } = parse(
    'a: [yes, Off, y, N, ~, null, "yes", 010, 0x1F, 0b11, 1_000, 1.5, .inf, 2024-01-31, 190:20:30, 12e03, +5, <<]',
  )
  expect(problems).toEqual([])
  expect(value).toMatchInlineSnapshot(`
    {
      "a": [
        true,
        false,
        "y",
        "N",
        null,
        null,
        "yes",
        8,
        31,
        3,
        1000,
        1.5,
        Infinity,
        "2024-01-31",
        685230,
        12000,
        5,
        "<<",
      ],
    }
  `)
})

test('keys are texts, also those that look like something else', () => {
  expect(parse('{on: 1, 2: 2, ~: 3, "": 4, 010: 5}').value).toEqual({
    on: 1,
    '2': 2,
    '~': 3,
    '': 4,
    '010': 5,
  })
})

test('merge keys: the own key wins, then the earlier source', () => {
  expect(
    parse('a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 0}\nd:\n  x: 5\n  <<: *a\n').value,
  ).toMatchObject({
    c: { x: 0, y: 1, z: 2 },
    d: { x: 5, y: 1 },
  })
})

test('a key __proto__ is only a key', () => {
  const { value } = parse('{__proto__: {polluted: 1}}')
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  expect(Object.keys(value as object)).toEqual(['__proto__'])
})

test('what is wrong is said where it is', () => {
  const texts = {
    'duplicate keys': 'a: 1\nb: 2\na: 3\n',
    'a cycle': 'a: &x [1, *x]',
    'a cycle through a merge key': 'a: &x\n  <<: *x\n',
    'an alias to nothing': 'a: *x',
    'merging a list of texts': 'a: {<<: [x]}',
    'a collection as key': '? [a]\n: b',
    'tags of other languages': 'a: !!python/object/apply:os.system [ls]',
    'a second document': 'a: 1\n...\nb: 2\n',
    tabs: 'a:\n\tb: 1\n',
    'a colon in a value': 'a: b: c\n',
    'an open bracket': 'a: [b\nc: d\n',
    'an open quote': 'a: "b\nc: d\n',
    'a percent sign': 'a: %x\n',
    'bad indentation': 'a:\n    b: 1\n  c: 2\n',
  }
  const found = Object.entries(texts).map(([name, text]) => `${name}: ${parse(text).problems.join('; ')}`)
  expect(found.join('\n')).toMatchInlineSnapshot(`
    "duplicate keys: 10 | key \`a\` is there twice
    a cycle: 10 | alias *x is inside what it stands for | a definition cannot contain itself
    a cycle through a merge key: 12 | alias *x is inside what it stands for | a definition cannot contain itself
    an alias to nothing: 3 | no anchor &x before this alias
    merging a list of texts: 9 | only a map can be merged with \`<<\`
    a collection as key: 2 | a key must be a word | put it in quotes if it starts with \`[\`, \`{\`, \`*\` or \`&\`
    tags of other languages: 3 | not YAML: unresolved tag: tag:yaml.org,2002:python/object/apply:os.system
    a second document: 9 | a second document begins here | a definition is one YAML document
    tabs: 3 | not YAML: tabs are not allowed as indentation | indent with spaces
    a colon in a value: 3 | not YAML: nested mappings are not allowed in compact mappings | put the value in quotes if it holds \`: \`, or indent the map below
    an open bracket: 6 | not YAML: flow sequence in block collection must be sufficiently indented and end with a ] | indent with spaces, entries of one map all alike
    an open quote: 11 | not YAML: missing closing "quote | a quote, bracket or brace is not closed, or a value starts with a special character: put it in quotes
    a percent sign: 3 | not YAML: plain value cannot start with directive indicator character % | put the value in quotes
    bad indentation: 12 | not YAML: all mapping items must start at the same column | indent with spaces, entries of one map all alike"
  `)
})
