/** Ports that processes use, from procfs. */
import type { FileView } from '../../../plugin/node.ts'

const TABLES = ['tcp', 'tcp6', 'udp', 'udp6']
/** More of them make a filter that the kernel does not take. */
const MOST_PORTS = 64

/**
 * Ports of the sockets of the processes, ascending: local ones of listeners and servers, and the remote ones of clients.
 * At most 64; listening ports first.
 */
export function portsOf(files: FileView, pids: readonly number[]): readonly number[] {
  const listening = new Set<number>()
  const rest = new Set<number>()
  for (const pid of pids) {
    const inodes = new Set(
      files
        .list(`/proc/${pid}/fd`)
        .map((fd) => /^socket:\[(\d+)\]$/.exec(files.link(`/proc/${pid}/fd/${fd}`) ?? '')?.[1]),
    )
    if (inodes.size === 0) continue
    for (const table of TABLES) {
      for (const line of files.text(`/proc/${pid}/net/${table}`)?.split('\n').slice(1) ?? []) {
        const [, local = '', remote = '', state, , , , , , inode] = line.trim().split(/\s+/)
        if (inode === undefined || !inodes.has(inode)) continue
        const port = portOf(local)
        // TCP_LISTEN, or a UDP socket that is not connected.
        if (state === '0A' || portOf(remote) === 0) listening.add(port)
        else {
          rest.add(port)
          rest.add(portOf(remote))
        }
      }
    }
  }
  // The local port of a connection that was accepted is the listener's, and so is that of its peer here.
  const chosen = [...listening, ...[...rest].filter((port) => !listening.has(port))]
  return chosen
    .filter((port) => port > 0)
    .slice(0, MOST_PORTS)
    .toSorted((a, b) => a - b)
}

const portOf = (address: string): number => Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16)
