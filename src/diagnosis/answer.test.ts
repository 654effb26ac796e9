import { expect, test } from 'vitest'
import { answerOf, nextStep } from './answer.ts'
import { SyntheticRun } from './synthetic-run.ts'

test('a run without a symptom says so', async () => {
  await using run = await SyntheticRun.begin(60)
  const { record } = await run.open()
  expect(answerOf(record, [])).toBe('No symptom showed in 1m.')
  expect(nextStep(record, [])).toMatch(/run it again/)
})

test('a symptom that nobody could judge is not a run without one', async () => {
  await using run = await SyntheticRun.begin(60)
  const { record } = await run.open()
  const message = 'no series was ever there to judge dark by: is its metric sampled, and spelt right?'
  const checks = [{ name: 'symptoms-judged', checker: 'built-in', verdict: 'unknown' as const, message }]
  expect(answerOf({ ...record, verdict: 'unknown', checks }, [])).toBe(
    `Whether a symptom showed in 1m is not known: ${message.replace('?', '.')}`,
  )
})

test('without symptoms to watch for it says what was checked, and what failed', async () => {
  await using run = await SyntheticRun.begin(60)
  const { record } = await run.open()
  const check = (name: string, verdict: 'pass' | 'fail') => ({
    name,
    checker: 'nofail',
    verdict,
    message: 'because',
  })
  const of = (...checks: ReturnType<typeof check>[]) => ({ ...record, watchedFor: [], checks })
  expect(answerOf(of(check('a', 'pass'), check('b', 'pass')), [])).toBe('All of 2 checks passed after 1m.')
  expect(nextStep(of(check('a', 'pass')), [])).toBeUndefined()
  expect(answerOf(of(), [])).toBe(
    'It ran to its end in 1m. Nothing judged it: neither a symptom nor a check is defined.',
  )
  const failed = of(check('a', 'pass'), check('b', 'fail'))
  expect(answerOf(failed, [])).toBe('Check b failed: because.')
  expect(answerOf({ ...failed, watchedFor: ['dark'] }, [])).toBe(
    'No symptom showed in 1m. Check b failed: because.',
  )
  expect(nextStep(failed, [])).toMatch(/^see what b is about/)
})

test('a comparison says what it compares', async () => {
  await using run = await SyntheticRun.begin(60)
  run.symptom('sick against healthy', 30, null, [])
  const { record } = await run.open()
  expect(answerOf({ ...record, definition: 'compare', description: 'Compared: a against b' }, [])).toBe(
    'Compared: a against b. Nothing tells them apart for sure.',
  )
})

test('a symptom without an explanation says that, and what to do', async () => {
  await using run = await SyntheticRun.begin(60)
  run.symptom('dark', 30, null, [])
  const { record } = await run.open()
  expect(answerOf(record, [])).toMatch(
    /^Symptom dark showed after 30s\. The evidence carries no statement about its cause; /,
  )
})
