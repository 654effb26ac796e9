import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../../../test/harness/row-recorder.ts'
import { kernelLogParser } from './parse.ts'

// util-linux 2.38; the last records were written to /dev/kmsg.
const golden = readFileSync(new URL('fixtures/dmesg-2.38.txt', import.meta.url), 'utf8')

function parse(output: string | Uint8Array, size?: number, offsetNs = 0) {
  const rows = recordRows()
  const stats = parseAll(kernelLogParser(rows, offsetNs), output, size)
  return { stats, records: rows.of('kernel_log'), timers: rows.of('timers') }
}

const shown = (records: ReturnType<typeof parse>['records']) =>
  records.map((row) => `${row.ts} ${row.facility}.${row.level} ${JSON.stringify(row.message)}`)

test('one row for each record, with all its lines', () => {
  const { stats, records } = parse(golden)
  expect(stats.bad).toBe(0)
  expect(shown(records).slice(7, 10)).toMatchInlineSnapshot(`
    [
      "1795260722428509000 kern.warn "amd_pstate: The CPPC feature is supported but currently disabled by the BIOS.\\nPlease enable it if your BIOS has the CPPC option."",
      "1795260722428513000 kern.warn "amd_pstate: the _CPC object is not present in SBIOS or ACPI disabled"",
      "1795260722428554000 kern.info "cpuidle: using governor haltpoll"",
    ]
  `)
  expect(shown(records).slice(-4)).toMatchInlineSnapshot(`
    [
      "1795263155764635000 kern.info "sh (17505): drop_caches: 2"",
      "1795263186897599000 kern.info "sh (17913): drop_caches: 2"",
      "1795263505804184000 user.warn "quarry golden: first line"",
      "1795263505804191000 user.warn "second line with \\\\ and \\\\x01 binary"",
    ]
  `)
})

test('chunks may end anywhere', () => {
  const whole = parse(golden)
  for (const size of [1, 13, 1000]) expect(parse(golden, size)).toEqual(whole)
})

test('times are taken to the controller; zones are understood with and without colon', () => {
  const { records } = parse(
    'kern  :info  : 1970-01-01T01:00:00,000005+0100 a\nkern  :info  : 1970-01-01T01:00:01.000000+01:00\n',
    64,
    1000,
  )
  expect(records).toMatchObject([
    { ts: 4000n, message: 'a' },
    { ts: 999_999_000n, message: '' },
  ])
})

test('what is broken is left out', () => {
  const { records } = parse(golden)
  const broken = parse(
    `\xff\x00\n  orphan\n${golden}kern  :info  : 2026-99-99T11:32:02,426186+00:00 x\n${'k'.repeat(2 << 20)}\nkern  :in`,
  )
  expect(broken.records).toEqual(records)
  expect(broken.stats.bad).toBe(5)
})

test('a queue of timers that the kernel printed is a listing of timers as well', () => {
  const said = [
    '1: found node in wrong place last=ff4e8a72003dbc68, next=ff4e8a72003dbd00 (expires 12500, 11000)',
    '1: last timer=ff4e8a72003dbc68 function=hrtick+0x0/0x80, next=ff4e8a72003dbd00 timer function=hrtimer_wakeup+0x0/0x30',
    'Printing rbtree',
    'node=ff4e8a72003dbc68, expires=12500, function=hrtick+0x0/0x80',
    'node=ff4e8a72003dbd00, expires=11000, function=hrtimer_wakeup+0x0/0x30',
    'usb 1-1: new device',
  ]
  const { records, timers } = parse(
    said.map((line, i) => `kern  :warn  : 2026-11-21T11:32:02,42850${i}+00:00 ${line}\n`).join(''),
  )
  expect(records.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5])
  const ts = 1_795_260_722_428_500_000n
  const common = { ts, cpu: 1, clock: 'unknown', count: 1 }
  expect(timers).toEqual([
    { ...common, position: 0, function: 'hrtick', expires_ns: 12500n },
    { ...common, position: 1, function: 'hrtimer_wakeup', expires_ns: 11000n },
  ])
})
