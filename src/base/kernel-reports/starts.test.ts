/** First lines as the kernel's source has them, of what the fixtures have none of. */
import { expect, test } from 'vitest'
import { reportsOfConsole, reportsOfRecords } from './console.ts'

const titlesOf = (...lines: string[]): string[] =>
  reportsOfConsole(`${lines.map((line, i) => `[   12.0000${10 + i}] ${line}`).join('\n')}\n`).map(
    ({ kind, title }) => `${kind}: ${title}`,
  )

const STACK = [
  'CPU: 1 PID: 77 Comm: nfsd Not tainted 6.12.0 #1',
  'Call Trace:',
  ' <TASK>',
  ' dump_stack_lvl+0x44/0x5c',
  ' ? show_regs+0x1/0x2',
  ' nfsd4_open+0x12/0x300 [nfsd]',
  ' kthread+0xda/0x100',
  ' </TASK>',
]

test('what a line says by itself', () => {
  for (const [line, title] of [
    ['watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:99]', 'soft-lockup: BUG: soft lockup'],
    [
      'BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 31s!',
      'workqueue-lockup: BUG: workqueue lockup',
    ],
    [
      'unregister_netdevice: waiting for veth12 to become free. Usage count = 2',
      'device-leak: unregister_netdevice: waiting for veth# to become free',
    ],
    [
      'I/O error, dev vda, sector 2048 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2',
      'io-error: I/O error on vda (WRITE)',
    ],
    [
      'blk_update_request: critical medium error, dev sda, sector 99 op 0x0:(READ) flags 0x0',
      'io-error: critical medium error on sda (READ)',
    ],
    [
      'Buffer I/O error on dev vdb1, logical block 0, lost async page write',
      'io-error: Buffer I/O error on vdb1',
    ],
    [
      'EXT4-fs error (device sda1): ext4_lookup:1785: inode #12: comm ls: deleted inode',
      'file-system: EXT4-fs error in ext4_lookup',
    ],
    [
      'XFS (sda1): Metadata corruption detected at xfs_agf_verify+0x1/0x2, block 1',
      'file-system: XFS: Metadata corruption detected',
    ],
    [
      'mce: [Hardware Error]: CPU 2: Machine Check: 0 Bank 5: be00000000800400',
      'machine-check: Hardware Error',
    ],
    [
      'Memory cgroup out of memory: Killed process 4711 (java) total-vm:12345kB',
      'out-of-memory: out of memory: killed java',
    ],
    [
      'ledger[123]: segfault at 0 ip 000055d0 sp 00007ffc error 4 in ledger[55d0+1000]',
      'user-fault: segfault of ledger in ledger',
    ],
    [
      'traps: ledger[5] general protection fault ip:4005 sp:7ffd error:0 in ledger[400000+1000]',
      'user-fault: general protection fault of ledger',
    ],
    ['kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)', 'memory-leak: memory leak'],
    [
      'WARNING: fs/ext4/inode.c:252 at ext4_evict_inode+0x5a1/0x6f0, CPU#1: umount/2211',
      'warning: WARNING in ext4_evict_inode',
    ],
    [
      'BUG: KCSAN: data-race in tick_nohz_stop / tick_do_update',
      'kcsan: KCSAN: data-race in tick_do_update / tick_nohz_stop',
    ],
    [
      'Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009',
      'panic: kernel panic: Attempted to kill init',
    ],
    [
      'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)',
      'panic: kernel panic: VFS: Unable to mount root fs on unknown-block(#,#)',
    ],
  ] as const) {
    expect(titlesOf(line)).toEqual([title])
  }
})

test('the function is that of the first frame that is no messenger', () => {
  for (const [lines, title] of [
    [
      ['BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580', ...STACK],
      'atomic-sleep: BUG: sleeping function called from invalid context in nfsd4_open',
    ],
    [
      ['UBSAN: array-index-out-of-bounds in fs/nfsd/nfs4proc.c:12:7', ...STACK],
      'ubsan: UBSAN: array-index-out-of-bounds in nfsd4_open',
    ],
    [
      ['BUG: Bad page state in process nfsd  pfn:12345', ...STACK],
      'bad-page: BUG: Bad page state in nfsd4_open',
    ],
    [
      ['nfsd: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP)', ...STACK],
      'allocation-failure: page allocation failure in nfsd4_open',
    ],
    [
      ['BUG kmalloc-64 (Tainted: G    B): Poison overwritten', ...STACK],
      'bug: SLUB: Poison overwritten in nfsd4_open',
    ],
    [
      ['BUG: spinlock bad magic on CPU#0, nfsd/77', ...STACK],
      'bug: BUG: spinlock bad magic on CPU# in nfsd4_open',
    ],
    [
      ['BUG: KASAN: slab-use-after-free in memcpy+0x1/0x40', ...STACK],
      'kasan: KASAN: slab-use-after-free in nfsd4_open',
    ],
    [
      ['BUG: KASAN: slab-use-after-free in nfs_lookup.isra.0+0x10/0x20', ...STACK],
      'kasan: KASAN: slab-use-after-free in nfs_lookup',
    ],
    [
      ['BUG: KFENCE: use-after-free read in nfs_lookup+0x10/0x20', ...STACK],
      'kfence: KFENCE: use-after-free read in nfs_lookup',
    ],
    [
      ['WARNING: suspicious RCU usage', '6.12.0 #1 Not tainted', ...STACK],
      'lockdep: WARNING: suspicious RCU usage in nfsd4_open',
    ],
    [
      [
        'WARNING: possible circular locking dependency detected',
        '6.12.0 #1 Not tainted',
        'nfsd/77 is trying to acquire lock:',
        'ffff888012345678 (&sb->s_type->i_mutex_key#12){++++}-{3:3}, at: nfsd_lookup+0x34/0x90 [nfsd]',
        ...STACK,
      ],
      'lockdep: possible deadlock in nfsd_lookup',
    ],
    [
      [
        'watchdog: Watchdog detected hard LOCKUP on cpu 1',
        'Modules linked in: nfsd',
        'CPU: 1 PID: 77 Comm: nfsd Not tainted 6.12.0 #1',
        'RIP: 0010:native_queued_spin_lock_slowpath+0x1c2/0x1f0',
        'Call Trace:',
        ' <TASK>',
        ' _raw_spin_lock_irqsave+0x3e/0x50',
        ' nfsd_file_put+0x12/0x40',
        ' </TASK>',
      ],
      'hard-lockup: BUG: hard lockup in nfsd_file_put',
    ],
    [
      [
        'Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008',
        'Mem abort info:',
        'Internal error: Oops: 0000000096000004 [#1] SMP',
        'CPU: 1 PID: 77 Comm: nfsd Not tainted 6.12.0 #1',
        'pstate: 60400005 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)',
        'pc : nfs_lookup+0x12/0x300',
        'lr : nfs_lookup+0x10/0x300',
        'Call trace:',
        ' nfs_lookup+0x12/0x300',
        '---[ end trace 0000000000000000 ]---',
      ],
      'oops: BUG: unable to handle kernel NULL pointer dereference in nfs_lookup',
    ],
    [
      [
        'Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP',
        'RIP: 0010:nfs_lookup+0x1/0x2',
        ...STACK,
      ],
      'oops: general protection fault in nfs_lookup',
    ],
  ] as const) {
    expect(titlesOf(...lines)).toEqual([title])
  }
})

test('what goes on as ever is no report', () => {
  for (const line of [
    'Run /init as init process',
    'rcu: \tRCU restricting CPUs from NR_CPUS=8192 to nr_cpu_ids=2.',
    'INFO: NMI handler (nmi_cpu_backtrace_handler) took too long to run: 11.753 msecs',
    'EXT4-fs (vda1): mounted filesystem with ordered data mode',
    'NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.',
    'ACPI BIOS Error (bug): Could not resolve symbol [\\_SB.PCI0]',
    'mce: CPU supports 10 MCE banks',
    'systemd[1]: Started Process error reports',
    'RAS: Correctable Errors collector initialized.',
  ]) {
    expect(titlesOf(line)).toEqual([])
  }
})

test('records of several lines', () => {
  const records = [
    { message: 'fine', seconds: 1 },
    { message: 'BUG: kernel NULL pointer dereference, address: 8\n#PF: supervisor read access', seconds: 2 },
    { message: 'RIP: 0010:nfs_lookup+0x12a/0x300\nCode: 00', seconds: 2 },
  ]
  expect(reportsOfRecords(records)).toMatchObject([
    {
      title: 'BUG: unable to handle kernel NULL pointer dereference in nfs_lookup',
      firstLine: 1,
      seconds: 2,
    },
  ])
})
