import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Need } from '../plugin/need.ts'
import type { FileView, Node } from '../plugin/node.ts'
import { lackingCapabilities } from './capabilities.ts'
import { localNode } from './local.ts'
import { checkNeeds } from './needs.ts'

let scratch = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'needs-'))
})
afterAll(() => rm(scratch, { recursive: true }))

const host = (): Node => localNode({ run: 'needs-test', group: 'local', ordinal: 0, scratch })

/** This host with some of its files replaced: how another host looks through the same view. */
function hostWith(texts: Readonly<Record<string, string | undefined>>): Node {
  const node = host()
  const files: FileView = {
    text: (path) => (Object.hasOwn(texts, path) ? texts[path] : node.files.text(path)),
    list: (path) => node.files.list(path),
    link: (path) => node.files.link(path),
    count: (path) => node.files.count(path),
  }
  return { ...node, files, readFile: (path) => Promise.reject(new Error(`no ${path}`)) }
}

const explain = async (node: Node, needs: readonly Need[]): Promise<string[]> =>
  (await checkNeeds(node, needs)).map(({ why, remedy }) => `${why}: ${remedy}`)

const user = 'Name:\tx\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n'
const contained = 'Name:\tx\nUid:\t0\t0\t0\t0\nCapEff:\t00000000a80425fb\n'

describe('checkNeeds', () => {
  test('says what is missing and what to type on Debian', async () => {
    const needs: Need[] = [
      { type: 'tool', name: 'sh', package: 'dash' },
      { type: 'tool', name: 'no-such-tool', package: 'no-such-package' },
      { type: 'file', path: '/proc/meminfo', remedy: 'nothing' },
      { type: 'file', path: '/proc/no-such-file', remedy: 'boot with it=1' },
    ]
    expect(await explain(hostWith({ '/etc/debian_version': '12.11' }), needs)).toEqual([
      'the program no-such-tool is not installed: apt-get install -y no-such-package',
      '/proc/no-such-file does not exist: boot with it=1',
    ])
  })

  test('names the tool on a host without apt', async () => {
    const node = hostWith({ '/etc/debian_version': undefined })
    expect(await explain(node, [{ type: 'tool', name: 'no-such-tool', package: 'some-package' }])).toEqual([
      'the program no-such-tool is not installed: install the program no-such-tool with the package manager of this host (Debian has it in some-package)',
    ])
  })

  test('tells a user from root, and root from a container that dropped capabilities', async () => {
    const needs: Need[] = [{ type: 'root' }, { type: 'capability', name: 'CAP_SYS_PTRACE' }]
    expect(await explain(hostWith({ '/proc/self/status': user }), needs)).toEqual([
      'it works only as root: run quarry as root: sudo ./quarry ...',
      'this process lacks the capability CAP_SYS_PTRACE: run quarry as root: sudo ./quarry ...',
    ])
    expect(await explain(hostWith({ '/proc/self/status': contained }), needs)).toEqual([
      'this process lacks the capability CAP_SYS_PTRACE: give the container or service CAP_SYS_PTRACE, such as docker run --cap-add SYS_PTRACE',
    ])
    // The default capabilities of a Docker container have neither of these.
    expect(lackingCapabilities(contained)).toEqual(expect.arrayContaining(['CAP_SYS_ADMIN', 'CAP_BPF']))
  })

  test('tracefs may be unmounted for those who can mount it', async () => {
    const unmounted = { '/proc/self/mounts': '', '/proc/filesystems': 'nodev\ttracefs\n' }
    const needs: Need[] = [{ type: 'tracefs' }, { type: 'tracepoint', name: 'sched:sched_switch' }]
    const root = user.replaceAll('1000', '0').replace('0000000000000000', '000001ffffffffff')
    expect(await explain(hostWith({ ...unmounted, '/proc/self/status': root }), needs)).toEqual([])
    expect(await explain(hostWith({ ...unmounted, '/proc/self/status': user }), needs)).toEqual([
      'tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing',
      'tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing',
    ])
    expect(await explain(hostWith({ ...unmounted, '/proc/filesystems': '' }), [{ type: 'tracefs' }])).toEqual(
      ['the kernel has no tracefs: boot a kernel with CONFIG_FTRACE=y'],
    )
  })

  test('reads the configuration of the kernel where there is one', async () => {
    const release = host().files.text('/proc/sys/kernel/osrelease')?.trim() ?? ''
    const node = hostWith({ [`/boot/config-${release}`]: 'CONFIG_PSI=y\n# CONFIG_KPROBES is not set\n' })
    const options: Need[] = [
      { type: 'kernel', option: 'CONFIG_PSI' },
      { type: 'kernel', option: 'CONFIG_KPROBES' },
    ]
    expect(await explain(node, options)).toEqual([
      'the kernel was built without CONFIG_KPROBES: use a kernel with CONFIG_KPROBES=y',
    ])
    const silent = { [`/boot/config-${release}`]: undefined, [`/lib/modules/${release}/config`]: undefined }
    expect(await explain(hostWith(silent), options)).toEqual([])
  })

  test('a need of a target is no defect of the host', async () => {
    const needs: Need[] = [{ type: 'target', what: 'jvm' }]
    expect(await checkNeeds(host(), needs)).toEqual([])
    const self = { node: 'local/0', pid: process.pid, comm: 'node', commandLine: 'node', why: 'test' }
    expect(await checkNeeds(host(), [{ type: 'target', what: 'any' }], [self])).toEqual([])
    expect(await checkNeeds(host(), needs, [self])).toMatchObject([
      { why: 'the symptom points at no Java virtual machine on this node' },
    ])
  })
})
