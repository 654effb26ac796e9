import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { EnvironmentError } from '../base/errors.ts'
import { columnsOf, tableNames } from '../model/tables.ts'
import { openEvidence } from './query.ts'
import { openEvidenceWriter } from './writer.ts'

const common = { node: 'server/0', collector: 'test', capture: 'sick-1' }
const clock = { now: () => 1_700_000_000_000_000_000n, nowMs: () => 1_700_000_000_000 }

let parent: string
let run: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'quarry-test-'))
  // A name that is hostile to SQL and to globs.
  run = join(parent, "it's [1] * run?")
})
afterEach(() => rm(parent, { recursive: true }))

test('every type comes back as it was written, nulls among them', async () => {
  await using writer = openEvidenceWriter(run, { clock })
  const sink = writer.sink(common)
  sink.add('syscalls', {
    ts: -9_223_372_036_854_775_808n,
    pid: -2_147_483_648,
    tid: 2_147_483_647,
    comm: 'a\u0000b "cömm" \u{1F600}',
    args: '',
    result: 9_223_372_036_854_775_807n,
    duration_ns: 9_007_199_254_740_991,
    count: -1,
    finished: true,
  })
  sink.add('syscalls', { node: 'client/0', finished: false, result: null })
  sink.add('stacks', { frames: ['leaf', 'root'], weight: 0.1 })
  sink.add('stacks', { frames: [], weight: Number.NaN })
  sink.add('stacks', { weight: Number.NEGATIVE_INFINITY })
  sink.add('samples', { metric: 'm', labels: '{}', value: 1 })
  await writer.flush()

  await using evidence = await openEvidence(run)
  const empty = Object.fromEntries(columnsOf('syscalls').map(([name]) => [name, null]))
  const first = { ts: -9_223_372_036_854_775_808n, pid: -2_147_483_648, tid: 2_147_483_647, args: '' }
  const numbers = { result: 9_223_372_036_854_775_807n, duration_ns: 9_007_199_254_740_991n, count: -1n }
  expect(await evidence.rows('SELECT * FROM syscalls ORDER BY ts')).toEqual([
    { ...empty, ...common, ...first, ...numbers, comm: 'a\u0000b "cömm" \u{1F600}', finished: true },
    { ...empty, ...common, ts: clock.now(), node: 'client/0', finished: false },
  ])
  expect(await evidence.rows('SELECT frames, weight FROM stacks ORDER BY weight')).toEqual([
    { frames: null, weight: Number.NEGATIVE_INFINITY },
    { frames: ['leaf', 'root'], weight: 0.1 },
    { frames: [], weight: Number.NaN },
  ])
  expect(await evidence.rows('SELECT metric, value FROM samples')).toEqual([{ metric: 'm', value: 1 }])
})

test('values that do not fit their column become null, and unpaired surrogates a replacement character', async () => {
  await using writer = openEvidenceWriter(run, { clock })
  const sink = writer.sink(common)
  sink.add('syscalls', { pid: 2 ** 40, duration_ns: Number.NaN, result: 2n ** 70n, args: 'x\uD800y' })
  await writer.flush()
  await using evidence = await openEvidence(run)
  expect(await evidence.rows('SELECT pid, duration_ns, result, args FROM syscalls')).toEqual([
    { pid: null, duration_ns: null, result: null, args: 'x\uFFFDy' },
  ])
})

test('many rows over several row groups, dictionaries that overflow, and runs of all lengths', async () => {
  await using writer = openEvidenceWriter(run, { clock })
  const sink = writer.sink(common)
  const rows = 300_000
  for (let index = 0; index < rows; index++) {
    sink.add('syscalls', {
      tid: index,
      call: index % 11 < 3 ? null : `call-${Math.floor(index / 13) % 5}`,
      args: `argument ${index}`,
      path: index % 100_000 < 40_000 ? `/path/${index}` : null,
      result: BigInt(index) * -10_000_000_000n,
      duration_ns: index * 3,
      finished: index % 5 === 0,
    })
  }
  await writer.flush()
  await using evidence = await openEvidence(run)
  const wrong = await evidence.rows(
    `WITH expected AS (SELECT CAST(i AS INTEGER) AS tid,
        CASE WHEN i % 11 < 3 THEN NULL ELSE 'call-' || ((i // 13) % 5) END AS call, 'argument ' || i AS args,
        CASE WHEN i % 100000 < 40000 THEN '/path/' || i END AS path,
        i * -10000000000 AS result, i * 3 AS duration_ns, i % 5 = 0 AS finished FROM range(${rows}) AS r(i))
     SELECT * FROM (FROM expected EXCEPT SELECT tid, call, args, path, result, duration_ns, finished FROM syscalls)
     LIMIT 3`,
  )
  expect(wrong).toEqual([])
  expect(await evidence.rows('SELECT count(*) AS n FROM syscalls WHERE ts = 1700000000000000000')).toEqual([
    { n: BigInt(rows) },
  ])
})

test('giant and very many distinct list elements survive', async () => {
  await using writer = openEvidenceWriter(run, { clock })
  const sink = writer.sink(common)
  sink.add('stacks', { frames: Array.from({ length: 70_000 }, (_, index) => `f${index}`) })
  sink.add('stacks', { frames: ['ö'.repeat(3_000_000)] })
  await writer.flush()
  await using evidence = await openEvidence(run)
  expect(
    await evidence.rows('SELECT len(frames) AS n, frames[-1][:6] AS last FROM stacks ORDER BY n'),
  ).toEqual([
    { n: 1n, last: 'öööööö' },
    { n: 70_000n, last: 'f69999' },
  ])
})

test('flushes make whole files, and an empty flush makes none', async () => {
  await using writer = openEvidenceWriter(run, { clock: systemClock() })
  await writer.flush()
  writer.sink(common).add('facts', { key: 'a', value: '1' })
  await writer.flush()
  await writer.flush()
  writer.sink(common).add('facts', { key: 'b', value: '2' })
  await writer.flush()
  const names = await readdir(join(run, 'evidence', 'facts'))
  expect(names.map((name) => name.replace(/-[0-9a-f]{8}/, ''))).toEqual(['000001.parquet', '000002.parquet'])
})

test('what cannot be written is an EnvironmentError with a remedy; the rest is kept', async () => {
  await mkdir(join(run, 'evidence'), { recursive: true })
  await using writer = openEvidenceWriter(run, { clock })
  const sink = writer.sink(common)
  sink.add('facts', { key: 'before', value: '1' })
  await writer.flush()
  await writeFile(join(run, 'evidence', 'slabs'), '')
  sink.add('slabs', { slab: 'dentry' })
  sink.add('facts', { key: 'after', value: '2' })
  await expect(writer.flush()).rejects.toThrow(/write 1 rows of table slabs/)
  await using evidence = await openEvidence(run)
  expect(await evidence.rows('SELECT key FROM facts ORDER BY key')).toEqual([
    { key: 'after' },
    { key: 'before' },
  ])
})

const root = process.getuid?.() === 0
const exec = promisify(execFile)

test.runIf(root)('a full disk loses the part being written, and nothing before or after it', async () => {
  await mkdir(run)
  await exec('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', run])
  try {
    await using writer = openEvidenceWriter(run, { clock })
    const sink = writer.sink(common)
    const fact = async (key: string, value: string): Promise<void> => {
      sink.add('facts', { key, value })
      await writer.flush()
    }
    await fact('before', '')
    const failure = await fact('big', randomBytes(1 << 19).toString('base64')).catch(
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(EnvironmentError)
    expect(failure).toMatchObject({ code: 'QUARRY_DISK_ENOSPC' })
    await fact('after', '')
    await using evidence = await openEvidence(run)
    expect(await evidence.rows('SELECT key FROM facts ORDER BY key')).toEqual([
      { key: 'after' },
      { key: 'before' },
    ])
    expect(await readdir(join(run, 'evidence', 'facts'))).toHaveLength(2)
    await exec('mount', ['-o', 'remount,ro', run])
    await expect(fact('read-only', '')).rejects.toMatchObject({ code: 'QUARRY_DISK_EROFS' })
  } finally {
    await exec('umount', [run])
  }
})

test('a killed writer loses at most what it had not flushed', async () => {
  const script = `
    import { openEvidenceWriter } from ${JSON.stringify(new URL('writer.ts', import.meta.url).href)}
    const writer = openEvidenceWriter(process.argv[1], { clock: { now: () => 1n, nowMs: () => 0 } })
    const sink = writer.sink({ node: 'n', collector: 'c', capture: '' })
    for (let count = 1; ; count++) {
      sink.add('facts', { key: String(count) })
      await writer.flush()
      process.stdout.write(count + '\\n')
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, run], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let acknowledged = 0
  for await (const line of createInterface(child.stdout)) {
    acknowledged = Number(line)
    if (acknowledged >= 20) child.kill('SIGKILL')
  }
  await using evidence = await openEvidence(run)
  expect(evidence.unreadable).toEqual([])
  const [row] = await evidence.rows<{ n: bigint }>('SELECT count(DISTINCT key) AS n FROM facts')
  expect(Number(row?.n)).toBeGreaterThanOrEqual(acknowledged)
})

test('without files every table is there, empty, with its columns', async () => {
  await using evidence = await openEvidence(run)
  for (const table of tableNames) expect(await evidence.rows(`SELECT * FROM ${table}`)).toEqual([])
  expect(await evidence.columns('SELECT frames, ts, weight FROM stacks')).toEqual([
    { name: 'frames', type: 'VARCHAR[]' },
    { name: 'ts', type: 'BIGINT' },
    { name: 'weight', type: 'DOUBLE' },
  ])
})
