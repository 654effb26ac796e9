/** What /proc/meminfo and /proc/vmstat of the kernels in use have; fields that are not listed are read all the same. */

export const meminfoKeys: readonly string[] = `
  MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive Active(anon) Inactive(anon)
  Active(file) Inactive(file) Unevictable Mlocked SwapTotal SwapFree Zswap Zswapped Dirty Writeback
  AnonPages Mapped Shmem KReclaimable Slab SReclaimable SUnreclaim KernelStack PageTables
  SecPageTables NFS_Unstable Bounce WritebackTmp CommitLimit Committed_AS VmallocTotal VmallocUsed
  VmallocChunk Percpu AnonHugePages ShmemHugePages ShmemPmdMapped FileHugePages FilePmdMapped Balloon
  HugePages_Total HugePages_Free HugePages_Rsvd HugePages_Surp Hugepagesize Hugetlb DirectMap4k
  DirectMap2M DirectMap1G HardwareCorrupted CmaTotal CmaFree Unaccepted Quicklists
`
  .trim()
  .split(/\s+/)

/** node_exporter's default selection, then dirty pages and writeback, reclaim, compaction, huge pages and cache drops. */
export const vmstatKeys: readonly string[] = `
  oom_kill pgfault pgmajfault pgpgin pgpgout pswpin pswpout
  nr_dirty nr_writeback nr_dirtied nr_written nr_dirty_threshold nr_dirty_background_threshold
  nr_throttled_written
  allocstall_dma allocstall_dma32 allocstall_normal allocstall_movable allocstall_device
  pgscan_kswapd pgscan_direct pgsteal_kswapd pgsteal_direct slabs_scanned pageoutrun
  kswapd_low_wmark_hit_quickly kswapd_high_wmark_hit_quickly
  workingset_refault_anon workingset_refault_file
  compact_stall compact_fail compact_success compact_daemon_wake
  thp_fault_alloc thp_fault_fallback thp_collapse_alloc thp_split_page
  drop_pagecache drop_slab
`
  .trim()
  .split(/\s+/)

/** Counters among the fields whose names say otherwise. */
export const vmstatCounters: readonly string[] = ['nr_dirtied', 'nr_written', 'nr_throttled_written']

export const defaultVmstat = `^(${vmstatKeys.join('|')})$`
