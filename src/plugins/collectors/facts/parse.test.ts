import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../../../test/harness/row-recorder.ts'
import { localFiles } from '../../../node/local-files.ts'
import { dumpOf } from '../../../plugin/file-dump.ts'
import { factsParser } from './parse.ts'
import { dumpSysctls } from './sysctls.ts'
import { dumpTarget } from './targets.ts'

// Parts of Linux 6.18 on Debian 12, with test/fixtures/bin/waiters.c as target.
const golden = readFileSync(new URL('fixtures/host-6.18.dump', import.meta.url))

function parse(dump: string | Uint8Array, size?: number) {
  const rows = recordRows()
  const stats = parseAll(factsParser(rows), dump, size)
  return { stats, facts: Object.fromEntries(rows.of('facts').map((row) => [row.key, row.value])) }
}

test('a fact for everything that is read', () => {
  const { stats, facts } = parse(golden)
  expect(stats.bad).toBe(0)
  expect(facts).toMatchInlineSnapshot(`
    {
      "block.vda.nr_requests": "256",
      "block.vda.read_ahead_kb": "8192",
      "block.vda.rotational": "1",
      "block.vda.scheduler": "none [mq-deadline] kyber bfq",
      "block.vda.write_cache": "write back",
      "clocksource.available": "tsc kvm-clock",
      "clocksource.current": "tsc",
      "cpu.count": "2",
      "cpu.idle-driver": "haltpoll",
      "cpu.isolated": "",
      "cpu.microcode": "0x1000065",
      "cpu.model": "AMD EPYC",
      "cpu.online": "0-1",
      "cpu.smt": "0",
      "cpu.vulnerability.meltdown": "Not affected",
      "cpu.vulnerability.spectre_v1": "Mitigation: usercopy/swapgs barriers and __user pointer sanitization",
      "cpu.vulnerability.spectre_v2": "Mitigation: Retpolines; STIBP: disabled; RSB filling; PBRSB-eIBRS: Not affected; BHI: Not affected",
      "host.booted": "2026-11-21T11:32:02.000Z",
      "host.virtual": "yes",
      "kernel.cmdline": "console=ttyS0 quiet psi=1",
      "kernel.machine": "x86_64",
      "kernel.release": "6.18.44-fc-v657",
      "kernel.version": "#1 SMP PREEMPT_DYNAMIC @0",
      "memory.huge-pages": "0",
      "memory.swap": "0 kB",
      "memory.total": "24684092 kB",
      "memory.transparent-huge-pages": "always [madvise] never",
      "memory.transparent-huge-pages-defrag": "always defer defer+madvise [madvise] never",
      "mounts.count": "20",
      "net.eth0.mtu": "1400",
      "net.eth0.speed": "-1",
      "net.eth0.tx_queue_len": "1000",
      "net.ifb0.mtu": "1500",
      "net.ifb0.tx_queue_len": "32",
      "net.ifb1.mtu": "1500",
      "net.ifb1.tx_queue_len": "32",
      "os.name": "Debian GNU/Linux 12 (bookworm)",
      "package.libc6": "2.36-9+deb12u14",
      "process.waiters.cgroup": "9:name=systemd:/ 8:pids:/ 7:blkio:/ 6:freezer:/ 5:devices:/ 4:memory:/system.slice 3:cpuset:/ 2:cpuacct:/ 1:cpu:/ 0::/",
      "process.waiters.cgroup.cpu.cfs_period_us": "100000",
      "process.waiters.cgroup.cpu.cfs_quota_us": "-1",
      "process.waiters.cgroup.cpu.shares": "1024",
      "process.waiters.cgroup.cpuset.cpus": "0-1",
      "process.waiters.cgroup.memory.limit_in_bytes": "9223372036854771712",
      "process.waiters.cgroup.memory.soft_limit_in_bytes": "9223372036854771712",
      "process.waiters.cpus-allowed-list": "0-1",
      "process.waiters.executable": "/opt/waiters",
      "process.waiters.limit.address-space": "unlimited unlimited",
      "process.waiters.limit.core-file-size": "0 unlimited",
      "process.waiters.limit.cpu-time": "unlimited unlimited",
      "process.waiters.limit.data-size": "unlimited unlimited",
      "process.waiters.limit.file-locks": "unlimited unlimited",
      "process.waiters.limit.file-size": "unlimited unlimited",
      "process.waiters.limit.locked-memory": "8388608 8388608",
      "process.waiters.limit.msgqueue-size": "819200 819200",
      "process.waiters.limit.nice-priority": "0 0",
      "process.waiters.limit.open-files": "20000 20000",
      "process.waiters.limit.pending-signals": "96365 96365",
      "process.waiters.limit.processes": "96365 96365",
      "process.waiters.limit.realtime-priority": "0 0",
      "process.waiters.limit.realtime-timeout": "unlimited unlimited",
      "process.waiters.limit.resident-set": "unlimited unlimited",
      "process.waiters.limit.stack-size": "8388608 unlimited",
      "process.waiters.mems-allowed-list": "0",
      "process.waiters.oom-score-adjustment": "0",
      "process.waiters.seccomp": "0",
      "process.waiters.uid": "0 0 0 0",
      "sysctl.fs.inotify.max_queued_events": "16384",
      "sysctl.fs.inotify.max_user_instances": "128",
      "sysctl.fs.inotify.max_user_watches": "192536",
      "sysctl.kernel.sched_autogroup_enabled": "1",
      "sysctl.kernel.sched_cfs_bandwidth_slice_us": "5000",
      "sysctl.kernel.sched_deadline_period_max_us": "4194304",
      "sysctl.kernel.sched_deadline_period_min_us": "100",
      "sysctl.kernel.sched_rr_timeslice_ms": "100",
      "sysctl.kernel.sched_rt_period_us": "1000000",
      "sysctl.kernel.sched_rt_runtime_us": "950000",
      "sysctl.net.ipv4.conf.all.rp_filter": "0",
      "sysctl.net.ipv4.tcp_keepalive_intvl": "75",
      "sysctl.net.ipv4.tcp_keepalive_probes": "9",
      "sysctl.net.ipv4.tcp_keepalive_time": "7200",
      "sysctl.net.ipv4.tcp_rmem": "4096 131072 33554432",
      "sysctl.vm.dirty_background_bytes": "0",
      "sysctl.vm.dirty_background_ratio": "10",
      "sysctl.vm.dirty_bytes": "0",
      "sysctl.vm.dirty_expire_centisecs": "3000",
      "sysctl.vm.dirty_ratio": "20",
      "sysctl.vm.dirty_writeback_centisecs": "500",
      "sysctl.vm.dirtytime_expire_seconds": "43200",
      "sysctl.vm.swappiness": "60",
      "time.daemons": "none",
    }
  `)
})

test('chunks may end anywhere', () => {
  const whole = parse(golden)
  for (const size of [1, 13, 1000]) expect(parse(golden, size)).toEqual(whole)
})

test('the tightest limit of all groups around a process holds', () => {
  const group = '/sys/fs/cgroup'
  const { facts } = parse(
    dumpOf('/proc/5/comm', 'database') +
      dumpOf(`${group}/a/b/memory.max`, 'max') +
      dumpOf(`${group}/a/memory.max`, '1000') +
      dumpOf(`${group}/a/b/cpu.max`, '150000 100000') +
      dumpOf(`${group}/a/cpu.max`, 'max 100000') +
      dumpOf(`${group}/a/b/cpu.weight`, '50') +
      dumpOf(`${group}/a/cpu.weight`, '10'),
  )
  expect(facts).toEqual({
    'process.database.cgroup.memory.max': '1000',
    'process.database.cgroup.cpu.max': '150000 100000',
    'process.database.cgroup.cpu.weight': '50',
  })
})

test('modules, arm processors, scheduler features', () => {
  const { facts } = parse(
    dumpOf('/proc/modules', 'nfs 1 0 - Live 0x0\nzfs 2 1 spl, Live 0x0 (POE)') +
      dumpOf('/proc/cpuinfo', 'processor\t: 0\nFeatures\t: fp asimd\nCPU part\t: 0xd0c\nprocessor\t: 1\n') +
      dumpOf('/sys/kernel/debug/sched/features', 'GENTLE_FAIR_SLEEPERS NO_HRTICK\n') +
      dumpOf('/sys/kernel/debug/sched/latency_ns', '18000000'),
  )
  expect(facts).toEqual({
    'module.nfs': 'loaded',
    'module.zfs': 'loaded (POE)',
    'cpu.model': '0xd0c',
    'cpu.count': '2',
    'sched.features': 'GENTLE_FAIR_SLEEPERS NO_HRTICK',
    'sched.latency_ns': '18000000',
  })
})

test('settings do not change from one look to the next', () => {
  const first = dumpSysctls(localFiles())
  // The kernel itself lowers the sample rate of perf on a busy host.
  const settled = ({ dump }: typeof first): string => dump.replace(/.*perf_event_max_sample_rate.*\n/, '')
  expect(settled(dumpSysctls(localFiles()))).toEqual(settled(first))
  expect(first.complete).toBe(true)
  const { facts, stats } = parse(first.dump)
  expect(stats.bad).toBe(0)
  expect(facts['sysctl.vm.swappiness']).toBe(readFileSync('/proc/sys/vm/swappiness', 'utf8').trim())
  expect(Object.keys(facts).filter((key) => /dentry-state|stat_refresh|uuid/.test(key))).toEqual([])
})

test('a target is read as it is', () => {
  const { facts, stats } = parse(dumpTarget(localFiles(), process.pid))
  expect(stats.bad).toBe(0)
  const keys = Object.keys(facts).map((key) => key.replace(/^process\..*?\.(?=executable$|limit|cgroup)/, ''))
  expect(keys).toEqual(expect.arrayContaining(['executable', 'limit.open-files', 'cgroup']))
})

test('what is broken is left out', () => {
  const { facts } = parse(golden)
  const broken = parse(
    Buffer.concat([
      Buffer.from('\xff\n/sys/fs/cgroup/x\0orphan\n/etc/unknown\0x\n'),
      golden,
      Buffer.from('/proc/cmdli'),
    ]),
  )
  expect(broken.facts).toEqual(facts)
  expect(broken.stats.bad).toBe(4)
})
