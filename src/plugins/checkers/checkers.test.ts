import { expect, test } from 'vitest'
import type { SymptomRecord } from '../../model/run.ts'
import type { CheckerPlugin, Operation } from '../../plugin/checker.ts'
import type { Definable } from '../../plugin/define.ts'
import duration from './duration/index.ts'
import count from './count/index.ts'
import noSymptom from './no-symptom/index.ts'
import nofail from './nofail/index.ts'
import regex from './regex/index.ts'

/** `process kind seconds` for each operation. */
const history = (text: string): Operation[] =>
  text
    .split(',')
    .filter((line) => line !== '')
    .map((line) => {
      const [process = '', kind = 'ok', seconds = '0'] = line.trim().split(' ')
      const ts = BigInt(Math.round(Number(seconds) * 1e9))
      return { ts, process, module: 'bash', kind: kind as Operation['kind'], value: 'because', phase: '1' }
    })

const symptom = (name: string, expected: boolean): SymptomRecord => ({
  name,
  when: '',
  from: '0',
  to: null,
  expected,
  series: [],
  probes: [],
  curedBy: null,
})

async function check(
  checker: CheckerPlugin & Definable<unknown>,
  given: { history?: string; symptoms?: readonly SymptomRecord[]; properties?: object },
): Promise<string> {
  const context = {
    history: history(given.history ?? ''),
    symptoms: given.symptoms ?? [],
    directory: '/nowhere',
    query: () => Promise.reject(new Error('there is no evidence')),
  }
  const { verdict, message } = await checker.check(context, checker.properties.parse(given.properties ?? {}))
  return `${verdict}: ${message}`
}

test('nofail', async () => {
  expect(await check(nofail, { history: 'a ok 1,b error 2,c info 3' })).toBe('pass: no operation failed')
  expect(await check(nofail, { history: 'a fail 1,b fail 2' })).toBe(
    'fail: a failed in phase 1: because, and 1 more',
  )
  const named = (processes: string): Promise<string> =>
    check(nofail, { history: 'a fail 1,b ok 2,c ok 3', properties: { processes } })
  expect(await named('b, c')).toBe('pass: no operation failed')
  expect(await named('b, x')).toBe('unknown: x did not run')
  expect(await check(nofail, {})).toBe('pass: no operation failed')
})

test('duration: both bounds hold, of the whole or of modules whose common time counts once', async () => {
  const work = 'a invoke 10,b invoke 12,a ok 14,b ok 16,c invoke 20,c ok 21'
  const took = (properties: object): Promise<string> => check(duration, { history: work, properties })
  expect(await took({ 'duration.max': '11s', 'duration.min': '11s' })).toBe('pass: took 11s')
  expect(await took({ 'duration.max': '10s' })).toBe('fail: took 11s, at most 10s allowed')
  expect(await took({ 'duration.max': '1h', 'duration.min': '12s' })).toBe(
    'fail: took 11s, at least 12s expected',
  )
  expect(await took({ 'duration.max': '1h', phases: 'c, a,b' })).toBe('pass: took 7s')
  expect(await took({ 'duration.max': '1h', phases: 'a,a' })).toBe('pass: took 4s')
  expect(await took({ 'duration.max': '1h', phases: 'a,x' })).toBe('unknown: x did not run')
  expect(await check(duration, { properties: { 'duration.max': 0 } })).toBe(
    'unknown: there were no operations',
  )
})

test('no-symptom: only what was not expected, and only those that are named', async () => {
  const symptoms = [symptom('slow', false), symptom('slow', false), symptom('dark', true)]
  expect(await check(noSymptom, { symptoms })).toBe('fail: slow showed')
  expect(await check(noSymptom, { symptoms, properties: { names: ['dark'] } })).toBe(
    'pass: no unexpected symptom showed',
  )
  expect(await check(noSymptom, {})).toBe('pass: no unexpected symptom showed')
})

test('count: within bounds, of some modules and some kinds', async () => {
  const counted = (properties: object): Promise<string> =>
    check(count, { history: 'a start 1,a invoke 1,a ok 2,b ok 3,b end 4', properties })
  expect(await counted({ min: 5, max: 5 })).toBe('pass: 5 operations')
  expect(await counted({ max: 1, types: 'ok' })).toBe('fail: 2 operations; expected from 0 to 1')
  expect(await counted({ min: 2, types: 'ok, end', processes: 'b' })).toBe('pass: 2 operations')
  expect(await counted({ min: 3, processes: 'b' })).toBe('fail: 2 operations; expected at least 3')
})

test('regex: the texts that succeeded, as a whole; a pattern that takes for ever is given up', async () => {
  const text = 'a ok 1,a fail 2,b ok 3'
  const judged = (properties: object): Promise<string> => check(regex, { history: text, properties })
  expect(await judged({ regex: '(because){2}' })).toBe('pass: `becausebecause` matches')
  expect(await judged({ regex: 'because' })).toMatch(/^fail: .* does not match `because`$/)
  expect(await judged({ regex: 'because', processes: 'b' })).toBe('pass: `because` matches')
  expect(await judged({ processes: 'b', 'forbid.duplicate_characters': true })).toMatch(
    /^fail: `e` comes twice/,
  )
})
