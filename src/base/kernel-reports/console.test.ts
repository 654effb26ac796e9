import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ConsoleReader, reportsOfConsole, reportsOfRecords } from './console.ts'
import type { KernelReport } from './report.ts'

/** Serial consoles of Debian's 6.1.0-56-amd64 in QEMU, with a module that does what is wrong; booting is left out. */
const consoleOf = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.txt`, import.meta.url), 'utf8')

const shown = ({ kind, title, fatal, corrupted }: KernelReport): string =>
  `${kind}: ${title}${fatal ? ', fatal' : ''}${corrupted ? ', corrupted' : ''}`

const TITLES: Readonly<Record<string, readonly string[]>> = {
  oops: [
    'oops: BUG: unable to handle kernel NULL pointer dereference in read_thing',
    'oops: BUG: unable to handle page fault in read_thing',
    'oops: general protection fault in read_thing',
  ],
  bugs: [
    'oops: divide error in provoke_write',
    'oops: invalid opcode in provoke_write',
    'bug: kernel BUG in provoke_write',
    'list-corruption: list corruption in provoke_write',
  ],
  warn: [
    'warning: WARNING in provoke_write',
    'warning: WARNING in provoke_write',
    'refcount: WARNING: refcount bug in provoke_write',
    // The fixture ends in it.
    'refcount: WARNING: refcount bug in provoke_write, corrupted',
  ],
  hung: ['hung-task: INFO: task hung in take_held_mutex', 'hung-task: INFO: task hung in take_held_mutex'],
  soft: ['soft-lockup: BUG: soft lockup in spin_forever', 'soft-lockup: BUG: soft lockup in spin_forever'],
  rcu: ['rcu-stall: INFO: rcu detected stall in spin_with_irqs_off'],
  oom: ['out-of-memory: out of memory: killed busybox'],
  panic: ['panic: kernel panic: provoked, fatal'],
  smash: ['panic: kernel panic: stack is corrupted in smash, fatal'],
  sysrq: ['panic: kernel panic: sysrq triggered crash, fatal'],
  // Four tasks at once: what cannot be told apart is not guessed.
  two: [
    'bug: kernel BUG, corrupted',
    'warning: WARNING in provoke_write, corrupted',
    'oops: general protection fault in read_thing',
    'oops: BUG: unable to handle kernel NULL pointer dereference in read_thing',
  ],
}
const names = Object.keys(TITLES)

describe.each(names)('console of %s', (name) => {
  const text = consoleOf(name)

  test('its reports', () => {
    expect(reportsOfConsole(text).map(shown)).toEqual(TITLES[name])
  })

  test('chunks may end anywhere', () => {
    const bytes = new TextEncoder().encode(text)
    for (const size of [1, 7, 997]) {
      const reports: KernelReport[] = []
      const reader = new ConsoleReader({ report: (report) => reports.push(report) })
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
      reader.end()
      expect(reports).toEqual(reportsOfConsole(text))
    }
  })

  test('as records of the log', () => {
    const records = text.split('\n').flatMap((line) => {
      const match = /\[ {0,8}(\d+\.\d{6})\] (.*?)\r?$/.exec(line)
      return match === null ? [] : [{ message: match[2] ?? '', seconds: Number(match[1]) }]
    })
    expect(reportsOfRecords(records).map(shown)).toEqual(TITLES[name])
  })

  test('as dmesg, journald and /dev/kmsg have it', () => {
    const lines = text.split('\n').flatMap((line) => {
      const match = /\[ {0,8}(\d+)\.(\d{6})\] (.*?)\r?$/.exec(line)
      return match === null ? [] : [{ seconds: match[1] ?? '', micros: match[2] ?? '', said: match[3] ?? '' }]
    })
    const forms: ((line: (typeof lines)[number], index: number) => string)[] = [
      ({ seconds, micros, said }) => `<4>[${seconds.padStart(5)}.${micros}][   T91] ${said}`,
      ({ seconds, micros, said }, i) =>
        `4,${i},${Number(seconds) * 1e6 + Number(micros)},-,caller=T91;${said}`,
      ({ seconds, micros, said }) => `kern  :warn  : [${seconds.padStart(5)}.${micros}] ${said}`,
      ({ said }) => `Nov 26 17:35:16 node kernel: ${said}`,
      ({ said }) => `2026-11-26T17:35:16.123456+0000 node kernel: ${said}`,
      ({ said }) => `kern  :warn  : 2026-11-26T17:35:16,123456+00:00 ${said}`,
    ]
    for (const form of forms.slice(0, 3)) {
      expect(reportsOfConsole(`${lines.map(form).join('\n')}\n`).map(shown)).toEqual(TITLES[name])
    }
    // Without times reports that follow each other closely cannot be told from mixed ones.
    for (const form of forms.slice(3)) {
      expectNoneWrong(reportsOfConsole(`${lines.map(form).join('\n')}\n`), [name])
    }
  })
})

/** No report has a title that the whole text does not have; one without its function is known to be corrupted. */
function expectNoneWrong(reports: readonly KernelReport[], whole: readonly string[], note = ''): void {
  const right = new Set(whole.flatMap((name) => reportsOfConsole(consoleOf(name)).map(({ title }) => title)))
  for (const { title, corrupted } of reports) {
    if (right.has(title)) continue
    expect([title, corrupted, note]).toEqual([title, true, note])
    // Cut off before what is said of it was complete, or the header of an exception whose own first line is gone.
    const beginning = [...right].some((one) => one.startsWith(title))
    const orphan = /^(?:Oops|invalid opcode|WARNING|kernel BUG|out of memory)(?: in (.*))?$/.exec(title)
    const inside = orphan?.[1] === undefined || [...right].some((one) => one.endsWith(` in ${orphan[1]}`))
    expect([title, beginning || (orphan !== null && inside), note]).toEqual([title, true, note])
  }
}

/** Reproducible numbers in [0, 1): a linear congruential generator. */
function numbers(seed: number): () => number {
  let state = seed
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
}

test('texts that are cut anywhere', () => {
  for (const name of names) {
    const text = consoleOf(name)
    for (let at = 1; at < text.length; at += 97) {
      expectNoneWrong(reportsOfConsole(text.slice(0, at)), [name], `${name} before ${at}`)
      expectNoneWrong(reportsOfConsole(text.slice(at)), [name], `${name} after ${at}`)
    }
  }
})

/** Lines of two texts in a random order that keeps that of each. */
function interleaved(one: readonly string[], other: readonly string[], random: () => number): string[] {
  const lines: string[] = []
  for (let i = 0, j = 0; i < one.length || j < other.length;) {
    const first = j >= other.length || (i < one.length && random() < one.length / (one.length + other.length))
    lines.push((first ? one[i++] : other[j++]) ?? '')
  }
  return lines
}

const linesOf = (name: string): string[] => {
  const lines = consoleOf(name).split('\n')
  return lines.slice(lines.findIndex((line) => line.includes('Run /init')))
}
const BOOT = '[    0.000000] Linux version 6.1.0-56-amd64'
const pairs = names.flatMap((one, i) => names.slice(i + 1).map((other) => [one, other] as const))

test('two at the same time, by callers', () => {
  const stamped = (lines: readonly string[], caller: string): string[] =>
    lines.map((line) => line.replace(/^(\[ {0,8}\d+\.\d{6}\])/, `$1[${caller.padStart(6)}]`))
  for (const [seed, [one, other]] of pairs.entries()) {
    if (one === 'two' || other === 'two') continue
    const lines = interleaved(stamped(linesOf(one), 'T91'), stamped(linesOf(other), 'C1'), numbers(seed))
    const found = reportsOfConsole(`${BOOT}\n${lines.join('\n')}\n`).map(shown)
    expect(found.toSorted()).toEqual([...(TITLES[one] ?? []), ...(TITLES[other] ?? [])].toSorted())
  }
})

test('two at the same time, without callers', () => {
  for (const [seed, [one, other]] of pairs.entries()) {
    const lines = interleaved(linesOf(one), linesOf(other), numbers(seed))
    const text = lines.map((line) => line.replace(/^\[ {0,8}\d+\.\d{6}\]/, '[    9.000000]')).join('\n')
    expectNoneWrong(reportsOfConsole(`${text}\n`), [one, other], `${one} and ${other}`)
  }
})

test('bytes that are no console', () => {
  const random = numbers(5)
  for (let round = 0; round < 50; round++) {
    const bytes = new TextEncoder().encode(consoleOf(names[round % names.length] ?? ''))
    for (let hit = 0; hit < 40; hit++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
    expect(() => reportsOfConsole(bytes)).not.toThrow()
  }
})

test('megabytes without sense take neither for ever nor all memory', () => {
  for (const piece of [
    '[',
    '[    1.234567] ',
    'BUG: ',
    'BUG: KASAN: a ',
    ' ',
    '\r',
    'WARNING: CPU: 1 PID: 1 at a',
    '0',
    '<4>',
    '\u001B[',
  ]) {
    const line = piece.repeat(Math.ceil(100_000 / piece.length))
    expect(reportsOfConsole(`${line}\n`.repeat(10) + line.repeat(10)).length).toBeLessThan(20_000)
  }
})

test('a kernel that starts anew', () => {
  const boot = '[    0.000000] Linux version 6.1.0 (x@y)\n[    1.000000] Run /init as init process\n'
  expect(reportsOfConsole(boot)).toEqual([])
  expect(reportsOfConsole(boot + boot).map(shown)).toEqual(['reboot: unexpected reboot, fatal'])
  expect(reportsOfConsole(`${boot}[    9.000000] reboot: Restarting system\n${boot}`)).toEqual([])
})

test('a fault that ends the kernel is one report, and is given when nothing more comes', () => {
  const reports: KernelReport[] = []
  const reader = new ConsoleReader({ report: (report) => reports.push(report) })
  const oops = linesOf('oops')
  const end = oops.findIndex((line) => line.includes('end trace'))
  const panic = '[    3.100000] Kernel panic - not syncing: Fatal exception\n'
  reader.push(new TextEncoder().encode(`${oops.slice(0, end + 1).join('\n')}\n${panic}`))
  expect(reports).toEqual([])
  reader.settle()
  expect(reports.map(shown)).toEqual([
    'oops: BUG: unable to handle kernel NULL pointer dereference in read_thing, fatal',
  ])
})

test('what programs write is no report, and what they repeat is none twice', () => {
  const text = consoleOf('hung')
  expect(
    reportsOfConsole(
      `${text}BUG: soft lockup - CPU#0 stuck for 22s! [x:1]\n${text.split('\n').slice(10).join('\n')}`,
    ).map(shown),
  ).toEqual(TITLES['hung'])
})
