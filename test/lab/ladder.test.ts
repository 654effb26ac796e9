/** Every rung of the ladder that takes no Java, in a guest with Debian's kernel: the tools, BTF, tracefs, SysRq, its memory. */
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runProcess } from '../../src/base/process.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const RUNGS = `
threads, files, sockets, timers, slab, mounts, kernel-log, facts, console, machine, perf-on-cpu, perf-off-cpu,
bpf-failed-calls, bpf-call-latency, bpf-wakeups, bpf-timers, {blktrace: {when: always}}, bpf-block-io, {ftrace: {when: always}},
{tcpdump: {filter: port 7000}}, {sysrq: {letters: wt}}, strace, sigstop, guest-memory, gdb, drop-caches, {change-command: {script: 'true'}}`
/** Nothing has been printed since the snapshot; of the others it is seen later what they did. */
const WITHOUT_ROWS = ['console', 'guest-memory', 'drop-caches', 'change-command']

const DEFINITION = `
ensemble:
  server:
    node.count: 1
    provisioner:
      name: vm
      properties: {kernel: cloud, memory: 512M, cpus: 2, disks: {data: {size: 64M, mount: /data}}}
  client: server
workload:
  phases:
    - load:
        module: bash
        properties:
          lifetime: phase
          # Writes, fails to open a file, connects to itself, computes and naps, for ever.
          script: |
            #!/usr/bin/perl
            $0 = 'busyd';
            use IO::Handle;
            use IO::Socket::INET;
            my $server = IO::Socket::INET->new(Listen => 5, LocalPort => 7000, ReuseAddr => 1) or die;
            open(my $ready, '>', '/run/ready') or die;
            while (1) {
                open(my $file, '>', '/data/file') or die;
                syswrite($file, 'x' x 200_000);
                $file->sync;
                open(my $none, '<', '/nowhere/at-all');
                my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1:7000');
                my $accepted = $server->accept;
                close($client);
                my $sum = 0;
                $sum += $_ for 1 .. 20_000;
                select(undef, undef, undef, 0.05);
            }
      wait: {module: sleep, properties: {duration: 30m}}
observe:
  probes: {ready: {command: test -e /run/ready, group: server, every: 1s}}
symptoms:
  busy: {when: 'probe_success{probe="ready"} == 1', for: 3s, then: [capture, stop]}
evidence: {allow: [change], targets: ['^busyd'], window: 5s, rungTimeout: 4m, ladder: [${RUNGS.replaceAll('\n', ' ')}]}
`

test('every rung works in a guest', { timeout: 30 * 60_000 }, async () => {
  const { stderr } = await place.run(place.write('ladder.yaml', DEFINITION))
  const [record] = place.records()
  const rungs = record?.captures.find(({ role }) => role === 'sick')?.rungs ?? []
  expect(rungs.length, stderr).toBe(27)
  const poor = rungs.filter(
    ({ collector, status, rows, badLines }) =>
      // The last line of a tool may be cut off when its time is over.
      status !== 'ok' || badLines > 1 || (rows === 0 && !WITHOUT_ROWS.includes(collector)),
  )
  expect(poor).toEqual([])

  const memory = rungs.find(({ collector }) => collector === 'guest-memory')?.raw[0] ?? ''
  const core = join(place.path, 'core')
  const raw = createReadStream(join(place.runs, record?.id ?? '', 'evidence/raw', memory))
  await pipeline(raw, createZstdDecompress(), createWriteStream(core))
  const { stdout } = await runProcess(['gdb', '-q', '-batch', '-ex', 'info threads', '-c', core])
  // Two processors, in the kernel.
  expect(stdout.match(/LWP \d+ +0xffffffff/g)).toHaveLength(2)
})
