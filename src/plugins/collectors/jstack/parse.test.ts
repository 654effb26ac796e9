import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../../../test/harness/row-recorder.ts'
import { jstackParser } from './parse.ts'

// test/fixtures/java/Parker.java on OpenJDK 17.
const golden = readFileSync(new URL('fixtures/jstack-17.txt', import.meta.url), 'utf8')

function parse(dump: string | Uint8Array, size?: number) {
  const rows = recordRows()
  const stats = parseAll(jstackParser(rows, 4711), dump, size)
  return { stats, threads: rows.of('stacks') }
}

test('every Java thread, what it waits for and what it holds', () => {
  const { stats, threads } = parse(golden)
  expect(stats).toMatchObject({ rows: threads.length, bad: 0 })
  const shown = threads.map((row) =>
    [row.comm, row.tid, row.state, row.frames?.[0] ?? '', row.waits_for ?? '', row.holds ?? ''].join(' | '),
  )
  expect(shown).toMatchInlineSnapshot(`
    [
      "main | 28087 | TIMED_WAITING (sleeping) | java.lang.Thread.sleep |  | ",
      "Reference Handler | 28094 | RUNNABLE | java.lang.ref.Reference.waitForReferencePendingList |  | ",
      "Finalizer | 28095 | WAITING (on object monitor) | java.lang.Object.wait | <0x00000000ffd02f40> java.lang.ref.ReferenceQueue$Lock | ",
      "Signal Dispatcher | 28096 | RUNNABLE |  |  | ",
      "Service Thread | 28097 | RUNNABLE |  |  | ",
      "Monitor Deflation Thread | 28098 | RUNNABLE |  |  | ",
      "C2 CompilerThread0 | 28099 | RUNNABLE |  |  | ",
      "C1 CompilerThread0 | 28100 | RUNNABLE |  |  | ",
      "Sweeper thread | 28101 | RUNNABLE |  |  | ",
      "Notification Thread | 28102 | RUNNABLE |  |  | ",
      "Common-Cleaner | 28104 | TIMED_WAITING (on object monitor) | java.lang.Object.wait | <0x00000000ffd17640> java.lang.ref.ReferenceQueue$Lock | ",
      "p-holder | 28105 | TIMED_WAITING (sleeping) | java.lang.Thread.sleep |  | <0x00000000ffd1ab80> java.lang.Object",
      "p-park | 28106 | WAITING (parking) | jdk.internal.misc.Unsafe.park | <0x00000000ffd1ab80> java.lang.Object | ",
      "p-park-nanos | 28107 | TIMED_WAITING (parking) | jdk.internal.misc.Unsafe.park | <0x00000000ffd1ab80> java.lang.Object | ",
      "p-sleep | 28108 | TIMED_WAITING (sleeping) | java.lang.Thread.sleep |  | ",
      "p-wait | 28109 | WAITING (on object monitor) | java.lang.Object.wait | <0x00000000ffd1ab90> java.lang.Object | ",
      "p-blocked | 28110 | BLOCKED (on object monitor) | Parker.lambda$main$3 | <0x00000000ffd1ab80> java.lang.Object | ",
      "p-lock | 28111 | WAITING (parking) | jdk.internal.misc.Unsafe.park | <0x00000000ffd1acf8> java.util.concurrent.locks.ReentrantLock$NonfairSync | ",
      "p read "1" | 28112 | RUNNABLE | sun.nio.ch.FileDispatcherImpl.read0 |  | ",
      "Attach Listener | 28141 | RUNNABLE |  |  | ",
    ]
  `)
})

test('frames are leaf first and have no places and numbers', () => {
  expect(parse(golden).threads.find((row) => row.comm === 'p-holder')).toMatchInlineSnapshot(`
    {
      "comm": "p-holder",
      "event": "dump",
      "frames": [
        "java.lang.Thread.sleep",
        "Parker.sleep",
        "Parker.hold",
        "Parker$$Lambda.run",
        "Parker.lambda$start$4",
        "Parker$$Lambda.run",
        "java.lang.Thread.run",
      ],
      "holds": [
        "<0x00000000ffd1ab80> java.lang.Object",
      ],
      "kernel_frames": 0,
      "pid": 4711,
      "state": "TIMED_WAITING (sleeping)",
      "tid": 28105,
      "unit": "threads",
      "weight": 1,
    }
  `)
})

// An idle node of Cassandra 5.0.5 on OpenJDK 17.
test('the pools of a Cassandra', () => {
  const dump = readFileSync(new URL('fixtures/jstack-17-cassandra-5.0.5.txt', import.meta.url), 'utf8')
  const { stats, threads } = parse(dump)
  expect(stats.bad).toBe(0)
  const pooled = threads.filter(({ comm }) => /Stage|Transport|Messaging|MemtableFlush/.test(comm ?? ''))
  expect(pooled.map((row) => [row.comm, row.state, row.frames?.[0] ?? ''].join(' | ')))
    .toMatchInlineSnapshot(`
    [
      "Messaging-AcceptLoop-1-1 | RUNNABLE | io.netty.channel.epoll.Native.epollWait",
      "MigrationStage:1 | WAITING (parking) | jdk.internal.misc.Unsafe.park",
      "MutationStage-1 | WAITING (parking) | jdk.internal.misc.Unsafe.park",
    ]
  `)
})

test('chunks may end anywhere', () => {
  const whole = parse(golden)
  for (const size of [1, 13, 1000]) expect(parse(golden, size)).toEqual(whole)
})

// As src/hotspot/share/runtime/{thread,osThread}.cpp of these versions print it.
test('JDK 8 and 21, and the report of a deadlock', () => {
  const { stats, threads } = parse(`2024-01-01 00:00:00
Full thread dump OpenJDK 64-Bit Server VM (25.402-b06 mixed mode):

"a" #9 prio=5 os_prio=0 tid=0x00007f0001 nid=0x1a2b in Object.wait() [0x00007f00aa]
   java.lang.Thread.State: TIMED_WAITING (on object monitor)
	at java.lang.Object.wait(Native Method)
	- waiting on <0x00000000d6> (a java.lang.Object)
	at X$$Lambda$1/1324119927.run(Unknown Source)
	- locked <0x00000000d6> (a java.lang.Object)
	- locked <0x00000000d7> (a [I)

   Locked ownable synchronizers:
	- None

"b" #22 [1234] prio=5 os_prio=0 cpu=0.1ms elapsed=2s tid=0x00007f02 nid=1234 waiting for monitor entry  [0x00007f00]
   java.lang.Thread.State: BLOCKED (on object monitor)
	at X$$Lambda/0x00007f3850000a08.run(Unknown Source)
	- waiting to lock <0x00000000d7> (a [I)

Found one Java-level deadlock:
=============================
"b":
  waiting to lock monitor 0x00007f38 (object 0x00000000d7, a [I),
  which is held by "a"

Java stack information for the threads listed above:
===================================================
"b":
	at X$$Lambda/0x00007f3850000a08.run(Unknown Source)
	- waiting to lock <0x00000000d7> (a [I)

Found 1 deadlock.

`)
  expect(stats.bad).toBe(0)
  expect(threads).toMatchObject([
    {
      comm: 'a',
      tid: 0x1a2b,
      frames: ['java.lang.Object.wait', 'X$$Lambda.run'],
      waits_for: '<0x00000000d6> java.lang.Object',
      holds: ['<0x00000000d7> [I'],
    },
    { comm: 'b', tid: 1234, frames: ['X$$Lambda.run'], waits_for: '<0x00000000d7> [I' },
  ])
})

test('a cut or broken dump loses only what is broken', () => {
  const { threads } = parse(golden)
  const cut = parse(golden.slice(0, golden.indexOf('"p-park"') + 30))
  expect(cut.stats.bad).toBe(1)
  expect(cut.threads).toEqual(threads.slice(0, cut.threads.length))
  const broken = parse(`\xff\x00\n"no id" prio\n${golden}${'"'.repeat(2 << 20)}\nnonsense\n`)
  expect(broken.threads).toEqual(threads)
  expect(broken.stats.bad).toBe(4)
})

test('a hostile line is given up in time', () => {
  expect(parse(`"${'" nid='.repeat(150_000)}\n"x" nid=1 \n- ${' '.repeat(900_000)}\n`).stats.rows).toBe(0)
})
