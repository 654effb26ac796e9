import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { writeCaseRun } from '../../test/harness/case-run.ts'
import type { RunRecord } from '../model/run.ts'
import { compare } from './compare.ts'
import { openSide, parseSide } from './side.ts'
import type { Side } from './side.ts'

// Ten seconds healthy, twenty sick; it ended after 31.
let run = ''
let root = ''
beforeAll(async () => {
  run = await writeCaseRun()
})
afterAll(() => rm(run, { recursive: true, force: true }))
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'quarry-compare-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const sideOf = (words: string, role: 'sick' | 'reference', directory = run): Promise<Side> =>
  openSide(parseSide(`R${words}`), directory, role)
const noReport = (): Promise<void> => Promise.resolve()

/** The same run, with another record. */
async function changed(patch: Partial<RunRecord>): Promise<string> {
  const directory = join(root, 'changed')
  await cp(run, directory, { recursive: true })
  const record = JSON.parse(await readFile(join(run, 'run.json'), 'utf8')) as RunRecord
  await writeFile(join(directory, 'run.json'), JSON.stringify({ ...record, ...patch }))
  return directory
}

test('a window that ends before it begins is refused', () => {
  for (const window of ['~90s..60s', '~60s..60s'])
    expect(() => parseSide(`R${window}`)).toThrow('the window ends before it begins')
})

test('a window beyond the run is refused, with the length of the run', async () => {
  await expect(sideOf('~31s..40s', 'sick')).rejects.toMatchObject({
    message: 'run run-1 was over before 31s',
    remedy: 'it lasted 31s: name a window within that',
  })
})

test('a window that reaches beyond the run ends with it', async () => {
  const { from, to } = await sideOf('~20s..40s', 'sick')
  expect(to - from).toBe(11_000_000_000n)
})

test('a run that was killed lasted until it was last observed', async () => {
  const at = '1700000000000000000'
  const killed = await changed({ states: [{ state: 'running', at }] })
  const { from, to } = await sideOf('~20s..40s', 'sick', killed)
  expect(to - from).toBe(9_000_000_000n)
})

test('a node that the run did not have is refused', async () => {
  await expect(sideOf('@server/7', 'sick')).rejects.toMatchObject({ remedy: 'it has server/0' })
})

test('without a word the role decides which captures are taken', async () => {
  expect((await sideOf('', 'sick')).captures).toMatchObject([{ id: 'sick-1' }])
  expect((await sideOf('', 'reference')).captures).toMatchObject([{ id: 'reference-1' }])
})

test('a sick capture never stands in for the reference of a run that had a symptom', async () => {
  const record = JSON.parse(await readFile(join(run, 'run.json'), 'utf8')) as RunRecord
  const captures = record.captures.filter(({ role }) => role === 'sick')
  const { captures: taken, to } = await sideOf('', 'reference', await changed({ captures }))
  expect(taken).toEqual([])
  expect(to).toBe(1_700_000_010_000_000_000n)
})

test('of a run without symptoms, such as a capture by hand, either side is what it captured', async () => {
  const record = JSON.parse(await readFile(join(run, 'run.json'), 'utf8')) as RunRecord
  const captures = record.captures.filter(({ role }) => role === 'sick')
  const directory = await changed({ captures, symptoms: [] })
  expect((await sideOf('', 'reference', directory)).captures).toMatchObject([{ id: 'sick-1' }])
})

test('what differs is a fail, what is the same a pass', async () => {
  const differ = await compare(
    await sideOf('~10s..30s', 'sick'),
    await sideOf('~0s..10s', 'reference'),
    root,
    noReport,
  )
  expect(differ.verdict).toBe('fail')
  // Memory grows all the time, in the one side as in the other.
  const side = await sideOf('~0s..10s', 'sick')
  const same = await compare(side, side, root, noReport)
  expect(same).toMatchObject({ verdict: 'pass', answer: expect.stringContaining('Nothing tells them apart') })
})

test('a side without evidence makes the verdict unknown, and says so', async () => {
  // Nothing was observed in the second in which the run was taken down.
  const empty = '~30500ms..31s'
  const { verdict, directory, answer } = await compare(
    await sideOf(empty, 'sick'),
    await sideOf(empty, 'reference'),
    root,
    noReport,
  )
  expect(verdict).toBe('unknown')
  for (const side of ['sick', 'healthy'])
    expect(answer).toContain(`The ${side} side has no evidence: run run-1 holds no row from 30.5s to 31s.`)
  const record = JSON.parse(await readFile(join(directory, 'run.json'), 'utf8')) as RunRecord
  expect(record).toMatchObject({ verdict, checks: [{ name: 'sick side' }, { name: 'healthy side' }] })
})

test('a comparison that fails leaves nothing', async () => {
  const side = await sideOf('#sick-1', 'sick')
  const fails = compare(side, side, root, () => Promise.reject(new Error('no report')))
  await expect(fails).rejects.toThrow('no report')
  expect(await readdir(root)).toEqual([])
})
