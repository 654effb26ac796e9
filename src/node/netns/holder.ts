/**
 * A process that keeps a network, mount and host name namespace alive, and does nothing else. Namespaces without a name
 * end with the last process in them, and the interfaces in them with that: what undoes the processes of a run undoes
 * its networks, and neither files nor mounts are left on the host (network_namespaces(7), mount_namespaces(7)).
 */
import { EnvironmentError } from '../../base/errors.ts'
import { processStat, signalProcess, type ProcessIdentity } from '../../base/process-tree.ts'
import { startProcess } from '../../base/process.ts'

export interface HolderOptions {
  /** Every process that is started for a run carries it as QUARRY_RUN. */
  readonly run: string
  readonly hostname: string
  /** A directory that exists, for what is made and removed while the namespaces are set up. */
  readonly scratch: string
  /** Lines of `ip -batch`, run inside. */
  readonly links: readonly string[]
  /** Stands at the place of /etc/hosts inside. */
  readonly hostsFile?: string
  /** Whether it may outlive this process. */
  readonly outlives: boolean
}

/** Disposing ends the process. */
export interface Holder extends ProcessIdentity, AsyncDisposable {
  /** Words in front of a command that has to run inside, in a directory. */
  enter(directory: string): readonly string[]
}

// The sysfs of a network namespace shows its interfaces; only these two directories of it are laid over that of the
// host, so that what is mounted below /sys is still there. The name is for whoever looks at a list of processes; a
// `pkill sleep` in a workload must not hit it.
const SCRIPT = `
set -e
echo "$1" >/proc/sys/kernel/hostname
mkdir "$2/sys"
mount -t sysfs sysfs "$2/sys"
mount --bind "$2/sys/class/net" /sys/class/net
mount --bind "$2/sys/devices/virtual/net" /sys/devices/virtual/net
umount "$2/sys"
rmdir "$2/sys"
[ -z "$3" ] || mount --bind "$3" /etc/hosts
ip -batch - >&2
mkfifo "$2/hold"
exec 9<>"$2/hold"
rm "$2/hold"
echo quarry-node >/proc/$$/comm
echo ready
exec >/dev/null 2>&1
read -r _ <&9
`

/** Makes the namespaces; rejects with an EnvironmentError when the kernel or a tool refuses. */
export async function holdNamespaces(options: HolderOptions): Promise<Holder> {
  const { run, hostname, scratch, links, hostsFile = '', outlives } = options
  // Not bound to a signal: after an abort the services of the node are still stopped, and their files collected.
  const running = await startProcess([...UNSHARE, 'sh', '-c', SCRIPT, 'sh', hostname, scratch, hostsFile], {
    env: { QUARRY_RUN: run },
    input: `${links.join('\n')}\n`,
    cwd: scratch,
    outlives,
  })
  await using stack = new AsyncDisposableStack()
  stack.use(running)
  if (!(await saysReady(running.stdout))) {
    const { stderr } = await running.done
    throw new EnvironmentError(`cannot make network namespace ${hostname}: ${stderr.trim().slice(-500)}`, {
      code: 'QUARRY_NETNS',
      remedy:
        'run quarry as root: sudo ./quarry ...; in a container, start that with docker run --privileged',
    })
  }
  stack.move()
  const { pid } = running
  const started = processStat(pid)?.started ?? ''
  return {
    pid,
    started,
    enter: (directory) => enterNamespaces(pid, directory),
    [Symbol.asyncDispose]: async () => {
      // It has nothing to put in order and no children, which `stop` would look for among all processes.
      signalProcess({ pid, started }, 'SIGKILL')
      await running.done
    },
  }
}

/** Words in front of a command that has to run in the namespaces of a process, in a directory. */
export const enterNamespaces = (pid: number, directory: string): readonly string[] => [
  ...nsenter(pid),
  'sh',
  '-c',
  'cd "$0" && exec "$@"',
  directory,
]

const UNSHARE = ['unshare', '--net', '--mount', '--uts', '--propagation', 'slave'] as const

const nsenter = (pid: number): readonly string[] => [
  'nsenter',
  `--target=${pid}`,
  '--net',
  '--mount',
  '--uts',
  '--',
]

async function saysReady(output: AsyncIterable<Uint8Array>): Promise<boolean> {
  let text = ''
  for await (const chunk of output) {
    text += Buffer.from(chunk).toString()
    if (text.includes('ready\n')) return true
  }
  return false
}
