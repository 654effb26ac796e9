/** All of /proc/sys, within bounds. */
import { dumpOf } from '../../../plugin/file-dump.ts'
import type { FileView } from '../../../plugin/node.ts'

/** More than any kernel has, apart from settings of single network interfaces, which are left out. */
const MOST = 4000
const LONGEST = 4096

/**
 * Not settings: what counts (it would differ every time), what is unique to the boot, what does something when it is
 * read (vm.stat_refresh makes every CPU work), and what another file system provides.
 */
const LEFT_OUT = new RegExp(
  `^/proc/sys/(?:${[
    String.raw`fs/(?:dentry-state|inode-state|inode-nr|file-nr|aio-nr|binfmt_misc|quota)`,
    String.raw`fs/(?:inotify|fanotify|epoll)/.*_nr`,
    String.raw`kernel/(?:random/(?:uuid|boot_id|entropy_avail)|ns_last_pid|pty/nr|tainted_by|hostname|domainname)`,
    String.raw`kernel/(?:osrelease|version|sched_domain|modprobe_count)`,
    String.raw`net/(?:netfilter/nf_conntrack_count|nf_conntrack_count)`,
    String.raw`net/ipv[46]/(?:conf|neigh)/(?!all$|all/|default$|default/)[^/]+`,
    String.raw`net/ipv[46]/route/flush`,
    String.raw`vm/(?:stat_refresh|compact_memory|drop_caches)`,
    String.raw`user`,
  ].join('|')})(?:/|$)`,
)

/** Settings of the kernel, in the order of their names; tells when there were more than are shown. */
export function dumpSysctls(files: FileView): { readonly dump: string; readonly complete: boolean } {
  let dump = ''
  let count = 0
  const walk = (directory: string): void => {
    for (const name of files.list(directory).toSorted()) {
      const path = `${directory}/${name}`
      if (LEFT_OUT.test(path)) continue
      if (count >= MOST) return
      const text = files.text(path)
      if (text === undefined) {
        walk(path)
        continue
      }
      count++
      dump += dumpOf(path, text.slice(0, LONGEST))
    }
  }
  walk('/proc/sys')
  return { dump, complete: count < MOST }
}
