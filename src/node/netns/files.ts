/** Small files as a process in other namespaces sees them: what is about the network is that process', the rest is the host's. */
import type { FileView } from '../../plugin/node.ts'

/** A view that reads the network's part of procfs and sysfs through `pid`, and everything else as `host` does. */
export function networkFiles(host: FileView, pid: number): FileView {
  const place = (path: string): string => {
    const [, under] = /^\/proc\/(?:self\/)?(net(?:\/.*)?)$/.exec(path) ?? []
    if (under !== undefined) return `/proc/${pid}/${under}`
    if (path === '/proc/self/ns/net') return `/proc/${pid}/ns/net`
    return /^\/sys\/(?:class|devices\/virtual)\/net(?:\/|$)|^\/etc\/hosts$/.test(path)
      ? `/proc/${pid}/root${path}`
      : path
  }
  return {
    // Whoever reads these settings gets those of its own network: no value is better than that of another.
    text: (path) => (path.startsWith('/proc/sys/net/') ? undefined : host.text(place(path))),
    list: (path) => host.list(place(path)),
    link: (path) => host.link(place(path)),
    count: (path) => host.count(place(path)),
    ...(host.space === undefined ? {} : { space: host.space.bind(host) }),
    ...(host.part === undefined ? {} : { part: host.part.bind(host) }),
    ...(host.memory === undefined ? {} : { memory: host.memory.bind(host) }),
  }
}
