import { expect, test } from 'vitest'
import { TextScanner } from './scan.ts'

const scanner = new TextScanner()

test('numbers', () => {
  scanner.read('cpu0 12 -3\t4.25 x 18446744073709551615 0.08')
  expect(scanner.word()).toBe('cpu0')
  expect([scanner.number(), scanner.number(), scanner.number()]).toEqual([12, -3, 4.25])
  expect(scanner.number()).toBeNaN()
  scanner.skip(1)
  expect(scanner.number()).toBe(2 ** 64)
  expect(scanner.number()).toBe(0.08)
  expect(scanner.number()).toBeNaN()
})

test('no word is read across the end of a line', () => {
  scanner.read('a \n b 2\n\nlast')
  scanner.skip(5)
  expect(scanner.word()).toBe('')
  expect(scanner.more()).toBe(false)
  expect(scanner.nextLine()).toBe(true)
  expect(scanner.accept('bb')).toBe(false)
  expect(scanner.accept('b')).toBe(true)
  expect(scanner.number()).toBe(2)
  expect(scanner.number()).toBeNaN()
  expect([scanner.nextLine(), scanner.nextLine(), scanner.accept('last'), scanner.nextLine()]).toEqual([
    true,
    true,
    true,
    false,
  ])
})
