import { expect, test } from 'vitest'
import { importOf } from './import.ts'

const problemsOf = (text: string): string[] =>
  (importOf('d.yaml', text)?.problems ?? []).map(
    ({ line, column, message }) => `${line}:${column}: ${message}`,
  )

test('a definition that only names another one', () => {
  expect(importOf('d.yaml', 'yaml_url: https://example.org/a.yaml\n')).toEqual({
    url: 'https://example.org/a.yaml',
    problems: [],
  })
  expect(importOf('d.yaml', 'workload: {}\nyaml_url: https://example.org/a.yaml\n')).toBeUndefined()
})

test('nothing may stand beside it, and it must be an address', () => {
  expect(problemsOf('a: 1\n---\nyaml_url: https://example.org/a.yaml\nworkload: {}\n')).toEqual([
    '1:1: a definition that is imported by `yaml_url` takes no defaults from here',
    '4:1: beside `yaml_url` there must be no `workload`',
  ])
  expect(problemsOf('yaml_url: file:///etc/passwd\n')).toEqual([
    '1:11: `yaml_url` must be an http or https address',
  ])
  expect(problemsOf('yaml_url: [\n').length).toBeGreaterThan(0)
})
