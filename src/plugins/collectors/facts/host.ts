/** What is read of the host, and the fact that each file gives. */
import { dumpFiles, dumpOf } from '../../../plugin/file-dump.ts'
import type { FileView } from '../../../plugin/node.ts'

const CPU = '/sys/devices/system/cpu'
const CLOCKSOURCE = '/sys/devices/system/clocksource/clocksource0'
const HUGE_PAGES = '/sys/kernel/mm/transparent_hugepage'

/** Files whose whole text is one fact. */
export const plainFacts: Readonly<Record<string, string>> = {
  '/proc/cmdline': 'kernel.cmdline',
  '/proc/sys/kernel/osrelease': 'kernel.release',
  '/proc/sys/kernel/version': 'kernel.version',
  [`${CPU}/online`]: 'cpu.online',
  [`${CPU}/isolated`]: 'cpu.isolated',
  [`${CPU}/smt/active`]: 'cpu.smt',
  [`${CPU}/cpu0/cpufreq/scaling_governor`]: 'cpu.governor',
  [`${CPU}/cpuidle/current_driver`]: 'cpu.idle-driver',
  [`${CLOCKSOURCE}/current_clocksource`]: 'clocksource.current',
  [`${CLOCKSOURCE}/available_clocksource`]: 'clocksource.available',
  [`${HUGE_PAGES}/enabled`]: 'memory.transparent-huge-pages',
  [`${HUGE_PAGES}/defrag`]: 'memory.transparent-huge-pages-defrag',
  '/sys/class/dmi/id/sys_vendor': 'host.vendor',
  '/sys/class/dmi/id/product_name': 'host.product',
  '/sys/class/dmi/id/bios_version': 'host.firmware',
  '/sys/hypervisor/type': 'host.hypervisor',
  '/sys/kernel/security/lsm': 'security.modules',
  '/sys/kernel/debug/sched/features': 'sched.features',
  '/sys/kernel/debug/sched_features': 'sched.features',
  '/sys/kernel/debug/sched/preempt': 'sched.preempt',
}

/** Files whose facts are named by a part of their path. */
export const namedFacts: readonly (readonly [path: RegExp, key: string])[] = [
  [/^\/sys\/block\/([^/]+)\/queue\/(scheduler|rotational|nr_requests|read_ahead_kb|write_cache)$/, 'block.'],
  [/^\/sys\/block\/([^/]+)\/device\/(model)$/, 'block.'],
  [/^\/sys\/class\/net\/([^/]+)\/(mtu|tx_queue_len|speed)$/, 'net.'],
  [/^\/sys\/kernel\/debug\/sched\/([a-z_]+_ns|tunable_scaling)$/, 'sched.'],
  [/^\/sys\/devices\/system\/cpu\/vulnerabilities\/([^/]+)$/, 'cpu.vulnerability.'],
]

/** Files that are taken apart by the parser. */
const STRUCTURED = ['/proc/cpuinfo', '/proc/meminfo', '/proc/modules', '/proc/stat', '/etc/os-release']
const SCHED_TUNABLES = [
  'base_slice_ns',
  'latency_ns',
  'min_granularity_ns',
  'wakeup_granularity_ns',
  'tunable_scaling',
]
const QUEUE = [
  'queue/scheduler',
  'queue/rotational',
  'queue/nr_requests',
  'queue/read_ahead_kb',
  'queue/write_cache',
]
/** Daemons that set the clock, by their command names (which are cut at 15 characters). */
const TIME_DAEMONS = /^(?:chronyd|ntpd|ntpsec|openntpd|ptp4l|phc2sys|systemd-timesyn)$/

/** Dump of all that is read of the host, without sysctls. */
export function dumpHost(files: FileView): string {
  const disks = files.list('/sys/block').filter((name) => !/^(?:loop|ram|zram|sr|fd)\d/.test(name))
  const interfaces = files.list('/sys/class/net').filter((name) => name !== 'lo' && !name.startsWith('veth'))
  const counters = files.list('/proc').filter((name) => /^\d+$/.test(name))
  const daemons = new Set(counters.map((pid) => files.text(`/proc/${pid}/comm`)?.trim() ?? ''))
  return [
    dumpFiles(files, [
      ...Object.keys(plainFacts),
      ...SCHED_TUNABLES.map((name) => `/sys/kernel/debug/sched/${name}`),
      ...files.list(`${CPU}/vulnerabilities`).map((name) => `${CPU}/vulnerabilities/${name}`),
      ...disks.flatMap((disk) => [...QUEUE, 'device/model'].map((file) => `/sys/block/${disk}/${file}`)),
      ...interfaces.flatMap((name) =>
        ['mtu', 'tx_queue_len', 'speed'].map((file) => `/sys/class/net/${name}/${file}`),
      ),
      ...STRUCTURED,
    ]),
    dumpOf(
      '@time-daemons',
      [...daemons]
        .filter((name) => TIME_DAEMONS.test(name))
        .toSorted()
        .join(' ') || 'none',
    ),
    dumpOf('@mounts', String(files.text('/proc/self/mountinfo')?.trimEnd().split('\n').length ?? 0)),
  ].join('')
}
