/** What a host is and allows: the part of `quarry doctor` that no single component asks about. */
import { lackingCapabilities } from './capabilities.ts'
import { isRoot, kernelConfig, tracefsOf } from './needs.ts'
import type { Node } from '../plugin/node.ts'

export interface HostFact {
  readonly name: string
  readonly value: string
  /** Null when it is neither good nor bad. */
  readonly ok: boolean | null
  /** What it costs, or how to change it. */
  readonly note?: string
}

const plain = (name: string, value: string, note?: string): HostFact => fact(name, value, null, note)
const good = (name: string, value: string): HostFact => fact(name, value, true)
const bad = (name: string, value: string, note: string): HostFact => fact(name, value, false, note)
const yesNo = (name: string, ok: boolean, note: string): HostFact =>
  ok ? good(name, 'yes') : bad(name, 'no', note)

function fact(name: string, value: string, ok: boolean | null, note?: string): HostFact {
  return { name, value, ok, ...(note === undefined ? {} : { note }) }
}

/** Facts of a node, read from its files: nothing is mounted, opened or tried. */
export async function hostFacts(node: Node): Promise<HostFact[]> {
  const { files } = node
  const config = await kernelConfig(node)
  return [
    plain('kernel', line(node, '/proc/sys/kernel/osrelease') ?? 'unknown'),
    plain('distribution', distribution(node)),
    plain('processors', processors(node)),
    plain('memory', memory(node)),
    plain('clock source', clockSource(node)),
    privileges(node),
    perfEvents(node),
    ptraceScope(node),
    tracefs(node),
    yesNo('BTF', files.count('/sys/kernel/btf') !== undefined, 'bpftrace cannot read kernel structures'),
    yesNo('kprobes', hasKprobes(node, config), 'bpftrace and ftrace have only tracepoints'),
    pressure(node, config),
    cgroups(node),
    yesNo('timer list', readable(node, '/proc/timer_list'), 'timers cannot be listed; run as root'),
    yesNo(
      'slab statistics',
      readable(node, '/proc/slabinfo'),
      'kernel caches cannot be told apart; run as root',
    ),
    kvm(node),
  ]
}

const line = ({ files }: Node, path: string): string | undefined => files.text(path)?.trim()
const readable = ({ files }: Node, path: string): boolean => files.text(path) !== undefined

function distribution(node: Node): string {
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(node.files.text('/etc/os-release') ?? '')?.[1] ?? 'unknown'
  const debian = line(node, '/etc/debian_version')
  return debian === undefined
    ? `${name}; not Debian, so tools are named and not installed`
    : `${name}, ${debian}`
}

function processors({ files }: Node): string {
  const info = files.text('/proc/cpuinfo') ?? ''
  const model = /^model name\s*:\s*(.*)$/m.exec(info)?.[1]
  const count = info.match(/^processor\s*:/gm)?.length
  return count === undefined ? 'unknown' : `${count}${model === undefined ? '' : ` x ${model}`}`
}

function memory({ files }: Node): string {
  const kilobytes = /^MemTotal:\s*(\d+)/m.exec(files.text('/proc/meminfo') ?? '')?.[1]
  return kilobytes === undefined ? 'unknown' : `${(Number(kilobytes) / 2 ** 20).toFixed(1)} GiB`
}

const clockSource = (node: Node): string =>
  line(node, '/sys/devices/system/clocksource/clocksource0/current_clocksource') ?? 'unknown'

function privileges(node: Node): HostFact {
  const name = 'privileges'
  if (!isRoot(node)) return bad(name, 'not root', 'most collectors need root: sudo ./quarry ...')
  const lacking = lackingCapabilities(node.files.text('/proc/self/status') ?? '')
  const least = 'the kernel grants it less than to root'
  if (lacking.length > 0) return bad(name, `root without ${lacking.join(', ')}`, least)
  const contained = !/^\s*0\s+0\s+4294967295/.test(node.files.text('/proc/self/uid_map') ?? '')
  return contained ? bad(name, 'root of a user namespace', least) : good(name, 'root with all capabilities')
}

function perfEvents(node: Node): HostFact {
  const name = 'perf_event_paranoid'
  const value = line(node, '/proc/sys/kernel/perf_event_paranoid')
  if (value === undefined) return bad(name, 'no perf events', 'no profiles on this kernel')
  if (isRoot(node) || Number(value) <= 1) return good(name, value)
  return bad(name, value, 'sysctl kernel.perf_event_paranoid=1, or run as root')
}

function ptraceScope(node: Node): HostFact {
  const name = 'ptrace_scope'
  const value = line(node, '/proc/sys/kernel/yama/ptrace_scope')
  if (value === undefined) return good(name, 'not restricted')
  if (value === '3') return bad(name, value, 'no ptrace until the next boot: no strace, no gdb')
  if (value === '0' || isRoot(node)) return good(name, value)
  return bad(name, value, 'sysctl kernel.yama.ptrace_scope=0, or run as root')
}

function tracefs(node: Node): HostFact {
  const name = 'tracefs'
  const path = tracefsOf(node)
  if (path !== undefined) return good(name, `mounted at ${path}`)
  const known = /^nodev\s+tracefs$/m.test(node.files.text('/proc/filesystems') ?? '')
  if (!known) return bad(name, 'no', 'this kernel was built without tracing')
  const mount = 'mount -t tracefs tracefs /sys/kernel/tracing'
  return isRoot(node)
    ? good(name, 'not mounted; mounted for as long as it is needed')
    : bad(name, 'not mounted', mount)
}

function hasKprobes({ files }: Node, config: string | undefined): boolean {
  if (files.count('/sys/bus/event_source/devices/kprobe') !== undefined) return true
  return config !== undefined && /^CONFIG_KPROBES=y/m.test(config)
}

function pressure(node: Node, config: string | undefined): HostFact {
  const built = config !== undefined && /^CONFIG_PSI=y/m.test(config)
  const remedy = built ? 'boot the kernel with psi=1' : 'use a kernel with CONFIG_PSI=y'
  return yesNo('pressure (PSI)', readable(node, '/proc/pressure/cpu'), remedy)
}

function cgroups(node: Node): HostFact {
  const name = 'cgroups'
  if (readable(node, '/sys/fs/cgroup/cgroup.controllers')) return plain(name, 'version 2')
  const hybrid = readable(node, '/sys/fs/cgroup/unified/cgroup.controllers')
  if (hybrid) return plain(name, 'version 1, with version 2 beside it')
  return plain(name, node.files.list('/sys/fs/cgroup').length > 0 ? 'version 1' : 'none')
}

function kvm({ files }: Node): HostFact {
  const present = files.list('/dev').includes('kvm')
  return present
    ? plain('KVM', '/dev/kvm is there', 'whether a machine boots with it shows only when one does')
    : plain('KVM', 'no', 'virtual machines are emulated, about ten times slower')
}
