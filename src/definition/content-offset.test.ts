import { expect, test } from 'vitest'
import { stringify, type Scalar } from 'yaml'
import { seededRandom } from '../base/random.ts'
import { contentOffset } from './content-offset.ts'
import type { ScalarTree } from './tree.ts'
import { parseYaml } from './yaml.ts'

const scalarOf = (text: string): ScalarTree => {
  const tree = parseYaml(text, (_at, message) => expect.fail(message))
  const value = tree?.type === 'map' ? tree.entries.get('when')?.value : undefined
  if (value?.type !== 'scalar') throw new Error(`no scalar in ${text}`)
  return value
}

/** The text from where the content's `word` is said to stand. */
const found = (text: string, word: string): string => {
  const scalar = scalarOf(text)
  return text.slice(contentOffset(text, scalar, scalar.text.indexOf(word))).slice(0, word.length)
}

test.each([
  'when: up == 1 # comment',
  "when: 'it''s up == 1'",
  String.raw`when: "a\tb \"up\" == 1"`,
  String.raw`when: "a\u0041\x42\U00000043 up"`,
  'when: "a \\\n    b\n    up"',
  'when: a\n  b\n\n  up',
  'when: |\n  a\n    b\n\n  up',
  'when: >- # folded\n\n  a\n  b\n  up',
  'when: |2\n    a\n   up',
  'when: |\r\n  a\r\n  up\r\n',
])('the word is found in %j', (text) => {
  expect(found(text, 'up')).toBe('up')
})

test('every character that is no blank is found, however the scalar is written', () => {
  const random = seededRandom(11)
  const styles: readonly Scalar.Type[] = [
    'PLAIN',
    'QUOTE_SINGLE',
    'QUOTE_DOUBLE',
    'BLOCK_LITERAL',
    'BLOCK_FOLDED',
  ]
  const words = ['a', 'bc', "it's", '"x"', '#', ': ', '\n', ' ', '  ', '\\', 'é', '{', '\n\n', '{probe="x"}']
  for (let round = 0; round < 2000; round += 1) {
    const given = `k${Array.from({ length: random.below(30) }, () => random.pick(words)).join('')}`
    const text = stringify({ when: given }, { defaultStringType: random.pick(styles), lineWidth: 30 })
    const scalar = scalarOf(text)
    const content = scalar.text
    for (let offset = 0; offset < content.length; offset += 1) {
      const character = content[offset] ?? ''
      if (character.trim() === '') continue
      const written = text[contentOffset(text, scalar, offset)]
      const isEscaped = written === '\\' && scalar.style === 'double'
      expect(isEscaped || written === character, JSON.stringify({ text, offset, character, written })).toBe(
        true,
      )
    }
  }
})
