import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadOrder, moduleName, parseModuleIndex } from './load-order.ts'

const fixture = join(import.meta.dirname, 'fixtures/depmod-6.1.0-cloud.txt')
const index = parseModuleIndex(readFileSync(fixture, 'utf8'))
// Of its modules.builtin.
const builtin = new Set(['ext4', 'crc32c_generic', 'sha256_generic'])

test('a module comes after all that it needs, and once', () => {
  const order = loadOrder(['virtio_net', 'virtio-blk', 'ext4'], index, builtin)
  expect(order).toEqual([
    'kernel/net/core/failover.ko',
    'kernel/drivers/net/net_failover.ko',
    'kernel/drivers/virtio/virtio_ring.ko',
    'kernel/drivers/virtio/virtio.ko',
    'kernel/drivers/net/virtio_net.ko',
    'kernel/drivers/block/virtio_blk.ko',
  ])
})

test('what a module wants without a symbol of it is loaded before it, unless it is built in', () => {
  const order = loadOrder(['btrfs'], index, builtin)
  expect(order).toEqual([
    'kernel/crypto/blake2b_generic.ko',
    'kernel/crypto/xor.ko',
    'kernel/lib/raid6/raid6_pq.ko',
    'kernel/lib/zstd/zstd_compress.ko',
    'kernel/lib/libcrc32c.ko',
    'kernel/fs/btrfs/btrfs.ko',
  ])
})

test('of several that answer to an alias it is the one that works on any processor', () => {
  const lines = `
kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz
kernel/fs/jbd2/jbd2.ko.xz:
kernel/crypto/crc32c_generic.ko.xz:
kernel/arch/x86/crypto/crc32c-intel.ko.xz:
alias crc32c crc32c_intel
alias crc32c crc32c_generic
softdep ext4 pre: crc32c post: nothing-of-the-kind
softdep jbd2 pre: nowhere
`
  expect(loadOrder(['ext4'], parseModuleIndex(lines), new Set())).toEqual([
    'kernel/crypto/crc32c_generic.ko.xz',
    'kernel/fs/jbd2/jbd2.ko.xz',
    'kernel/fs/ext4/ext4.ko.xz',
  ])
})

test('a name that the kernel does not have is told', () => {
  expect(loadOrder(['overlay', 'nvme'], index, builtin)).toEqual({ absent: 'nvme' })
})

test('garbled and truncated lines are passed over', () => {
  const { needs, before, aliases } = parseModuleIndex(
    'kernel/a.ko: kernel/b.ko\nkernel/c.k\nalias x\nsoftdep y\n\0',
  )
  expect([...needs]).toEqual([['kernel/a.ko', ['kernel/b.ko']]])
  expect([before.size, aliases.size]).toEqual([0, 0])
  expect(loadOrder(['a'], { needs, before, aliases }, new Set())).toEqual(['kernel/b.ko', 'kernel/a.ko'])
})

test('names are those of /proc/modules', () => {
  expect(moduleName('kernel/arch/x86/crypto/crc32c-intel.ko.zst')).toBe('crc32c_intel')
})
