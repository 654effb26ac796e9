import Mustache from 'mustache'
import { expect, test } from 'vitest'
import { parseTemplate, type Token } from './mustache.ts'
import { seededRandom } from '../base/random.ts'

const parse = (template: string): { text: string; problems: string[] } => {
  const problems: string[] = []
  const tokens = parseTemplate(template, (offset, message, hint) =>
    problems.push([offset, message, hint].filter((part) => part !== undefined).join(' | ')),
  )
  return { text: print(template, tokens), problems }
}

/** Tokens as the `mustache` package has them, without positions: types, names and text. */
const print = (template: string, tokens: readonly Token[]): string =>
  JSON.stringify(normalise(simplify(template, tokens)))

type Simple = readonly [string, string, ...unknown[]]

const simplify = (template: string, tokens: readonly Token[]): Simple[] =>
  tokens.flatMap((token): Simple[] => {
    if (token.type === 'text')
      return token.end > token.start ? [['text', template.slice(token.start, token.end)]] : []
    if (token.type === 'value') return [['name', token.name]]
    return [[token.inverted ? '^' : '#', token.name, normalise(simplify(template, token.children))]]
  })

/** Neighbouring texts are one. */
const normalise = (tokens: readonly Simple[]): Simple[] => {
  const joined: Simple[] = []
  for (const token of tokens) {
    const last = joined.at(-1)
    if (token[0] === 'text' && last?.[0] === 'text') joined[joined.length - 1] = ['text', last[1] + token[1]]
    else joined.push(token)
  }
  return joined
}

const theirs = (template: string): string => {
  const convert = (tokens: readonly unknown[][]): Simple[] =>
    normalise(
      tokens.flatMap((token): Simple[] => {
        const [type, value, , , children] = token
        if (type === '!' || type === '=') return []
        if (type === '#' || type === '^') return [[type, String(value), convert(children as unknown[][])]]
        return [[type === '&' ? 'name' : String(type), String(value)]]
      }),
    )
  return JSON.stringify(convert(Mustache.parse(template) as unknown[][]))
}

test('tokens are those of the mustache package on random templates', () => {
  const random = seededRandom(1)
  const pieces = [
    '{{a}}',
    '{{{b.c}}}',
    '{{& d }}',
    '{{#s}}',
    '{{/s}}',
    '{{^t}}',
    '{{/t}}',
    '{{! note\n two }}',
    '{{=<% %>=}}',
    '<%={{ }}=%>',
    '<% x %>',
    '<%#s%>',
    '<%/s%>',
    '\n',
    '\r\n',
    ' ',
    '  ',
    'text',
    ': ',
    '{',
    '}',
    '\t',
  ]
  let compared = 0
  for (let round = 0; round < 4000; round += 1) {
    const template = Array.from({ length: 1 + random.below(14) }, () => random.pick(pieces)).join('')
    const ours = parse(template)
    let expected: string | undefined
    try {
      expected = theirs(template)
    } catch {
      // They stop at what they cannot parse.
    }
    // They take a tag without a name.
    if (expected === undefined || expected.includes('["name",""]')) {
      expect(ours.problems, template).not.toEqual([])
      continue
    }
    compared += 1
    expect(ours, template).toEqual({ text: expected, problems: [] })
  }
  expect(compared).toBeGreaterThan(500)
})

test('everything that is wrong is reported, each at its place', () => {
  expect(parse('{{#a}}\n{{#b}}\n{{/a}}\n{{/c}}{{>p}}{{=x=}}{{}}{{#z}}{{y').problems).toMatchInlineSnapshot(`
    [
      "7 | section \`b\` is never closed | expected \`{{/b}}\` after it",
      "21 | no section \`c\` is open",
      "27 | templates have no partials | write the text here, or use a section",
      "33 | not a change of delimiters | expected two words, as in \`{{=<% %>=}}\`",
      "40 | template tag has no name",
      "50 | template tag is never closed | expected \`}}\`; for a literal \`{{\` change the delimiters first, as in \`{{=<% %>=}}\`",
      "44 | section \`z\` is never closed | expected \`{{/z}}\` after it",
    ]
  `)
})

test('a closing tag that is missing does not hide the next problem', () => {
  expect(parse('{{#a}}x{{/b}}{{/a}}{{/a}}').problems).toMatchInlineSnapshot(`
    [
      "7 | no section \`b\` is open | the section open here is \`a\`",
      "19 | no section \`a\` is open",
    ]
  `)
})

test('sections inside one another are bounded', () => {
  expect(parse('{{#a}}'.repeat(40) + '{{/a}}'.repeat(40)).problems.slice(0, 1)).toMatchInlineSnapshot(`
    [
      "192 | more than 32 sections inside one another",
    ]
  `)
})
