/** When a sign is proposed, how strong it is said to be, which runs end at it, and what a contradiction takes back. */
import { expect, test } from 'vitest'
import type { Trial } from '../model/hunt.ts'
import { huntSection } from '../plugin/hunt-section.ts'
import type { SymptomAction } from '../model/definition.ts'
import { earlyEnd, earlyParameters, endOfNext, withoutBroken } from './early.ts'

const section = huntSection.parse({ ask: 'rate', early: 'use' })

/** `b` both, after 100 s and 400 s; `s` the behaviour alone, `e` the sign alone, `c` neither; `E` ended at the sign. */
const trialsOf = (text: string): Trial[] =>
  Array.from(text, (letter, index): Trial => {
    const trial = { number: index + 1, point: {}, why: '', outcome: 'clean', seconds: 1000 } as const
    const signs = { stalled: 100 }
    if (letter === 'b') return { ...trial, outcome: 'shown', seconds: 400, signs }
    if (letter === 's') return { ...trial, outcome: 'shown', seconds: 500 }
    if (letter === 'e') return { ...trial, signs }
    if (letter === 'E')
      return { ...trial, outcome: 'shown', seconds: 100, signs, endsAt: 'stalled', early: true }
    return trial
  })

test('four failures with the sign make a proposal, with the time that it saves and the runs it rests on', () => {
  expect(earlyEnd(trialsOf('bbbc'), section, 10)).toBe(undefined)
  const found = earlyEnd(trialsOf('bbcbbcccc'), { ...section, early: 'propose' }, 18)
  // Half of the runs fail: 4 of 9, of 18 more, at 300 s each.
  expect(found).toMatchObject({
    state: 'proposed',
    seen: 4,
    followed: 4,
    secondsPerRun: 300,
  })
  expect(found?.secondsInAll).toBeCloseTo(2400, 6)
  // The 5 % quantile of Beta(4.5, 0.5).
  expect(found?.atLeast).toBeCloseTo(0.6375, 4)
  expect(found?.sentence).toContain('would save 5m of a failing one, about 40m in all')
})

test('a sign that came without the behaviour, or with few of the failures, is none', () => {
  expect(earlyEnd(trialsOf('bbbbe'), section, 10)).toBe(undefined)
  expect(earlyEnd(trialsOf('bbbbsssss'), section, 10)).toBe(undefined)
  expect(earlyEnd(trialsOf('bbbb'), { ...section, early: 'never' }, 10)).toBe(undefined)
})

test('runs end at it, but for one of five', () => {
  expect(endOfNext(trialsOf('bbbb'), { ...section, early: 'propose' })).toBe(undefined)
  const ends = ['bbbb', 'bbbbE', 'bbbbEE', 'bbbbEEE', 'bbbbEEEE', 'bbbbEEEEb'].map((text) =>
    endOfNext(trialsOf(text), section),
  )
  expect(ends).toEqual(['stalled', 'stalled', 'stalled', 'stalled', undefined, 'stalled'])
})

test('what contradicts it takes back the failures that were told from it', () => {
  expect(withoutBroken(trialsOf('bbbbEE')).map(({ outcome }) => outcome)).toEqual(Array(6).fill('shown'))
  const trials = withoutBroken(trialsOf('bbbbEEe'))
  expect(trials.map(({ outcome }) => outcome).slice(3)).toEqual(['shown', 'void', 'void', 'clean'])
  expect(earlyEnd(trials, section, 10)).toMatchObject({ state: 'dropped', secondsInAll: null })
  expect(endOfNext(trials, section)).toBe(undefined)
})

const symptom = (name: string, then: SymptomAction[], expected = false) =>
  // oxlint-disable-next-line unicorn/no-thenable -- a list of actions, the word of the definition
  ({ name, then, expected })

test('the signs of the section are watched for in every run, and one of them may end it', () => {
  const signs = { slow: { when: 'rate(ops[10s]) < 1', for: '5s' } }
  expect(earlyParameters({ signs }, undefined, [])).toEqual([
    'symptoms/slow/when="rate(ops[10s]) < 1"',
    'symptoms/slow/for=5s',
    'symptoms/slow/expected=true',
    'symptoms/slow/then=continue',
  ])
  expect(earlyParameters({ signs }, 'slow', []).at(-1)).toBe('symptoms/slow/then=stop')
  const stalled = symptom('stalled', ['capture', 'continue'], true)
  expect(earlyParameters({}, 'stalled', [stalled])).toEqual(['symptoms/stalled/then=[capture, stop]'])
})

test('a run that would go on ends when the behaviour has shown, unless a quantity is measured in it', () => {
  const symptoms = [
    symptom('slow', ['capture', 'continue']),
    symptom('held', ['hold']),
    symptom('ended', ['stop']),
    symptom('sign', ['continue'], true),
  ]
  expect(earlyParameters({}, undefined, symptoms)).toEqual(['symptoms/slow/then=[capture, stop]'])
  expect(earlyParameters({ symptom: 'sign' }, undefined, symptoms)).toEqual(['symptoms/sign/then=stop'])
  expect(earlyParameters({ quantity: 'select 1' }, undefined, symptoms)).toEqual([])
})
