/** Mutations of definitions that are right: whatever comes out, the loader ends, does not throw and stays in the file. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { load } from '../../test/harness/definition.ts'
import { seededRandom, type Random } from '../base/random.ts'

const examples = readdirSync('examples')
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(`examples/${name}`, 'utf8'))

const crumbs = [
  '\n',
  '  ',
  '\t',
  ':',
  ': ',
  '- ',
  '---\n',
  '...\n',
  '[',
  ']',
  '{',
  '}',
  '{{',
  '}}',
  '{{#fault}}',
  '{{/fault}}',
  '{{=<% %>=}}',
  '"',
  "'",
  '|',
  '>',
  '&a ',
  '*a',
  '<<: ',
  '!!int ',
  '? ',
  '#',
  '%',
  '\\',
  '0',
  '-1',
  '.nan',
  'null',
  'true',
  '[]',
  '{}',
  '\0',
  '\r',
  '\u2028',
  '\ud800',
  '\ufeff',
  'é',
  '__proto__',
  'x'.repeat(300),
  '10s',
  'cpu',
  'when',
  'module',
]

function mutate(text: string, random: Random): string {
  const at = random.below(text.length + 1)
  const to = Math.min(text.length, at + random.below(random.pick([2, 10, 80])))
  const other = random.below(text.length + 1)
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at) + text.slice(to)
    case 1:
      return text.slice(0, at) + random.pick(crumbs) + text.slice(at)
    case 2:
      return text.slice(0, at) + random.pick(crumbs) + text.slice(to)
    case 3:
      return text.slice(0, other) + text.slice(at, to) + text.slice(other)
    default:
      return text.slice(0, at) + text.slice(at, to).repeat(1 + random.below(4)) + text.slice(to)
  }
}

test('mutations of every example', () => {
  expect(examples.length).toBeGreaterThan(0)
  const random = seededRandom(20_261_121)
  for (const example of examples) {
    // What a plug-in adds is not known here.
    if (!/^plugins:/m.test(example)) expect(load(example).problems).toEqual([])
    for (let round = 0; round < 300; round += 1) {
      let text = example
      for (let step = random.below(6); step >= 0; step -= 1) text = mutate(text, random)
      const { definition, problems } = load(text, {
        parameters: random.below(4) === 0 ? { fault: 'false' } : {},
      })
      expect(definition === undefined, text).toBe(problems.length > 0)
      const lines = text.split(/\r\n|\n|\r/)
      for (const { line, column, message } of problems) {
        expect(line, text).toBeLessThanOrEqual(lines.length)
        expect(column, `${message}\n${text}`).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1)
        expect(message).not.toMatch(/undefined|\[object|could not be checked/)
      }
    }
  }
})
