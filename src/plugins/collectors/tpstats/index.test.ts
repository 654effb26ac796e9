import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { collect, startFixture } from '../../../../test/harness/collect.ts'
import { localFiles } from '../../../node/local-files.ts'
import { isStopped } from '../../../plugin/jvm.ts'
import tpstats from './index.ts'
import { daemonOf } from './nodetool.ts'

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
const daemon = (...options: string[]) =>
  startFixture([
    process.execPath,
    '-e',
    'console.log("up"); setInterval(() => {}, 1e6)',
    '--',
    ...options,
    'org.apache.cassandra.service.CassandraDaemon',
  ])

test('asks each Cassandra among the targets at its own port', async () => {
  nodetool(`cat ${directory}/output`)
  await using first = await daemon(
    '-Dcassandra.jmx.remote.port=7299',
    '-Djava.rmi.server.hostname=198.18.0.2',
  )
  await using second = await daemon()
  const seen = await collect(tpstats, { targets: [first.pid, second.pid, process.pid] })
  expect(seen.badLines).toBe(0)
  expect(seen.rows('samples')).toHaveLength(76)
  expect(readFileSync(join(directory, 'calls'), 'utf8')).toBe(
    '-h 198.18.0.2 -p 7299 tpstats\n-h 127.0.0.1 -p 7199 tpstats\n',
  )
})

test('says why there is nothing', async () => {
  expect((await collect(tpstats, { targets: [process.pid] })).notes).toEqual(['no target is a Cassandra'])
  nodetool('echo "Connection refused" >&2; exit 1')
  await using only = await daemon()
  await expect(collect(tpstats, { targets: [only.pid] })).rejects.toThrow(
    /port 7199 .* failed: Connection refused/,
  )
})

test('nodetool is the class that the daemon itself has, behind the same doors', async () => {
  await using one = await daemon(
    '--add-opens',
    'java.base/java.io=ALL-UNNAMED',
    '--add-exports=java.base/java.nio=ALL-UNNAMED',
    '-Xmx4g',
    '-cp',
    'conf:/opt/lib/*',
    '-Dcom.sun.management.jmxremote.port=7399',
  )
  const { nodetool = [], port } = daemonOf(localFiles(), one.pid, '/scratch') ?? {}
  expect(port).toBe(7399)
  expect(nodetool[0]).toBe(realpathSync(process.execPath))
  expect(nodetool.slice(nodetool.indexOf('--add-opens'))).toEqual([
    '--add-opens',
    'java.base/java.io=ALL-UNNAMED',
    '--add-exports=java.base/java.nio=ALL-UNNAMED',
    '-cp',
    `${process.cwd()}/conf:/opt/lib/*`,
    'org.apache.cassandra.tools.NodeTool',
    '-h',
    '127.0.0.1',
    '-p',
    '7399',
  ])
  expect(nodetool).not.toContain('-Xmx4g')
})

test('one that a signal has stopped is not asked: it would not answer', async () => {
  nodetool(`cat ${directory}/output`)
  await using stopped = await daemon('-Dcassandra.jmx.remote.port=7499')
  await using other = await daemon()
  stopped.child.kill('SIGSTOP')
  await expect.poll(() => isStopped(localFiles(), stopped.pid)).toBe(true)
  const seen = await collect(tpstats, { targets: [stopped.pid, other.pid] })
  expect(seen.notes).toEqual([expect.stringMatching(/port 7499 .* is stopped by a signal/)])
  expect(seen.rows('samples')).toHaveLength(38)
})
