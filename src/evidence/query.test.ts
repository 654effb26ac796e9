import { mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UserError } from '../base/errors.ts'
import { openEvidence } from './query.ts'
import { formatCsv, formatJson, formatTable, runSql } from './sql.ts'
import { openEvidenceWriter } from './writer.ts'

const clock = { now: () => 1n, nowMs: () => 0 }
const common = { node: 'server/0', collector: 'test', capture: '' }

let run: string
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'quarry-test-'))
})
afterEach(() => rm(run, { recursive: true }))

/** Writes one part of `facts` for each list of keys; gives the paths of the parts. */
async function writeParts(directory: string, ...parts: readonly string[][]): Promise<string[]> {
  await using writer = openEvidenceWriter(directory, { clock })
  for (const keys of parts) {
    for (const key of keys) writer.sink(common).add('facts', { key, value: `value of ${key}` })
    await writer.flush()
  }
  const facts = join(directory, 'evidence', 'facts')
  return (await readdir(facts)).toSorted().map((name) => join(facts, name))
}

test('several runs have a leading run column; parameters are bound', async () => {
  await writeParts(join(run, 'a'), ['x'])
  await writeParts(join(run, 'b'), ['x', 'y'])
  const runs = ['a', 'b', 'empty'].map((name) => ({ name, directory: join(run, name) }))
  await using evidence = await openEvidence(runs)
  expect(await evidence.rows('SELECT run, key FROM facts WHERE key = ? ORDER BY run', ['x'])).toEqual([
    { run: 'a', key: 'x' },
    { run: 'b', key: 'x' },
  ])
  const [first] = await evidence.columns('SELECT * FROM facts')
  expect(first).toEqual({ name: 'run', type: 'VARCHAR' })
})

test('a query can neither leave the evidence nor change it', async () => {
  const [part = ''] = await writeParts(run, ['x'])
  const before = await readFile(part)
  const secret = join(run, 'secret.csv')
  await writeFile(secret, 'a\n1\n')
  await using evidence = await openEvidence(run)
  const hostile = [
    `SELECT * FROM read_csv('${secret}')`,
    `SELECT * FROM read_text('${secret}')`,
    `SELECT * FROM '${secret}'`,
    `SELECT * FROM glob('${run}/*')`,
    `COPY (SELECT 1) TO '${secret}'`,
    `COPY (SELECT 1) TO '${part}' (USE_TMP_FILE false)`,
    `EXPLAIN ANALYZE COPY (SELECT 1) TO '${part}' (USE_TMP_FILE false)`,
    `ATTACH '${join(run, 'new.db')}'`,
    `EXPORT DATABASE '${join(run, 'export')}'`,
    'INSTALL httpfs',
    'LOAD httpfs',
    "SET memory_limit = '100GB'",
    'SET enable_external_access = true',
    'CREATE TABLE t (a INTEGER)',
    'SELECT 1; DROP VIEW facts',
    '',
    'no sql at all',
  ]
  for (const sql of hostile) {
    await expect(evidence.rows(sql), sql).rejects.toThrow(UserError)
  }
  expect(await readFile(part)).toEqual(before)
  expect((await readdir(run)).toSorted()).toEqual(['evidence', 'secret.csv'])
  expect(await evidence.rows('SELECT key FROM facts')).toEqual([{ key: 'x' }])
})

test('parts that are half written, truncated, empty or no Parquet are left out and listed', async () => {
  const [, second = '', third = '', fourth = ''] = await writeParts(run, ['a'], ['b'], ['c'], ['d'])
  await truncate(second, (await stat(second)).size - 20)
  await writeFile(third, '')
  // A footer that is long enough and says nothing.
  await writeFile(
    fourth,
    Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(100, 0xff), Buffer.from('\x20\0\0\0PAR1')]),
  )
  await writeFile(join(run, 'evidence', 'facts', '000009.parquet.tmp'), 'half')
  await using evidence = await openEvidence(run)
  expect(await evidence.rows('SELECT key FROM facts')).toEqual([{ key: 'a' }])
  expect(evidence.unreadable.map(({ file }) => file).toSorted()).toEqual([second, third, fourth])
})

test('damage inside a part is found when it is read, and only that part is left out', async () => {
  const many = Array.from({ length: 5000 }, (_, index) => `key ${index}`)
  const [, second = ''] = await writeParts(run, ['a'], many)
  const handle = await open(second, 'r+')
  await handle.write(Buffer.alloc(2000, 0xaa), 0, 2000, 200)
  await handle.close()
  await using evidence = await openEvidence(run)
  expect(await evidence.rows('SELECT key, value FROM facts')).toEqual([{ key: 'a', value: 'value of a' }])
  expect(evidence.unreadable.map(({ file }) => file)).toEqual([second])
})

test('parts of another version may lack columns or have others', async () => {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  await writeParts(run, ['a'])
  const connection = await (await DuckDBInstance.create()).connect()
  const other = join(run, 'evidence', 'facts', '000000-other.parquet')
  await connection.run(`COPY (SELECT 7::INTEGER AS ts, 'b' AS key, 1.5 AS future) TO '${other}'`)
  connection.closeSync()
  await using evidence = await openEvidence(run)
  expect(await evidence.rows('SELECT ts, key, value, node FROM facts ORDER BY key')).toEqual([
    { ts: 1n, key: 'a', value: 'value of a', node: 'server/0' },
    { ts: 7n, key: 'b', value: null, node: null },
  ])
})

test('answers as a table, JSON and CSV', async () => {
  await writeParts(run, ['a,"b"\n\u001B[2J'])
  const answer = await runSql(
    run,
    "SELECT key, 9007199254740993 AS n, [1, NULL] AS l, NULL AS nothing, 'NaN'::DOUBLE AS x, key AS key FROM facts",
  )
  expect(formatTable(answer)).toMatchInlineSnapshot(`
    "key                              n  l         nothing    x  key
    ----------------  ----------------  --------  -------  ---  ----------------
    a,"b"\\n\\u001b[2J  9007199254740993  [1,null]           NaN  a,"b"\\n\\u001b[2J
    "
  `)
  expect(formatJson(answer)).toMatchInlineSnapshot(`
    "[
      {
        "key": "a,\\"b\\"\\n\\u001b[2J",
        "n": 9007199254740993,
        "l": [
          1,
          null
        ],
        "nothing": null,
        "x": null
      }
    ]
    "
  `)
  expect(formatCsv(answer).split('\r\n')).toEqual([
    'key,n,l,nothing,x,key',
    '"a,""b""\n\u001B[2J",9007199254740993,"[1,null]",,NaN,"a,""b""\n\u001B[2J"',
    '',
  ])
})
