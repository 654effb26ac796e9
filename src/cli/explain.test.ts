import { expect, test } from 'vitest'
import { EnvironmentError, TargetError, UserError } from '../base/errors.ts'
import { explain } from './explain.ts'

const signal = new AbortController().signal

test("the user's mistakes are listed, each with its place", () => {
  const problems = [
    { file: 'a.yaml', line: 3, column: 5, message: 'unknown key `nmae`', hint: 'did you mean `name`?' },
    { file: 'a.yaml', line: 9, column: 1, message: 'expected a map' },
  ]
  const { exitCode, text, object } = explain(new UserError('a.yaml has 2 problems', { problems }), signal)
  expect(exitCode).toBe(64)
  expect(text).toMatchInlineSnapshot(`
    "a.yaml:3:5: unknown key \`nmae\`; did you mean \`name\`?
    a.yaml:9:1: expected a map
    quarry: a.yaml has 2 problems"
  `)
  expect(object.problems).toEqual(problems)
})

test('what the host lacks comes with what to type', () => {
  const error = new EnvironmentError('strace is not installed', { remedy: 'apt-get install -y strace' })
  expect(explain(error, signal)).toEqual({
    exitCode: 2,
    text: 'quarry: strace is not installed\ntry: apt-get install -y strace',
    object: {
      code: 'QUARRY_ENVIRONMENT',
      message: 'strace is not installed',
      remedy: 'apt-get install -y strace',
    },
  })
})

test('the system under test, an abort and our own faults are told apart', () => {
  expect(explain(new TargetError('the server died'), signal).exitCode).toBe(1)
  const controller = new AbortController()
  controller.abort(new Error('aborted by the user'))
  expect(explain(controller.signal.reason, controller.signal)).toMatchObject({
    exitCode: 2,
    text: 'quarry: aborted by the user',
  })
  const fault = explain(new TypeError('x is undefined'), signal)
  expect(fault.exitCode).toBe(70)
  expect(fault.text).toMatch(/^quarry: TypeError: x is undefined\n {4}at [^]*\nThis is a defect of Quarry/)
})
