import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runModule } from '../../../../test/harness/run-module.ts'
import { startFixture } from '../../../../test/harness/fixture-process.ts'
import { localFiles } from '../../../node/local-files.ts'
import { localNode } from '../../../node/local.ts'
import ioLimit from './index.ts'
import { blockController, groupOf, settings } from './throttle.ts'

const node = localNode({ run: 'none', group: 'server', ordinal: 0, scratch: tmpdir() })

test('the processes are in a group with the limit, and back in theirs at the end', async () => {
  await using fixture = await startFixture('exec sleep 4741')
  const [pid = 0] = fixture.pids
  const group = (): string | undefined => groupOf(node, blockController(node), pid)
  const before = group()
  const phase = new AbortController()
  const running = runModule(
    ioLimit,
    { match: fixture.mark, whole_host: true, directory: '/', write_bps: '1M', read_iops: 100 },
    { lifetime: 'run_to_end_of_phase', endOfPhase: phase.signal },
  )
  await expect.poll(group).toMatch(/\/quarry-io-[0-9a-f]{16}$/)
  const limited = group() ?? ''
  const number = execFileSync('findmnt', ['-n', '-o', 'MAJ:MIN', '/'], { encoding: 'utf8' }).trim()
  const limits = ['blkio.throttle.write_bps_device', 'io.max'].flatMap((name) => {
    const text = localFiles().text(join(limited, name))
    return text === undefined ? [] : [text]
  })
  expect(limits.join()).toMatch(/1048576/)
  expect(limits.join()).toContain(number.split(':')[0])
  phase.abort()
  await using it = await running
  expect(it.error).toBeUndefined()
  expect(it.operations.map(([kind]) => kind)).toEqual(['invoke', 'info', 'ok'])
  expect(group()).toBe(before)
  expect(localFiles().list(limited)).toEqual([])
})

test('what is written takes as long as the limit says', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quarry-io-'))
  try {
    const file = join(directory, 'out')
    const go = join(directory, 'go')
    // It waits until it is limited, and then writes past the page cache.
    const script = `while [ ! -e ${go} ]; do sleep 0.1; done; exec dd if=/dev/zero of=${file} bs=256k count=12 oflag=direct`
    await using fixture = await startFixture(script, 1)
    const abort = new AbortController()
    const properties = { match: `of=${file}`, whole_host: true, directory, write_bps: '1M', duration: '1h' }
    const running = runModule(ioLimit, properties, { signal: abort.signal })
    await expect
      .poll(() => groupOf(node, blockController(node), fixture.pids[0] ?? 0))
      .toContain('/quarry-io-')
    const began = performance.now()
    execFileSync('touch', [go])
    await fixture.ended
    // 3 MiB at 1 MiB/s; the first of them may pass at once.
    expect(performance.now() - began).toBeGreaterThan(1500)
    expect(readFileSync(file)).toHaveLength(3 << 20)
    abort.abort(new Error('enough'))
    await using it = await running
    expect(String(it.error)).toContain('enough')
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('the limits as both versions of control groups have them', () => {
  const limits = { read_bps: 5, write_bps: undefined, write_iops: 7 }
  expect(settings(1, '254:0', limits)).toEqual([
    ['blkio.throttle.read_bps_device', '254:0 5'],
    ['blkio.throttle.write_iops_device', '254:0 7'],
  ])
  expect(settings(2, '254:0', limits)).toEqual([['io.max', '254:0 rbps=5 wiops=7']])
  expect(() => ioLimit.properties.parse({ match: 'a' })).toThrow('limits nothing')
})

test('a directory on no disk is refused', async () => {
  await using fixture = await startFixture('exec sleep 4742')
  const properties = {
    match: fixture.mark,
    whole_host: true,
    directory: '/proc',
    write_bps: 1,
    duration: '1ms',
  }
  await using it = await runModule(ioLimit, properties)
  expect(String(it.error)).toContain('/proc of server/0 is on no block device')
})
