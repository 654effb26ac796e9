/** Kernels as a user gets them: from this host's apt, into a cache of the test's own. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DebianKernel } from '../../src/lab/kernels/debian.ts'
import type { CachedKernel, Kernel } from '../../src/lab/kernels/kernel.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
let cache: Workplace
beforeEach(() => {
  cache = workplace()
  place = workplace({ QUARRY_CACHE: cache.path })
})
afterEach(() => {
  place[Symbol.dispose]()
  cache[Symbol.dispose]()
})

interface Listed {
  readonly cached: readonly CachedKernel[]
  readonly offered: readonly DebianKernel[]
}

test('a kernel of Debian is fetched once, and can be booted with its modules', async () => {
  const before = jsonOf<Listed>(await place.quarry('kernel', 'list', '--json'))
  expect(before.cached).toEqual([])
  const offered = before.offered.map(({ release }) => release)
  expect(offered.filter((release) => /unsigned|dbg/.test(release))).toEqual([])

  const fetched = await place.quarry('kernel', 'fetch', 'cloud', '--json')
  const kernel = jsonOf<Kernel>(fetched)
  expect(fetched.stderr).toContain(`fetching the kernel ${kernel.release}`)
  expect(offered).toContain(kernel.release)
  // The header of an image that a boot loader takes: Documentation/arch/x86/boot.rst.
  expect(readFileSync(kernel.image).toString('latin1', 0x202, 0x206)).toBe('HdrS')
  expect(readFileSync(kernel.config, 'utf8')).toMatch(/^CONFIG_VIRTIO_BLK=[ym]$/m)
  expect(existsSync(join(kernel.modules ?? '', 'lib/modules', kernel.release, 'modules.dep.bin'))).toBe(true)

  const again = await place.quarry('kernel', 'fetch', kernel.release, '--json')
  expect([jsonOf<Kernel>(again), again.stderr]).toEqual([kernel, ''])
  const { cached } = jsonOf<Listed>(await place.quarry('kernel', 'list', '--json'))
  expect(cached).toMatchObject([{ ...kernel, bytes: expect.any(Number) }])
  expect((await place.quarry('kernel', 'list')).stdout).toContain(kernel.image)
})

test('what is no kernel is told, with what there is', async () => {
  const { exitCode, stderr } = await place.quarry('kernel', 'fetch', '0.99')
  expect(exitCode).toBe(64)
  expect(stderr).toContain('0.99 is neither a kernel that apt offers here nor a file')
  expect(stderr).toContain('quarry kernel list')
})

test('what is wrong with a description is told with its place', async () => {
  const file = place.write('small.yaml', 'source: linux-source-6.1\nconfigs: [lab.config]\n')
  const { exitCode, stderr } = await place.quarry('kernel', 'build', file)
  expect(exitCode).toBe(64)
  expect(stderr).toContain('small.yaml:2:1: the kernel has no property `configs`; did you mean `config`?')
})
