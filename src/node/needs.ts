/** Whether a node has what a component needs; if not, why, and what to type. Looks only, and changes nothing. */
import { gunzipSync } from 'node:zlib'
import type { Target } from '../model/run.ts'
import { isJvm } from '../plugin/jvm.ts'
import type { Missing, Need } from '../plugin/need.ts'
import type { Node } from '../plugin/node.ts'
import { hasCapability } from './capabilities.ts'

/** The needs that the node does not meet. Without targets, needs of targets count as met: no host is to blame for them. */
export async function checkNeeds(
  node: Node,
  needs: readonly Need[],
  targets?: readonly Target[],
): Promise<Missing[]> {
  const tools = needs.flatMap((need) => (need.type === 'tool' || need.type === 'program' ? [need.name] : []))
  const absentTools = tools.length === 0 ? new Set<string>() : await absentOf(node, tools)
  const missing: Missing[] = []
  for (const need of needs) {
    const lack = await checkNeed(node, need, absentTools, targets)
    if (lack !== undefined) missing.push({ need, ...lack })
  }
  return missing
}

type Lack = Pick<Missing, 'why' | 'remedy'> | undefined

async function checkNeed(
  node: Node,
  need: Need,
  absentTools: ReadonlySet<string>,
  targets: readonly Target[] | undefined,
): Promise<Lack> {
  switch (need.type) {
    case 'tool':
      return absentTools.has(need.name) ? absentTool(node, need.name, need.package) : undefined
    case 'program':
      return absentTools.has(need.name)
        ? { why: `the program ${need.name} is not installed`, remedy: need.remedy }
        : undefined
    case 'root':
      return isRoot(node)
        ? undefined
        : { why: 'it works only as root', remedy: 'run quarry as root: sudo ./quarry ...' }
    case 'capability':
      if (hasCapability(status(node), need.name)) return undefined
      return {
        why: `this process lacks the capability ${need.name}`,
        remedy: isRoot(node)
          ? `give the container or service ${need.name}, such as docker run --cap-add ${need.name.slice('CAP_'.length)}`
          : 'run quarry as root: sudo ./quarry ...',
      }
    case 'file':
      return absentFile(node, need.path, need.remedy)
    case 'tracefs':
      return absentTracefs(node)
    case 'tracepoint':
      return absentTracepoint(node, need.name)
    case 'kernel':
      return await absentKernelOption(node, need.option)
    case 'machine':
      return node.machine === undefined
        ? { why: 'the node is no virtual machine', remedy: 'use nodes of the provisioner vm' }
        : undefined
    case 'target':
      return absentTarget(node, need.what, targets)
  }
}

const status = (node: Node): string => node.files.text('/proc/self/status') ?? ''

/** Whether they are those of something for certain targets only: its tools come with the target, not in advance. */
export const areForCertainTargets = (needs: readonly Need[]): boolean =>
  needs.some((need) => need.type === 'target' && need.what !== 'any')

/** Whether commands on the node run as root. */
export const isRoot = (node: Node): boolean => /^Uid:\s+\d+\s+0\s/m.test(status(node))

/** Whether the node installs software with apt. */
export const isDebian = (node: Node): boolean => node.files.text('/etc/debian_version') !== undefined

async function absentOf(node: Node, tools: readonly string[]): Promise<Set<string>> {
  const script = 'for tool; do command -v "$tool" >/dev/null 2>&1 || echo "$tool"; done'
  const { stdout } = await node.run(['sh', '-c', script, 'sh', ...tools])
  return new Set(stdout.split('\n').filter((line) => line !== ''))
}

function absentTool(node: Node, name: string, debianPackage: string): Lack {
  const remedy = isDebian(node)
    ? `apt-get install -y ${debianPackage}`
    : `install the program ${name} with the package manager of this host (Debian has it in ${debianPackage})`
  return { why: `the program ${name} is not installed`, remedy }
}

function absentFile({ files }: Node, path: string, remedy: string): Lack {
  if (files.text(path) !== undefined) return undefined
  const slash = path.lastIndexOf('/')
  const exists = files.list(path.slice(0, slash) || '/').includes(path.slice(slash + 1))
  return { why: exists ? `${path} cannot be read` : `${path} does not exist`, remedy }
}

/** Where tracefs is mounted, or `undefined`. */
export function tracefsOf({ files }: Node): string | undefined {
  const mounts = (files.text('/proc/self/mounts') ?? '').split('\n').map((line) => line.split(' '))
  return mounts.find(([, , type]) => type === 'tracefs')?.[1]
}

function absentTracefs(node: Node): Lack {
  if (tracefsOf(node) !== undefined) {
    const readable = node.files.list(tracefsOf(node) ?? '').length > 0
    return readable
      ? undefined
      : { why: 'tracefs cannot be read', remedy: 'run quarry as root: sudo ./quarry ...' }
  }
  if (!/^nodev\s+tracefs$/m.test(node.files.text('/proc/filesystems') ?? '')) {
    return { why: 'the kernel has no tracefs', remedy: 'boot a kernel with CONFIG_FTRACE=y' }
  }
  if (hasCapability(status(node), 'CAP_SYS_ADMIN')) return undefined
  return { why: 'tracefs is not mounted', remedy: 'mount -t tracefs tracefs /sys/kernel/tracing' }
}

function absentTracepoint(node: Node, name: string): Lack {
  const root = tracefsOf(node)
  // Unmounted, it cannot be told; the tool that wants it will.
  if (root === undefined) return absentTracefs(node)
  if (node.files.list(`${root}/events/${name.replace(':', '/')}`).length > 0) return undefined
  return (
    absentTracefs(node) ?? { why: `the kernel has no tracepoint ${name}`, remedy: 'use a kernel that has it' }
  )
}

async function absentKernelOption(node: Node, option: string): Promise<Lack> {
  const config = await kernelConfig(node)
  // A host that does not tell its configuration: the component finds out when it runs.
  if (config === undefined || new RegExp(`^${option}=[ym]`, 'm').test(config)) return undefined
  return { why: `the kernel was built without ${option}`, remedy: `use a kernel with ${option}=y` }
}

/** The configuration of the running kernel, where the host tells it. */
export async function kernelConfig(node: Node): Promise<string | undefined> {
  const release = node.files.text('/proc/sys/kernel/osrelease')?.trim() ?? ''
  const text = node.files.text(`/boot/config-${release}`) ?? node.files.text(`/lib/modules/${release}/config`)
  if (text !== undefined) return text
  try {
    return gunzipSync(await node.readFile('/proc/config.gz')).toString()
  } catch {
    return undefined
  }
}

function absentTarget({ files }: Node, what: 'jvm' | 'any', targets: readonly Target[] | undefined): Lack {
  if (targets === undefined) return undefined
  if (targets.some(({ pid }) => what === 'any' || isJvm(files, pid))) return undefined
  const kind = what === 'jvm' ? 'Java virtual machine' : 'process'
  return {
    why: `the symptom points at no ${kind} on this node`,
    remedy: 'name one in the definition, such as evidence: {targets: ["name of the program"]}, or with --pid',
  }
}
