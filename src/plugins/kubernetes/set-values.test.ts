import { expect, test } from 'vitest'
import { documentOf, isText, protectedText, setValues, unprotected } from './set-values.ts'

test('an argument of --set is cut into its values, with what protects them', () => {
  const cut = (text: string): string[] | undefined =>
    setValues(text)?.map(({ key, value }) => `${key} -> ${value}`)
  expect(cut(String.raw`a.b=1,c[0].d=x\,y,e={1,2\},3},f=,g\.h=i=j`)).toEqual([
    'a.b -> 1',
    String.raw`c[0].d -> x\,y`,
    String.raw`e -> {1,2\},3}`,
    'f -> ',
    String.raw`g\.h -> i=j`,
  ])
  for (const malformed of ['a', 'a=1,b', '=1']) expect(cut(malformed)).toBeUndefined()
})

test('what --set takes for a text', () => {
  const not = ['{a}', 'true', 'FALSE', 'null', '0', '10', '-3', '+04']
  expect(not.filter(isText)).toEqual([])
  const texts = ['', 'a', '1.5', '007', '0x1', 'truth', '1e3']
  expect(texts.filter(isText)).toEqual(texts)
  expect(unprotected(protectedText(String.raw`a\b,c`))).toBe(String.raw`a\b,c`)
})

test('a document out of values by their keys', () => {
  const values = { 'a.b': 1, 'a.c[1].d': 'x', 'a.c[0]': null, [String.raw`e\.f`]: [], __proto__: 2 }
  expect(JSON.stringify(documentOf(values))).toBe('{"a":{"b":1,"c":[null,{"d":"x"}]},"e.f":[]}')
  expect(JSON.stringify(documentOf(JSON.parse('{"__proto__.a": 1}')))).toBe('{"__proto__":{"a":1}}')
  expect(() => documentOf({ a: 1, 'a.b': 2 })).toThrow('the value a.b is inside of another')
  for (const key of ['a..b', 'a[x]', '[0]', 'a[', ''])
    expect(() => documentOf({ [key]: 1 })).toThrow('is no key')
})
