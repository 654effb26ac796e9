/** What samplers make of files that this host does not have: of other kernels, broken, or gone. */
import { expect, test } from 'vitest'
import { recordedFiles } from '../../../test/harness/recorded-files.ts'
import { sampling } from '../../../test/harness/sampling.ts'
import type { FileView } from '../../plugin/node.ts'
import cpu from './cpu/index.ts'
import { parseMounts } from './disk/file-systems.ts'
import disk from './disk/index.ts'
import memory from './memory/index.ts'
import network from './network/index.ts'
import pressure from './pressure/index.ts'
import processes from './processes/index.ts'
import slab from './slab/index.ts'

const all = [cpu, disk, memory, network, pressure, processes, slab]

test.each(all)('$id goes without its files, and with garbage in them', (plugin) => {
  const sources = `
    stat loadavg schedstat meminfo vmstat slabinfo diskstats 1/mounts pressure/cpu pressure/io net/dev net/snmp
    net/netstat net/snmp6 net/sockstat net/softnet_stat sys/fs/dentry-state sys/fs/file-nr 1/stat 1/io 1/status
  `
    .trim()
    .split(/\s+/)
  for (const text of [
    '',
    '\n',
    ' ',
    'x',
    'x y\nz',
    '\n\n\n',
    '1 2 3',
    'a: b\na: c\n',
    'é\0 9',
    ':',
    '\t\t',
  ]) {
    const files = new Map<string, string>()
    const { tick } = sampling(plugin, recordedFiles(files))
    expect(tick().size).toBeLessThanOrEqual(5)
    for (const source of sources) files.set(`/proc/${source}`, text)
    expect([...tick()].filter(([, value]) => Number.isNaN(value))).toEqual([])
    files.clear()
    tick()
  }
})

test('run-queue wait, in the format of Documentation/scheduler/sched-stats.rst', () => {
  const schedstat = [
    'version 15',
    'timestamp 4295043733',
    'cpu0 0 0 0 0 0 0 2500000000 1250000000 77',
    'domain0 3 1 2 3 4 5 6 7 8',
    'cpu1 0 0 0 0 0 0 1 2 3',
    '',
  ]
  const { tick } = sampling(cpu, recordedFiles(new Map([['/proc/schedstat', schedstat.join('\n')]])))
  expect(Object.fromEntries(tick())).toEqual({
    'node_schedstat_running_seconds_total{cpu="0"}': 2.5,
    'node_schedstat_waiting_seconds_total{cpu="0"}': 1.25,
    'node_schedstat_timeslices_total{cpu="0"}': 77,
    'node_schedstat_running_seconds_total{cpu="1"}': 1e-9,
    'node_schedstat_waiting_seconds_total{cpu="1"}': 2e-9,
    'node_schedstat_timeslices_total{cpu="1"}': 3,
  })
})

test('a CPU that goes offline, comes back and counts from zero', () => {
  const files = new Map([['/proc/stat', 'cpu  9 9\ncpu0 500 0 0 900 40\ncpu1 700 0 0 900 40\n']])
  const { tick, sink } = sampling(cpu, recordedFiles(files))
  const user = (cpuNumber: number): number | undefined =>
    tick().get(`node_cpu_seconds_total{cpu="${cpuNumber}",mode="user"}`)
  expect(user(1)).toBe(7)
  const size = sink.size
  files.set('/proc/stat', 'cpu0 500 0 0 900 39\n')
  expect(user(1)).toBeUndefined()
  expect(sink.size).toBeLessThan(size)
  // I/O wait went back by a tick, which is the kernel's rounding and no reset.
  expect(tick().get('node_cpu_seconds_total{cpu="0",mode="iowait"}')).toBe(0.4)
  files.set('/proc/stat', 'cpu0 500 0 0 900 39\ncpu1 2 0 0 1 0\n')
  expect(user(1)).toBe(0.02)
})

test('disks of kernels before 4.18 and 5.5 have fewer columns; partitions are left out', () => {
  const lines = [
    '   8       0 sda 1 2 3 4 5 6 7 8 9 10 11',
    '   8       1 sda1 1 2 3 4 5 6 7 8 9 10 11',
    ' 259       0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15',
    '',
  ]
  const files = recordedFiles(new Map([['/proc/diskstats', lines.join('\n')]]))
  const values = sampling(disk, files).tick()
  expect(values.get('node_disk_read_bytes_total{device="sda"}')).toBe(3 * 512)
  expect(values.get('node_disk_io_time_weighted_seconds_total{device="sda"}')).toBe(0.011)
  expect([...values.keys()].filter((key) => key.includes('sda')).length).toBe(11)
  expect([...values.keys()].filter((key) => key.includes('nvme0n1')).length).toBe(15)
  expect([...values.keys()].filter((key) => key.includes('sda1'))).toEqual([])
  const included = sampling(disk, files, { include: '^sda1$' }).tick()
  expect([...included.keys()].every((key) => key.includes('"sda1"'))).toBe(true)
})

test('mount points with blanks, and mounts that come, go and cannot be asked', () => {
  expect(parseMounts('/dev/a /with\\040blank\\011tab ext4 rw,ro 0 0\nbroken\n')).toEqual([
    { device: '/dev/a', mountpoint: '/with blank\ttab', fstype: 'ext4', readonly: true },
  ])
  const texts = new Map([
    ['/proc/1/mounts', '/dev/a / ext4 rw 0 0\n/dev/b /b xfs ro 0 0\nserver:/x /n nfs4 rw 0 0\n'],
  ])
  const asked: string[] = []
  const space = { sizeBytes: 10, freeBytes: 5, availableBytes: 4, files: 3, filesFree: 2 }
  const files: FileView = {
    ...recordedFiles(texts),
    space: (path) => {
      asked.push(path)
      return path === '/b' ? undefined : space
    },
  }
  const { tick, sink } = sampling(disk, files)
  const values = tick()
  expect(asked).toEqual(['/', '/b'])
  const b = '{device="/dev/b",fstype="xfs",mountpoint="/b"}'
  expect(values.get(`node_filesystem_device_error${b}`)).toBe(1)
  expect(values.get(`node_filesystem_readonly${b}`)).toBe(1)
  expect(values.get(`node_filesystem_size_bytes${b}`)).toBeUndefined()
  expect(values.get('node_filesystem_avail_bytes{device="/dev/a",fstype="ext4",mountpoint="/"}')).toBe(4)
  texts.set('/proc/1/mounts', '/dev/a / ext4 rw 0 0\n')
  const size = sink.size
  expect([...tick().keys()].every((key) => key.includes('/dev/a'))).toBe(true)
  expect(sink.size).toBe(size - 7)
})

test('protocol tables that change their columns', () => {
  const files = new Map([
    ['/proc/net/snmp', 'Tcp: InSegs Rto OutSegs\nTcp: 1 2 3\nUdp: InDatagrams\nUdp: 4\n'],
  ])
  const { tick } = sampling(network, recordedFiles(files))
  expect(Object.fromEntries(tick())).toEqual({
    node_netstat_Tcp_InSegs: 1,
    node_netstat_Tcp_OutSegs: 3,
    node_netstat_Udp_InDatagrams: 4,
  })
  files.set('/proc/net/snmp', 'Tcp: OutSegs InSegs\nTcp: 5 6\nUdp: InDatagrams\n')
  expect(Object.fromEntries(tick())).toEqual({ node_netstat_Tcp_InSegs: 6, node_netstat_Tcp_OutSegs: 5 })
})

test('negative dentries are the fifth number of dentry-state', () => {
  const files = recordedFiles(new Map([['/proc/sys/fs/dentry-state', '57652\t56103\t45\t0\t11058\t0\n']]))
  expect(Object.fromEntries(sampling(slab, files).tick())).toEqual({
    node_dentry_total: 57652,
    node_dentry_unused: 56103,
    node_dentry_negative: 11058,
  })
})
