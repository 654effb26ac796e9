/** Output of `ss -HanpeO` to rows of `sockets` (ss(8); the forms of iproute2 3.16 to 6.x). */
import type { Row } from '../../../model/tables.ts'
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'

/** Parses one socket per line: one row for each owner, or one without an owner. */
export function socketsParser(rows: RowSink): Parser {
  return lineParser(rows, (sink) => ({
    line(line) {
      const match = /^(\S+)\s+(\S+)\s+(\d{1,18})\s+(\d{1,18})\s+(\S.*)$/.exec(line)
      if (match === null) return false
      const [, netid = '', state = '', received = '', sent = '', rest = ''] = match
      const ends = netid.startsWith('u_') ? unixEnds(rest) : internetEnds(netid, rest)
      if (ends === undefined) return false
      const { owners, ...columns } = ends
      const row: Row<'sockets'> = {
        ...columns,
        state,
        recv_queue: BigInt(received),
        send_queue: BigInt(sent),
      }
      if (owners.length === 0) sink.add('sockets', row)
      for (const owner of owners) sink.add('sockets', { ...row, ...owner })
      return true
    },
  }))
}

type Owner = Pick<Row<'sockets'>, 'pid' | 'fd' | 'comm'>
type Ends = Pick<Row<'sockets'>, 'protocol' | 'local' | 'remote' | 'inode' | 'timer'> & {
  readonly owners: readonly Owner[]
}

/** `LOCAL REMOTE [users:(...)] [timer:(...)] [uid:N] ino:N sk:X ...` */
function internetEnds(netid: string, rest: string): Ends | undefined {
  const match = /^(\S+:\S+)\s+(\S+:\S+)(?:\s+(.*))?$/.exec(rest)
  if (match === null) return undefined
  const [, local = '', remote = '', details = ''] = match
  // A socket for both families has the local address `*`, as IPv4 wildcards had before iproute2 4.14.
  const six = local.startsWith('[') || local.startsWith(':::') || / v6only:/.test(details)
  const [, inode = '0'] = /(?:^|\s)ino:(\d{1,18})(?:\s|$)/.exec(details) ?? []
  const [, timer] = /(?:^|\s)timer:\(([^)]*)\)/.exec(details) ?? []
  return {
    protocol: six ? `${netid}6` : netid,
    local,
    remote,
    ...(inode === '0' ? {} : { inode: BigInt(inode) }),
    ...(timer === undefined ? {} : { timer: timer.replaceAll(',', ' ') }),
    owners: ownersIn(details),
  }
}

// A path may hold blanks and numbers; a peer is mostly `*`, which tells where the path ends.
const UNIX_DETAILS = String.raw`(?:\s+((?:users:|ino:|uid:|peers:|[<-]-).*))?\s*$`
const UNIX_WITHOUT_PEER = new RegExp(String.raw`^(.+)\s(\d{1,18})\s+(\*)\s(\d{1,18})${UNIX_DETAILS}`)
const UNIX_WITH_PEER = new RegExp(String.raw`^(.+?)\s(\d{1,18})\s+(.+?)\s(\d{1,18})${UNIX_DETAILS}`)

/** `PATH INODE PEER-PATH PEER-INODE [users:(...)] ...`, where `*` is no path. */
function unixEnds(rest: string): Ends | undefined {
  const match = UNIX_WITHOUT_PEER.exec(rest) ?? UNIX_WITH_PEER.exec(rest)
  if (match === null) return undefined
  const [, local = '', inode = '', peer = '', peerInode = '', details = ''] = match
  const remote = peer === '*' ? (peerInode === '0' ? '' : `inode:${peerInode}`) : peer
  return {
    protocol: 'unix',
    local: local === '*' ? '' : local,
    remote,
    inode: BigInt(inode),
    owners: ownersIn(details),
  }
}

/** `users:(("name",pid=1,fd=3),("name",pid=2,fd=3))`, and `("name",1,3)` of old; a name may hold anything. */
function ownersIn(details: string): Owner[] {
  if (!details.includes('users:(')) return []
  const owners = details.matchAll(/\("(.*?)",(?:pid=)?(\d{1,10}),(?:[a-z_]+=[^,)]*,)*(?:fd=)?(\d{1,10})\)/g)
  return [...owners].map(([, comm = '', pid, fd]) => ({ comm, pid: Number(pid), fd: Number(fd) }))
}
