import { describe, expect, test } from 'vitest'
import { meaningful } from '../difference/stacks.ts'
import { deadlineOf } from './deadlines.ts'
import { disturbanceOf } from './disturbances.ts'
import { entryOf, functionName, isLockWait } from '../../base/kernel-reports/functions.ts'
import { isCounter, layerOfMetric, unitOfMetric } from './metrics.ts'
import { resourceOfMetric, resourceOfSlab } from './resources.ts'
import { argumentOf, waitOf, endsWhenStopped, waitsForMutex } from './waits.ts'

describe('functions', () => {
  test.each([
    ['foo.isra.0+0x10/0x20', 'foo'],
    ['__fsnotify_update_child_dentry_flags.part.0', '__fsnotify_update_child_dentry_flags'],
    ['vfs_read_[k]', 'vfs_read'],
  ])('%s is %s', (frame, name) => expect(functionName(frame)).toBe(name))

  test('a lock, a copy or the scheduler is charged to its caller', () => {
    expect(meaningful(['native_queued_spin_lock_slowpath', '_raw_spin_lock', 'd_alloc', 'lookup_open'])).toBe(
      'd_alloc',
    )
    expect(meaningful(['__schedule', 'schedule', 'io_schedule', 'folio_wait_bit', 'filemap_fault'])).toBe(
      'folio_wait_bit',
    )
    expect(meaningful(['rwsem_down_write_slowpath', 'down_write', 'do_unlinkat'])).toBe('do_unlinkat')
    expect(meaningful(['memcpy', 'main'])).toBe('memcpy')
    expect(isLockWait('native_queued_spin_lock_slowpath')).toBe(true)
  })

  test('the entry of a call is found on all architectures', () => {
    for (const frame of ['__x64_sys_mount', '__do_sys_mount', '__arm64_sys_mount', 'sys_mount']) {
      expect(frame).toMatch(entryOf('mount'))
    }
    expect('__x64_sys_umount').not.toMatch(entryOf('mount'))
  })
})

test('metrics: counters, units, layers, resources', () => {
  expect(
    ['node_cpu_seconds_total', 'node_vmstat_pgfault', 'node_dentry_total', 'node_vmstat_nr_dirty'].map(
      isCounter,
    ),
  ).toEqual([true, true, false, false])
  expect(unitOfMetric('node_disk_written_bytes_total')).toBe('bytes/s')
  expect(unitOfMetric('node_cpu_seconds_total')).toBe('share')
  expect(unitOfMetric('process_resident_memory_bytes')).toBe('bytes')
  expect(layerOfMetric('node_disk_written_bytes_total')).toBe('storage')
  expect(layerOfMetric('orders_in_flight')).toBe('application')
  expect(resourceOfMetric('node_dentry_negative')?.part?.adjective).toBe('negative')
  expect(resourceOfMetric('node_disk_io_time_seconds_total{device="sda"}')?.resource.id).toBe('block-io')
  expect(resourceOfSlab('ext4_inode_cache')?.id).toBe('inode')
  expect(resourceOfSlab('kmalloc-64')).toBeUndefined()
})

test('waits and their arguments', () => {
  expect(waitOf('epoll_wait')?.on).toBe('epoll')
  expect(waitOf('constructor')).toBeUndefined()
  expect(argumentOf('0x5 0x7ffe 0x40', 0)).toBe(5)
  expect(argumentOf(null, 0)).toBeUndefined()
  expect(argumentOf('0x5', 3)).toBeUndefined()
})

test('waiting for a mutex is told from waiting for work; a stop ends some waits for good', () => {
  expect(waitsForMutex('futex', '0x7f00 0x80 0x2 0x0 0x0 0x0')).toBe(true)
  expect(waitsForMutex('futex', '0x7f00 0x189 0x2 0x0 0x0 0x0')).toBe(false)
  expect(waitsForMutex('futex', null)).toBe(false)
  expect(['epoll_wait', 'futex', 'recvfrom'].map(endsWhenStopped)).toEqual([true, false, false])
})

test('deadlines in arguments', () => {
  expect(deadlineOf('mount', '"a:/b", "/m", "nfs4", 0, "timeo=600,retrans=2"')?.ns).toBe(120e9)
  expect(deadlineOf('mount', '"tmpfs", "/m", "tmpfs", 0, "size=5"')).toBeUndefined()
  expect(deadlineOf('read', 'timeo=600')).toBeUndefined()
})

test('what a rung does beyond looking', () => {
  expect(disturbanceOf('strace', 'stop').effect).toBe('rearm')
  expect(disturbanceOf('bpf-strace-like', 'trace').effect).toBe('none')
  expect(disturbanceOf('drop-caches', 'change').frees).toContain('dentry')
  expect(disturbanceOf('change-command', 'change').effect).toBe('unknown')
})
