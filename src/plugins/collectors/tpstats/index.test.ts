import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { collect, startFixture } from '../../../../test/harness/collect.ts'
import tpstats from './index.ts'

// A stand-in for nodetool, which notes how it was called; the processes only look like Cassandra.
const directory = mkdtempSync(join(tmpdir(), 'quarry-tpstats-'))
const golden = new URL('fixtures/tpstats-3.11.txt', import.meta.url)
copyFileSync(golden, join(directory, 'output'))
const nodetool = (body: string): void => {
  writeFileSync(join(directory, 'nodetool'), `#!/bin/sh\necho "$@" >> ${directory}/calls\n${body}\n`)
  chmodSync(join(directory, 'nodetool'), 0o755)
}
const path = process.env['PATH'] ?? ''
process.env['PATH'] = `${directory}:${path}`
afterAll(() => {
  process.env['PATH'] = path
  rmSync(directory, { recursive: true })
})
const daemon = (options: string) =>
  startFixture([
    'bash',
    '-c',
    `echo up; exec -a "java ${options} org.apache.cassandra.service.CassandraDaemon" sleep 600`,
  ])

test('asks each Cassandra among the targets at its own port', async () => {
  nodetool(`cat ${directory}/output`)
  await using first = await daemon('-Dcassandra.jmx.local.port=7299')
  await using second = await daemon('')
  const seen = await collect(tpstats, { targets: [first.pid, second.pid, process.pid] })
  expect(seen.badLines).toBe(0)
  expect(seen.rows('samples')).toHaveLength(76)
  expect(readFileSync(join(directory, 'calls'), 'utf8')).toBe('-p 7299 tpstats\n-p 7199 tpstats\n')
})

test('says why there is nothing', async () => {
  expect((await collect(tpstats, { targets: [process.pid] })).notes).toEqual(['no target is a Cassandra'])
  nodetool('echo "Connection refused" >&2; exit 1')
  await using only = await daemon('')
  await expect(collect(tpstats, { targets: [only.pid] })).rejects.toThrow(
    /port 7199 .* failed: Connection refused/,
  )
})
