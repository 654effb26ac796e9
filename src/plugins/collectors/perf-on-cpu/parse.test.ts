import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { ParseStats } from '../../../plugin/evidence.ts'
import { foldPerfScript } from './parse-fold.ts'
import { createPerfScriptParser, type PerfScriptOptions } from './parse.ts'

const fixture = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)))

/** The chunks of some input; each is overwritten as soon as the next is asked for. */
function* chunksOf(input: Uint8Array, bytes: number): Generator<Uint8Array> {
  for (let at = 0; at < input.length; at += bytes) {
    const chunk = Uint8Array.from(input.subarray(at, at + bytes))
    yield chunk
    chunk.fill(0)
  }
}

interface StackRow {
  readonly pid: number
  readonly tid: number
  readonly comm: string
  readonly event: string
  readonly frames: readonly string[]
  readonly kernel_frames: number
  readonly weight: number
  readonly unit: string
}

function parse(
  input: Uint8Array | string,
  options: PerfScriptOptions = {},
  bytes = Infinity,
): { stats: ParseStats; rows: StackRow[] } {
  const rows: StackRow[] = []
  const parser = createPerfScriptParser(
    { add: (_table, row) => void rows.push(row as unknown as StackRow) },
    options,
  )
  for (const chunk of chunksOf(typeof input === 'string' ? Buffer.from(input) : input, bytes))
    parser.push(chunk)
  return { stats: parser.end(), rows }
}

const total = (rows: readonly StackRow[]): number => rows.reduce((sum, row) => sum + row.weight, 0)

// The .folded files are what stackcollapse-perf.pl printed for the same input.
test.each(['default', 'fields', 'switches'])('folds %s as stackcollapse-perf.pl does', (name) => {
  const expected = fixture(`${name}.folded`).toString('latin1')
  for (const bytes of [Infinity, 999, 3]) {
    expect(foldPerfScript(chunksOf(fixture(`${name}.txt`), bytes)).toString('latin1')).toBe(expected)
  }
})

test('the oddities of stackcollapse-perf.pl', () => {
  const text = `# comment
java 1/2 [000] 1.0: 10 cycles:
\tff1 Lorg/x/A;.call(Lorg/x/B;)Ljava/lang/Object;+0x1 (/tmp/perf-1.map)
\tff2 outer->inner (/lib/x.so)
\tff3 [unknown] (/lib/y z.so)
\tff4 [unknown] ([unknown])
\tff5 (deleted thing) (/x)

V8 Worker 7 [000] 1.0: cycles:
\tff1 net/http.(*Client).Do+0x10 (/go)
\tff1 "quoted'" (/go)
\tff1 f(int) const (/lib/z (deleted))
\tff1 (anonymous namespace)::g(int) (/c)
\tff1 h::(anonymous namespace)::g(int) (/c)

other 7 [000] 1.0: 5 instructions:
\tff1 ignored (/go)

cut off 9 1.0: 1 cycles:
\tff1 main (/x)
`
  expect(foldPerfScript([Buffer.from(text)]).toString()).toMatchInlineSnapshot(`
    "V8_Worker;h::(anonymous namespace)::g;f;quoted;net/http.(*Client).Do 1
    java;[unknown];[y z.so];outer;inner_[i];org/x/A:.call 10
    "
  `)
})

test('rows of a real recording: threads, kernel frames, and no sample lost', () => {
  for (const name of ['default.txt', 'fields.txt']) {
    const { rows, stats } = parse(fixture(name))
    expect(stats).toEqual({ lines: 724, rows: 23, bad: 0 })
    expect(total(rows)).toBe(74)
    const stat = rows.find((row) => row.comm === 'my prog: 1/2' && row.frames.includes('__do_sys_newfstatat'))
    const kernel = stat?.frames.slice(0, stat.kernel_frames) ?? []
    expect(kernel.at(-1)).toBe('entry_SYSCALL_64_after_hwframe')
    expect(stat?.frames[kernel.length]).toBe('__GI___fstatat64')
  }
  const java = parse(fixture('fields.txt')).rows.find((row) => row.comm === 'worker thread 1')
  expect(java?.pid).not.toBe(java?.tid)
  expect(java?.frames.at(-1)).toBe('start_thread')
})

test('chunks may end anywhere', () => {
  const whole = parse(fixture('default.txt'))
  for (const bytes of [1, 17, 4096]) expect(parse(fixture('default.txt'), {}, bytes)).toEqual(whole)
})

test('tracepoints, and samples without stacks', () => {
  const switches = parse(fixture('switches.txt'))
  expect(new Set(switches.rows.map((row) => row.event))).toEqual(new Set(['sched:sched_switch']))
  expect(switches.rows.every((row) => row.frames[0] === '__schedule')).toBe(true)
  // Cut off in the middle of a stack.
  expect(switches.stats.bad).toBe(1)
  const leaves = parse(fixture('leaves.txt'))
  expect(leaves.stats.bad).toBe(0)
  expect(leaves.rows.every((row) => row.frames.length === 1)).toBe(true)
  expect(total(leaves.rows)).toBe(leaves.stats.lines)
})

test('forms of other versions, weights, and frames of modules', () => {
  const text = `java 25607 4794564.109216: 104345 cycles:ppp: 
\tffffffff8103ce3b native_safe_halt+0xb ([kernel.kallsyms])
\t             7d8 ipv4_conntrack_local+0x7f8f80b8 ([nf_conntrack_ipv4])
\t             7d8 ext4_read+0x1 (/lib/modules/6.1/kernel/fs/ext4/ext4.ko.xz)
\t    7f722d14277 inlined_one (inlined)
\t    7f722d14277 java.util.Map.get; x+0x1 (/tmp/perf-1.map)
\t    7ffd12 [unknown] ([vdso])
\t    0 [unknown] ([unknown])

V8 Worker:-1 24636/-1 [000] 94564.109216: 100 cycles:ppp: 
\tffffffff8103ce3b native_safe_halt+0xb ([kernel.kallsyms])

`
  const { rows, stats } = parse(text, {
    weight: { sum: 'periods', unit: 'cycles' },
    state: 'off-cpu',
    ts: 5n,
  })
  expect(stats).toEqual({ lines: 12, rows: 2, bad: 0 })
  const common = { event: 'cycles:ppp', ts: 5n, state: 'off-cpu', unit: 'cycles' }
  const functions = [
    'native_safe_halt',
    'ipv4_conntrack_local',
    'ext4_read',
    'inlined_one',
    'java.util.Map.get; x',
  ]
  const thread = { pid: 25_607, tid: 25_607, comm: 'java' }
  expect(rows).toEqual([
    {
      ...common,
      ...thread,
      frames: [...functions, '[vdso]', '[unknown]'],
      kernel_frames: 3,
      weight: 104_345,
    },
    {
      ...common,
      pid: 24_636,
      tid: -1,
      comm: 'V8 Worker:-1',
      frames: ['native_safe_halt'],
      kernel_frames: 1,
      weight: 100,
    },
  ])
})

test('garbage loses only itself', () => {
  const good = 'c 1 [000] 2.5: 1 cpu-clock: \n\tff main+0x1 (/bin/c)\n\n'
  const garbage = `\u0000\u0001 nothing\n\tgarbage line\n${'x'.repeat(3 << 20)}\n\n`
  for (const bytes of [Infinity, 1 << 16]) {
    const { rows, stats } = parse(`${good}${garbage}${good}`, {}, bytes)
    expect(rows).toMatchObject([{ comm: 'c', frames: ['main'], weight: 2 }])
    expect(stats.rows).toBe(1)
    expect(stats.bad).toBe(3)
  }
})
