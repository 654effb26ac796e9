import { expect, test } from 'vitest'
import { templateOf } from './template.ts'

test('takes out what varies, and keeps what does not', () => {
  const messages = [
    '2026-11-26T13:35:16.123Z FATAL [12345] journal block 296 at 0x55c92ea92a00: checksum 2959c636, expected (nil)',
    '[Sat Jun 18 02:05:01 2005] [error] state 6',
    '127.0.0.1 - - [21/Nov/2026:11:45:03 +0000] GET /users/12345/orders?x=1',
    '[   12.345678] BUG: unable to handle page fault for address: ffffffffa0b1c2d3',
    "can't open 'foo bar': no such file, won't retry `this` or \"that\"",
    'peers fe80::1%eth0, 02:42:ac:11:00:02 and 10.0.0.7:4434 took 12 ms',
    'id=550e8400-e29b-41d4-a716-446655440000 of alice',
    'pod web-7d4b9c6f5-x2x9z on node-3, pool-3-thread-7, worker12',
    'EXT4-fs error (device sda1): ext4_find_entry:1463: inode #131074 on x86_64 with utf8',
    'cannot read /tmp/tmp.AbCdEfGh/data/00012.log in [1, 2, 3]',
    'at org.foo.Bar.baz(Bar.java:123)',
    '\u001B[31mred\u001B[0m and\ttabs',
    '99.5 % 1,234 -1.5e-3 0x00',
  ]
  expect(messages.map(templateOf)).toMatchInlineSnapshot(`
    [
      "# FATAL [#] journal block # at #: checksum #, expected #",
      "[#] [error] state #",
      "# - - [#] GET /users/#/orders?x=#",
      "[ #] BUG: unable to handle page fault for address: #",
      "can't open '*': no such file, won't retry \`*\` or "*"",
      "peers # and # took # ms",
      "id=# of alice",
      "pod web-# on node-#, pool-#-thread-#, worker#",
      "EXT4-fs error (device sda#): ext4_find_entry:#: inode # on x86_64 with utf8",
      "cannot read /tmp/*/data/#.log in [#]",
      "at org.foo.Bar.baz(Bar.java:#)",
      "red and tabs",
      "",
    ]
  `)
})

test('the same message with other values has the same template', () => {
  const message = (block: number, address: string, checksum: string, ms: string): string =>
    `block ${block} of worker-${block % 7} at 0x${address}: checksum ${checksum} after ${ms}`
  expect(templateOf(message(1, 'ffff9c0a', '2959c636', '1.5s'))).toBe(
    templateOf(message(98_765, '7f00aa', 'deadbeef', '900us')),
  )
})

test('giant and hostile messages take little time, and give a bounded template', () => {
  const pieces = ['a', '1', '"', "'", '`', ':', 'a1_', '/tmp/', '0x', '\u001B[', '1,', '1.', '::1', 'Jan 1 ']
  pieces.push('2020-01-01 ', '-1e', 'é', '😀', '\uD800', '\0', '\n', '(nil)', 'a-', '# ')
  for (const piece of pieces) {
    const template = templateOf(piece.repeat(1_000_000 / piece.length))
    expect(template.length).toBeLessThanOrEqual(240)
    // Only the beginning was looked at.
    expect(template).toBe(templateOf(piece.repeat(2000)))
  }
})
