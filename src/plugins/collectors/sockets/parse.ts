/** Output of `ss -HanpeO` to rows of `sockets` (ss(8); the forms of iproute2 3.16 to 6.x). */
import type { Row } from '../../../model/tables.ts'
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'

/** Addresses and paths have some hundred characters at most; only the owners after them can be many. */
const LONGEST_HEAD = 600
const DETAILS = /\s(?=users:\(|timer:\(|uid:|ino:|sk:|peers:|<->|-->|<--|---)/

/** Parses one socket per line: one row for each owner, or one without an owner. */
export function socketsParser(rows: RowSink): Parser {
  return lineParser(rows, (sink) => ({
    line(line) {
      const start = DETAILS.exec(line)?.index ?? line.length
      const details = line.slice(start).trim()
      const match =
        start > LONGEST_HEAD
          ? null
          : /^(\S+)\s+(\S+)\s+(\d{1,18})\s+(\d{1,18})\s+(\S.*)$/.exec(line.slice(0, start).trimEnd())
      if (match === null) return false
      const [, netid = '', state = '', received = '', sent = '', ends = ''] = match
      const known = netid.startsWith('u_') ? unixEnds(ends) : internetEnds(netid, ends, details)
      if (known === undefined) return false
      const row: Row<'sockets'> = {
        ...known,
        state,
        recv_queue: BigInt(received),
        send_queue: BigInt(sent),
      }
      const owners = ownersIn(details)
      if (owners.length === 0) sink.add('sockets', row)
      for (const owner of owners) sink.add('sockets', { ...row, ...owner })
      return true
    },
  }))
}

type Owner = Pick<Row<'sockets'>, 'pid' | 'fd' | 'comm'>
type Ends = Pick<Row<'sockets'>, 'protocol' | 'local' | 'remote' | 'inode' | 'timer'>

/** `LOCAL REMOTE`, and of the details `timer:(...)`, `ino:N` and `v6only:N`. */
function internetEnds(netid: string, ends: string, details: string): Ends | undefined {
  const [local, remote, ...more] = ends.split(/\s+/)
  if (local === undefined || remote === undefined || more.length > 0) return undefined
  if (!local.includes(':') || !remote.includes(':')) return undefined
  // A socket for both families has the local address `*`, as IPv4 wildcards had before iproute2 4.14.
  const six = local.startsWith('[') || local.startsWith(':::') || details.includes(' v6only:')
  const [, inode = '0'] = /(?:^|\s)ino:(\d{1,18})(?:\s|$)/.exec(details) ?? []
  const [, timer] = /(?:^|\s)timer:\(([^)]{1,60})\)/.exec(details) ?? []
  return {
    protocol: six ? `${netid}6` : netid,
    local,
    remote,
    ...(inode === '0' ? {} : { inode: BigInt(inode) }),
    ...(timer === undefined ? {} : { timer: timer.replaceAll(',', ' ') }),
  }
}

// A path may hold blanks and numbers; a peer is mostly `*`, which tells where the path ends.
const WITHOUT_PEER = /^(.+)\s(\d{1,18})\s+(\*)\s(\d{1,18})$/
const WITH_PEER = /^(.+?)\s(\d{1,18})\s+(.+?)\s(\d{1,18})$/

/** `PATH INODE PEER-PATH PEER-INODE`, where `*` is no path. */
function unixEnds(ends: string): Ends | undefined {
  const match = WITHOUT_PEER.exec(ends) ?? WITH_PEER.exec(ends)
  if (match === null) return undefined
  const [, local = '', inode = '', peer = '', peerInode = ''] = match
  const remote = peer === '*' ? (peerInode === '0' ? '' : `inode:${peerInode}`) : peer
  return { protocol: 'unix', local: local === '*' ? '' : local, remote, inode: BigInt(inode) }
}

/** `users:(("name",pid=1,fd=3),("name",pid=2,fd=3))`, and `("name",1,3)` of old; a name may hold anything. */
function ownersIn(details: string): Owner[] {
  if (!details.includes('users:(')) return []
  const owners = details.matchAll(
    /\("(.{0,64}?)",(?:pid=)?(\d{1,10}),(?:[a-z_]{1,16}=[^,)]{0,128},){0,4}(?:fd=)?(\d{1,10})\)/g,
  )
  return [...owners].map(([, comm = '', pid, fd]) => ({ comm, pid: Number(pid), fd: Number(fd) }))
}
