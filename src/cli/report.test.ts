import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeCaseRun } from '../../test/harness/case-run.ts'
import { runProcess } from '../base/process.ts'

const launcher = join(import.meta.dirname, '../../quarry')
let directory = ''
beforeAll(async () => {
  directory = await writeCaseRun()
})
afterAll(() => rm(directory, { recursive: true, force: true }))

test('a report into a folder that is not there says how to make it', async () => {
  const folder = join(directory, 'missing')
  const file = join(folder, 'case.html')
  const { exitCode, stderr } = await runProcess([launcher, 'report', directory, '-o', file])
  expect(stderr).toContain(`cannot write ${file}: there is no folder ${folder}`)
  expect(stderr).toContain(`mkdir -p ${folder}`)
  expect(exitCode).toBe(64)
})

test('a report over a folder says that it cannot be written', async () => {
  const { exitCode, stderr } = await runProcess([launcher, 'report', directory, '-o', directory])
  expect(stderr).toContain(`cannot write ${directory}: EISDIR`)
  expect(exitCode).toBe(64)
})
