import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../../../test/harness/row-recorder.ts'
import { dumpOf } from '../../../plugin/file-dump.ts'
import { mountsParser } from './parse.ts'

// Linux 6.18
const golden = readFileSync(new URL('fixtures/mountinfo-6.18.dump', import.meta.url))

function parse(dump: string | Uint8Array, size?: number) {
  const rows = recordRows()
  const stats = parseAll(mountsParser(rows), dump, size)
  return { stats, facts: rows.of('facts').map((row) => `${row.key} = ${row.value}`) }
}

test('one fact for each mount; the last one at a place counts', () => {
  const { stats, facts } = parse(golden)
  expect(stats.bad).toBe(0)
  expect(facts).toMatchInlineSnapshot(`
    [
      "mount./proc = proc proc rw,relatime",
      "mount./sys = sysfs sysfs rw,relatime",
      "mount./dev = devtmpfs devtmpfs rw,relatime,size=12334492k,nr_inodes=3083623,mode=755",
      "mount./dev/shm = tmpfs tmpfs rw,relatime,size=24684092k",
      "mount./dev/pts = devpts devpts rw,relatime,mode=600,ptmxmode=000",
      "mount./ = ext4 /dev/vda rw,relatime,discard,resv_strict,resuid=65534,resgid=65534",
      "mount./sys/fs/cgroup = tmpfs tmpfs rw,relatime,mode=755",
      "mount./sys/fs/cgroup/cpu = cgroup cgroup rw,relatime,cpu",
      "mount./sys/fs/cgroup/cpuacct = cgroup cgroup rw,relatime,cpuacct",
      "mount./sys/fs/cgroup/cpuset = cgroup cgroup rw,relatime,cpuset",
      "mount./sys/fs/cgroup/memory = cgroup cgroup rw,relatime,memory",
      "mount./sys/fs/cgroup/devices = cgroup cgroup rw,relatime,devices",
      "mount./sys/fs/cgroup/freezer = cgroup cgroup rw,relatime,freezer",
      "mount./sys/fs/cgroup/blkio = cgroup cgroup rw,relatime,blkio",
      "mount./sys/fs/cgroup/pids = cgroup cgroup rw,relatime,pids",
      "mount./sys/fs/cgroup/systemd = cgroup cgroup rw,relatime,name=systemd",
      "mount./sys/fs/cgroup/unified = cgroup2 cgroup2 rw,relatime",
      "mount./srv/a b = ext4 /dev/vda of /usr/share rw,relatime,discard,resv_strict,resuid=65534,resgid=65534",
    ]
  `)
})

test('chunks may end anywhere', () => {
  const whole = parse(golden)
  for (const size of [1, 13, 1000]) expect(parse(golden, size)).toEqual(whole)
})

// The NFS line has the options that nfs_show_options of Linux 5.10 prints.
const nfs =
  '105 27 0:52 / /mnt/data rw,relatime shared:60 - nfs4 10.0.0.1:/export ' +
  'rw,vers=4.1,rsize=1048576,hard,proto=tcp,timeo=600,retrans=2,sec=sys,clientaddr=10.0.0.2,local_lock=none,addr=10.0.0.1'

test('a process that mounts more is named, and what it shares is not repeated', () => {
  const root = '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw'
  const { facts, stats } = parse(
    dumpOf('/proc/self/mountinfo', `${root}\n`) +
      dumpOf('/proc/9/comm', 'database\n') +
      dumpOf('/proc/9/mountinfo', `${root}\n${nfs}\n`),
  )
  expect(stats.bad).toBe(0)
  expect(facts).toMatchInlineSnapshot(`
    [
      "mount./ = ext4 /dev/vda rw,relatime",
      "process.database.mount./mnt/data = nfs4 10.0.0.1:/export rw,relatime,vers=4.1,rsize=1048576,hard,proto=tcp,timeo=600,retrans=2,sec=sys,clientaddr=10.0.0.2,local_lock=none,addr=10.0.0.1",
    ]
  `)
})

test('what is broken is left out', () => {
  const { facts, stats } = parse(
    `\xff\n${dumpOf('/proc/self/mountinfo', `garbage\n${nfs}\n1 2 3:4 / relative rw - x y z`)}/proc/self/mountinfo\x001 2`,
  )
  expect(facts).toHaveLength(1)
  expect(stats.bad).toBe(3)
})
