/**
 * Resources of a Linux host and what produces them: the domain knowledge that links `what grew` to `who does it`.
 *
 * Facts of Linux as data. An entry says which caches and metrics measure a resource, which kernel functions work in
 * proportion to it, which activities produce it and what frees it. Nothing here knows a failure.
 */

export type ActivityId =
  | 'failed-lookup'
  | 'lookup'
  | 'cpu'
  | 'read'
  | 'write'
  | 'block-io'
  | 'memory'
  | 'descriptors'
  | 'threads'
  | 'sockets'
  | 'wakeups'
  | 'packets'

export interface Resource {
  readonly id: string
  /** Plural noun for statements. */
  readonly name: string
  /** Slab caches that hold it. */
  readonly slabs?: RegExp
  /** Metrics that measure it, by name, or by name and labels as `name{label="value"}`. */
  readonly metrics?: RegExp
  /** Metrics that measure a part of it, with the adjective of that part and the activity that makes it. */
  readonly parts?: readonly {
    readonly metrics: RegExp
    readonly adjective: string
    readonly producer: ActivityId
  }[]
  /** Kernel functions that walk it, or wait for it. */
  readonly functions?: RegExp
  /** Each process has its own, up to a limit (man 2 getrlimit): what one takes leaves the others as much as before. */
  readonly perProcess?: true
  /** Most specific first. */
  readonly producers: readonly ActivityId[]
}

export const resources: readonly Resource[] = [
  {
    // Every path component looked up leaves a dentry; a name that does not exist leaves a negative one
    // (Documentation/filesystems/path-lookup.rst, Documentation/admin-guide/sysctl/fs.rst: dentry-state).
    id: 'dentry',
    name: 'dentries (cached path lookups)',
    slabs: /^dentry$/,
    metrics: /dentr(y|ies)|slab.*dentry/i,
    parts: [
      {
        metrics: /dentr(y|ies)_?(state_)?negative|negative_dentr/i,
        adjective: 'negative',
        producer: 'failed-lookup',
      },
    ],
    functions:
      /dentry|d_(walk|alloc|lookup|splice|add|genocide|invalidate)|dcache|dput|shrink_dcache|path_?lookup|lookup_(fast|slow)|fsnotify_(set|update)_child/,
    producers: ['failed-lookup', 'lookup'],
  },
  {
    id: 'inode',
    name: 'cached inodes',
    slabs: /inode(_cache)?$|^inode_cache$|_inode_info$/,
    metrics: /inode/i,
    functions: /inode|iput|evict|writeback_sb/,
    producers: ['lookup', 'write'],
  },
  {
    id: 'page-cache',
    name: 'page cache',
    slabs: /^(radix_tree_node|xarray_node|buffer_head)$/,
    metrics: /memory_(Cached|Buffers|Active_file|Inactive_file|Mapped)/i,
    functions: /filemap|page_cache|readahead|shrink_(lruvec|page|folio)|generic_file_|folio_/,
    producers: ['read', 'write'],
  },
  {
    id: 'dirty-pages',
    name: 'dirty pages waiting to be written',
    metrics: /memory_(Dirty|Writeback)/i,
    functions: /balance_dirty_pages|writeback|wb_(workfn|writeback)|write_cache_pages|__filemap_fdatawait/,
    producers: ['write', 'block-io'],
  },
  {
    id: 'block-io',
    name: 'block device traffic',
    slabs: /^(bio|blkdev|request|biovec)/,
    metrics: /node_disk_|pressure_io|iowait|blkio/i,
    functions:
      /blk_|submit_bio|bio_|io_schedule|wait_on_page_bit|folio_wait_bit|jbd2|nvme_|scsi_|virtblk|dio_|iomap_dio/,
    producers: ['block-io', 'write', 'read'],
  },
  {
    // Not the load average: it counts whoever waits for a disk as well (kernel/sched/loadavg.c: nr_uninterruptible).
    id: 'cpu',
    name: 'CPU time',
    metrics: /node_cpu_|pressure_cpu|procs_running|cpu_seconds/i,
    producers: ['cpu'],
  },
  {
    id: 'process-memory',
    name: 'memory of processes',
    slabs: /^(anon_vma|vm_area_struct|mm_struct|page_table)/,
    metrics:
      /resident|rss|AnonPages|memory_(Active_anon|Inactive_anon|MemAvailable|MemFree|Committed_AS|Swap)|pressure_memory|virtual_memory/i,
    functions: /shrink_|try_to_free|direct_reclaim|kswapd|compact_|oom_|swap_/,
    producers: ['memory'],
  },
  {
    id: 'descriptors',
    perProcess: true,
    name: 'open files',
    slabs: /^(filp|files_cache)$/,
    metrics: /filefd|open_fds|open_files|filedesc/i,
    functions: /alloc_fd|expand_files|get_unused_fd|alloc_empty_file|close_fd/,
    producers: ['descriptors'],
  },
  {
    id: 'threads',
    name: 'threads and processes',
    slabs: /^(task_struct|thread_stack|pid|signal_cache|sighand_cache|cred_jar)$/,
    metrics: /threads|processes_(threads|pids|state)|forks/i,
    functions: /copy_process|kernel_clone|alloc_pid|wake_up_new_task/,
    producers: ['threads'],
  },
  {
    id: 'sockets',
    name: 'sockets',
    slabs: /^(sock_inode_cache|TCP|UDP|UNIX|tw_sock_TCP|request_sock_TCP|TCPv6|UDPv6)$/,
    metrics: /sockstat|socket|conntrack/i,
    functions: /inet_csk|tcp_v[46]_connect|__inet_hash|inet_bind|udp_lib_get_port|nf_conntrack/,
    producers: ['sockets', 'packets'],
  },
  {
    id: 'wakeups',
    name: 'context switches and wakeups',
    metrics: /context_switches|node_intr|softirq/i,
    functions: /try_to_wake_up|ttwu_|wake_up_process|select_task_rq|enqueue_task/,
    producers: ['wakeups'],
  },
  {
    id: 'network-traffic',
    name: 'network traffic',
    metrics: /node_network_(receive|transmit)|netstat_(Ip|Udp|Tcp)/i,
    slabs: /^skbuff_/,
    functions: /napi_|net_rx|__netif_receive|ip_rcv|tcp_v[46]_rcv|udp_queue|dev_queue_xmit|nf_hook/,
    producers: ['packets', 'sockets'],
  },
]

/** Resource that a slab cache holds. */
export const resourceOfSlab = (slab: string): Resource | undefined =>
  resources.find((resource) => resource.slabs?.test(slab))

/** Resource that a metric measures, in whole or in part. `name` may carry labels. */
export function resourceOfMetric(
  name: string,
): { readonly resource: Resource; readonly part?: NonNullable<Resource['parts']>[number] } | undefined {
  for (const resource of resources) {
    const part = resource.parts?.find(({ metrics }) => metrics.test(name))
    if (part !== undefined) return { resource, part }
  }
  const resource = resources.find(({ metrics }) => metrics?.test(name))
  return resource === undefined ? undefined : { resource }
}

/** Resource that a kernel function works on. */
export const resourceOfFunction = (name: string): Resource | undefined =>
  resources.find((resource) => resource.functions?.test(name))
