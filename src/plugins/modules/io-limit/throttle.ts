/**
 * Control groups with a limit on one device. In version 2 the limit is `io.max`
 * (Documentation/admin-guide/cgroup-v2.rst); where the block controller is still that of version 1, it is
 * `blkio.throttle.*` (cgroup-v1/blkio-controller.rst), which does not see what is written back later from the page cache.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { EnvironmentError } from '../../../base/errors.ts'
import type { Node } from '../../../plugin/node.ts'
import type { UndoLedger } from '../../../plugin/undo.ts'

/** Bytes and operations per second; what is left out is not limited. */
export interface Limits {
  readonly read_bps?: number | undefined
  readonly write_bps?: number | undefined
  readonly read_iops?: number | undefined
  readonly write_iops?: number | undefined
}

const V2_KEYS = { read_bps: 'rbps', write_bps: 'wbps', read_iops: 'riops', write_iops: 'wiops' } as const

interface Hierarchy {
  readonly version: 1 | 2
  /** Where it is mounted. */
  readonly root: string
}

/** The hierarchy that the block controller of a node is in; throws an EnvironmentError when there is none. */
export function blockController({ files }: Node): Hierarchy {
  for (const mount of (files.text('/proc/self/mounts') ?? '').split('\n')) {
    const [, root = '', type, options = ''] = mount.split(' ')
    if (type === 'cgroup' && options.split(',').includes('blkio')) return { version: 1, root }
    const controllers = type === 'cgroup2' ? files.text(join(root, 'cgroup.controllers')) : undefined
    if (controllers?.trim().split(' ').includes('io') === true) return { version: 2, root }
  }
  throw new EnvironmentError('no control group hierarchy of this host has the controller of block devices', {
    code: 'QUARRY_NO_IO_CONTROLLER',
    remedy: 'boot a kernel with CONFIG_BLK_CGROUP and CONFIG_BLK_DEV_THROTTLING, without cgroup_disable=io',
  })
}

/** The group, in a hierarchy, that a process is in, as a path; undefined when the process is gone. */
export function groupOf({ files }: Node, { version, root }: Hierarchy, pid: number): string | undefined {
  const line = (files.text(`/proc/${pid}/cgroup`) ?? '').split('\n').find((text) => {
    const [, controllers = ''] = text.split(':')
    return version === 2 ? text.startsWith('0::') : controllers.split(',').includes('blkio')
  })
  const path = line?.split(':').slice(2).join(':')
  return path === undefined ? undefined : join(root, path).replace(/\/$/, '')
}

/** Takes processes from the group `from` into one of their own with the limits. Disposing puts them back. */
export async function throttle(
  node: Node,
  { version, root }: Hierarchy,
  device: string,
  limits: Limits,
  { from, pids }: { readonly from: string; readonly pids: readonly number[] },
  ledger: UndoLedger,
): Promise<AsyncDisposable> {
  // In version 2 a group with members has no groups below it with controllers, unless it is the root.
  const path = join(version === 2 ? root : from, `quarry-io-${randomBytes(8).toString('hex')}`)
  await using stack = new AsyncDisposableStack()
  if (version === 2) {
    const control = join(root, 'cgroup.subtree_control')
    if (node.files.text(control)?.split(/\s/).includes('io') !== true) {
      // Undone with the run: another limit that began meanwhile is not to be lost with this one.
      await ledger.record({ type: 'restore', path: control, content: '-io' })
      await write(node, control, '+io')
    }
  }
  stack.use(await ledger.record({ type: 'control-group', path, from }))
  // Here too, for a node that is not this host. A member may start another between being seen and being moved.
  const back =
    'for i in 1 2 3; do for p in $(cat "$1/cgroup.procs"); do echo $p >"$2/cgroup.procs"; done; rmdir "$1" && exit; done'
  stack.defer(async () => void (await node.run(['sh', '-c', back, 'sh', path, from])))
  await node.run(['mkdir', path])
  for (const [file, line] of settings(version, device, limits)) await write(node, join(path, file), line)
  for (const pid of pids) {
    // One that has ended meanwhile is no matter.
    await write(node, join(path, 'cgroup.procs'), String(pid)).catch((error: unknown) => {
      if (node.files.text(`/proc/${pid}/stat`) !== undefined) throw error
    })
  }
  const owned = stack.move()
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Files of the group with what is written to them. */
export function settings(version: 1 | 2, device: string, limits: Limits): [file: string, line: string][] {
  const set = Object.entries(limits).filter(([, limit]) => limit !== undefined)
  if (version === 1)
    return set.map(([name, limit]) => [`blkio.throttle.${name}_device`, `${device} ${limit}`])
  const words = set.map(([name, limit]) => `${V2_KEYS[name as keyof Limits]}=${limit}`)
  return [['io.max', [device, ...words].join(' ')]]
}

async function write(node: Node, path: string, line: string): Promise<void> {
  const { ok, stderr } = await node.run(['sh', '-c', 'echo "$2" >"$1"', 'sh', path, line])
  if (ok) return
  throw new EnvironmentError(`cannot limit I/O on ${node.name}: ${stderr.trim().slice(-300)}`, {
    code: 'QUARRY_IO_LIMIT',
    remedy: 'run quarry as root, on a host whose control groups are its own: sudo ./quarry ...',
  })
}
