import { expect, test } from 'vitest'
import { Roster } from './roster.ts'
import { TextScanner } from './scan.ts'

test('a roster makes one state for each name, and drops those no longer listed', () => {
  const scanner = new TextScanner()
  const log: string[] = []
  const roster = new Roster(
    (name) => (log.push(`+${name}`), name),
    (name) => log.push(`-${name}`),
  )
  const list = (text: string): string[] => {
    scanner.read(text)
    roster.begin()
    const states: string[] = []
    while (scanner.more()) states.push(roster.take(scanner))
    roster.end()
    return states
  }
  expect(list('a b c')).toEqual(['a', 'b', 'c'])
  expect(list('a b c')).toEqual(['a', 'b', 'c'])
  expect(list('c ab a')).toEqual(['c', 'ab', 'a'])
  expect(list('c c a')).toEqual(['c', 'c', 'a'])
  expect(list('')).toEqual([])
  expect(log).toEqual(['+a', '+b', '+c', '+ab', '-b', '-ab', '-a', '-c'])
})
