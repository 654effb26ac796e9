import { expect, test } from 'vitest'
import { isPartOfAReport, kernelTitles } from './kernel-titles.ts'

const titles = (...records: string[]): string[] => [...kernelTitles(records).keys()]

test('a title is the kind of report and the function', () => {
  expect(
    titles(
      'WARNING: CPU: 1 PID: 2211 at fs/ext4/inode.c:252 ext4_evict_inode+0x5a1/0x6f0',
      'INFO: task kworker/0:1H:123 blocked for more than 120 seconds.',
      'Out of memory: Killed process 4711 (java) total-vm:12345kB',
      'BUG: KASAN: slab-use-after-free in nfs_lookup.isra.0+0x10/0x20',
      'ledger[123]: segfault at 0 ip 000055d0 sp 00007ffc error 4 in ledger[55d0+1000]',
      'traps: ledger[5] general protection fault ip:4005 sp:7ffd error:0 in ledger[400000+1000]',
      'Kernel panic - not syncing: Fatal exception in interrupt',
    ),
  ).toMatchInlineSnapshot(`
    [
      "WARNING in ext4_evict_inode",
      "task kworker/# blocked",
      "out of memory: killed java",
      "BUG: KASAN: slab-use-after-free in nfs_lookup",
      "segfault of ledger in ledger",
      "general protection fault of ledger",
      "Kernel panic - not syncing: Fatal exception in interrupt",
    ]
  `)
})

test('the function is that of the register dump below', () => {
  const dump = [
    'BUG: kernel NULL pointer dereference, address: 0000000000000008',
    '#PF: supervisor read access',
  ]
  expect(titles(...dump, 'RIP: 0010:nfs_lookup+0x12a/0x300')).toEqual([
    'BUG: kernel NULL pointer dereference in nfs_lookup',
  ])
})

test('what belongs to a report is known', () => {
  expect(['RIP: 0010:x+0x1/0x2', ' ? die+0x20/0x70', 'Call Trace:'].every(isPartOfAReport)).toBe(true)
  expect(isPartOfAReport('EXT4-fs error (device sda1): bad block')).toBe(false)
})
