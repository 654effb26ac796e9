import { expect, test } from 'vitest'
import { answerOf, nextStep } from './answer.ts'
import { SyntheticRun } from './synthetic-run.ts'

test('a run without a symptom says so', async () => {
  await using run = await SyntheticRun.begin(60)
  const { record } = await run.open()
  expect(answerOf(record, [])).toBe('No symptom showed in 1m.')
  expect(nextStep(record, [])).toMatch(/run it again/)
})

test('a symptom without an explanation says that, and what to do', async () => {
  await using run = await SyntheticRun.begin(60)
  run.symptom('dark', 30, null, [])
  const { record } = await run.open()
  expect(answerOf(record, [])).toMatch(
    /^Symptom dark showed after 30s\. The evidence carries no statement about its cause; /,
  )
})
