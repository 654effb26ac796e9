/** What every guest image holds, so that each collector, sampler and fault finds its tools in any guest. */

/** Debian packages of the base image. Debian's essential ones (bash, coreutils, dpkg, grep ...) are there anyway. */
export const BASE_PACKAGES: readonly string[] = [
  // The machine: processes, modules, file systems, networks.
  'btrfs-progs',
  'e2fsprogs',
  'iproute2',
  'iputils-ping',
  'kmod',
  'mount',
  'netcat-openbsd',
  'nfs-common',
  'nftables',
  'procps',
  'psmisc',
  'python3-minimal',
  'util-linux',
  'xfsprogs',
  // What looks into it.
  'blktrace',
  'bpftrace',
  'gdb',
  'linux-perf',
  'strace',
  'sysstat',
  'tcpdump',
  // What makes load and faults.
  'fio',
  'stress-ng',
]
