import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UserError } from '../base/errors.ts'
import { openLedger } from '../node/ledger.ts'
import { createRunDirectory, findRun, newRunId, openRunsDirectory } from './run-directory.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'quarry-store-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function leave(id: string, record?: string): Promise<void> {
  await mkdir(join(root, id))
  if (record !== undefined) await writeFile(join(root, id, 'run.json'), record)
}

test('ids tell the time in UTC, so that they sort also when the clock is put back', () => {
  const summer = newRunId('a/Web server.yaml', new Date('2026-10-25T02:30:00+02:00'))
  const winter = newRunId('a/Web server.yaml', new Date('2026-10-25T02:10:00+01:00'))
  expect(summer).toMatch(/^20261025-003000-web-server-[0-9a-f]{4}$/)
  expect(winter).toMatch(/^20261025-011000-web-server-[0-9a-f]{4}$/)
})

test('the last run is the latest directory with a record', async () => {
  await leave('20261121-100000-web-0001', JSON.stringify({ version: 1, id: 'older' }))
  await leave('20261121-110000-web-0002', JSON.stringify({ version: 1, id: 'newer' }))
  await leave('20261121-120000-compare-0003')
  await leave('20261121-130000-web-0004', '{"version": 1, "id"')
  expect(await findRun('last', root)).toBe(join(root, '20261121-110000-web-0002'))
})

test('where no run was made yet, nothing is the last one', async () => {
  await leave('20261121-120000-compare-0003')
  for (const place of [root, join(root, 'missing')]) {
    const told = findRun('last', place)
    await expect(told).rejects.toBeInstanceOf(UserError)
    await expect(told).rejects.toThrow(`there is no run in ${place}`)
  }
})

test('the sweep knows of a run until its ledger has nothing left', async () => {
  vi.stubEnv('XDG_STATE_HOME', join(root, 'state'))
  const failing = (reason: unknown): never => {
    throw reason
  }
  try {
    const directory = await createRunDirectory(join(root, 'runs'), 'run-1', failing)
    const ledger = openLedger(directory.file('undo.jsonl'), 'run-1', failing)
    await directory.register()
    const link = join(openRunsDirectory(), 'run-1')
    const recorded = await ledger.record({ type: 'path', path: `${root}-scratch` })
    await directory.close()
    expect(existsSync(link)).toBe(true)
    await recorded[Symbol.asyncDispose]()
    await directory.close()
    expect(existsSync(link)).toBe(false)
  } finally {
    vi.unstubAllEnvs()
  }
})
