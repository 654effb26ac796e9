import { expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { readDefaults } from './parameters.ts'
import { originOf } from './position.ts'
import { renderTemplate, type Rendered } from './template.ts'

const render = (template: string, defaults: string): Rendered & { problems: string[] } => {
  const problems: string[] = []
  const values = readDefaults(defaults, (_at, message) => problems.push(message))
  const rendered = renderTemplate(template, values, ({ start }, message) =>
    problems.push(`${start} ${message}`),
  )
  return { text: '', segments: [], used: new Set(), ...rendered, problems }
}

// What mustache.java, and so Fallout, makes of each: of the facts in its documentation and its specification tests.
test.each([
  ['variable', '{{a}} {{{a}}} {{&a}}', 'a: <&">', '<&"> <&"> <&">'],
  ['dotted name', '{{image.name}}', 'image: {name: x}', 'x'],
  ['a key with dots wins', '{{image.name}}', '{image: {name: x}, image.name: y}', 'y'],
  ['null is there and empty', '[{{a}}]{{#a}}no{{/a}}{{^a}}yes{{/a}}', 'a:', '[]yes'],
  ['section over a list', '{{#a}}<{{.}}>{{/a}}', 'a: [1, two]', '<1><two>'],
  ['section into a map', '{{#a}}{{b}}{{c}}{{/a}}', '{a: {b: 1}, c: 2}', '12'],
  ['inner scope wins', '{{#a}}{{b}}{{/a}}{{b}}', '{a: {b: in}, b: out}', 'inout'],
  ['0 and an empty map are true', '{{#a}}x{{/a}}{{#b}}y{{/b}}', '{a: 0, b: {}}', 'xy'],
  ['false, empty text and list', '{{^a}}x{{/a}}{{^b}}y{{/b}}{{^c}}z{{/c}}', "{a: off, b: '', c: []}", 'xyz'],
  ['comment', 'a{{! nothing\n here }}b', '', 'ab'],
  ['standalone lines go', 'x\n  {{#a}}  \n  y\n  {{/a}}\nz\n', 'a: true', 'x\n  y\nz\n'],
  ['other delimiters', '{{=<% %>=}}{{x}} <%a%>', 'a: 1', '{{x}} 1'],
  ['int, octal, hex', '{{a}} {{b}} {{c}}', '{a: 1_000, b: 010, c: 0x1f}', '1000 8 31'],
  ['boolean words', '{{a}} {{b}} {{c}}', '{a: no, b: ON, c: y}', 'false true y'],
  [
    'double',
    '{{a}} {{b}} {{c}} {{d}}',
    '{a: 0.5, b: 100000000.0, c: 1.5e-7, d: .inf}',
    '0.5 1.0E8 1.5E-7 Infinity',
  ],
  ['a version keeps its zeros', '{{a}} {{b}}', '{a: 6.10, b: 1.0}', '6.10 1.0'],
  ['an integer beyond 2^53', '{{a}}', 'a: 12345678901234567890', '12345678901234567890'],
  [
    'list and map',
    '{{a}} {{b}}',
    '{a: [1, [x, null]], b: {k: v, l: {m: 2}}}',
    '[1, [x, null]] {k=v, l={m=2}}',
  ],
  ['a date is a text', '{{a}}', 'a: 2024-01-31', '2024-01-31'],
  ['a quoted number is a text', '{{a}}', "a: '010'", '010'],
])('%s', (_name, template, defaults, expected) => {
  expect(render(template, defaults)).toMatchObject({ text: expected, problems: [] })
})

test('every tag that has no value is reported where it stands, and inside a false section none', () => {
  expect(
    render('{{a}} {{b.c}} {{#d}}{{e}}{{/d}}{{#no}}{{f}}{{/no}}{{b.x}}', '{b: {x: 1}, no: false}').problems,
  ).toMatchInlineSnapshot(`
    [
      "0 no value for the template tag \`a\`",
      "6 no value for the template tag \`b.c\`",
      "14 no value for the template tag \`d\`",
    ]
  `)
})

test('names that every object has are not values', () => {
  expect(render('{{constructor}}{{__proto__}}{{a.length}}{{toString}}', 'a: text').problems).toHaveLength(4)
})

test('tags tell which parameters were asked for', () => {
  expect([...render('{{a}}{{#b}}{{c.d}}{{/b}}', '{a: 1, b: {x: 1}, c: {d: 1}, e: 1}').used]).toEqual([
    'a',
    'b',
    'c.d',
    'c',
  ])
})

test('every character that is copied is found again in the template, and every value at its tag', () => {
  const random = seededRandom(3)
  const pieces = [
    '{{a}}',
    '{{#l}}',
    '{{/l}}',
    '{{^n}}',
    '{{/n}}',
    '{{! c }}',
    '\n',
    ' ',
    'x',
    'yz',
    '  {{#t}}  \n',
    '{{/t}}\n',
  ]
  let checked = 0
  for (let round = 0; round < 6000; round += 1) {
    const template = Array.from({ length: random.below(14) }, () => random.pick(pieces)).join('')
    const { text, segments, problems } = render(template, '{a: value, l: [1, 2], n: null, t: true}')
    if (problems.length > 0) continue
    for (let offset = 0; offset < text.length; offset += 1) {
      const origin = originOf(segments, offset)
      if (origin.type === 'copy') expect(template[origin.offset], template).toBe(text[offset])
      else expect(template.slice(origin.offset, origin.offset + 5)).toBe('{{a}}')
      checked += 1
    }
  }
  expect(checked).toBeGreaterThan(1000)
})
