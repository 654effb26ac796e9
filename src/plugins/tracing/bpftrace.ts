/** Runs a bpftrace program of a collector for the window and feeds its output to a parser. */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { throwIfAborted } from '../../base/abort.ts'
import { EnvironmentError } from '../../base/errors.ts'
import type { CollectContext } from '../../plugin/collector.ts'
import type { Parser } from '../../plugin/evidence.ts'
import type { Need } from '../../plugin/need.ts'
import type { Node } from '../../plugin/node.ts'
import { MAP_KEYS } from './bpftrace-output.ts'
import { syscallTable, type SyscallTable } from './syscall-names.ts'
import { withTracefs } from './tracefs.ts'

export interface BpftraceOptions {
  /**
   * Program text. `$1` is a pid to leave out. It must not end itself: an interval probe is added that ends it and prints
   * the end of the window as `now <nsecs>`.
   */
  readonly program: URL
  /** Statements put before the program, such as tables of this machine. */
  readonly prelude?: string
  readonly parser: Parser
}

/** Bytes of a path that programs see; more than 200 does not fit on the stack of a BPF program (512 bytes). */
export const PATH_BYTES = 200

/** What every collector that runs bpftrace needs, and the tracepoints that its program attaches to. */
export function bpftraceNeeds(...tracepoints: readonly string[]): readonly Need[] {
  return [
    { type: 'tool', name: 'bpftrace', package: 'bpftrace' },
    { type: 'root' },
    { type: 'tracefs' },
    ...tracepoints.map((name): Need => ({ type: 'tracepoint', name })),
  ]
}

/** Traces for the window of the context. Throws an EnvironmentError when the program could not be attached. */
export async function runBpftrace(context: CollectContext, options: BpftraceOptions): Promise<void> {
  const { node, windowMs, signal } = context
  const program = [
    options.prelude ?? '',
    await readFile(options.program, 'utf8'),
    // The program ends by itself, so that on a machine that we lost it does not go on for ever. END comes only after the
    // tracepoints are detached, some 100 ms later: the time of what is under way is taken before.
    `interval:ms:${Math.max(1, Math.round(windowMs))} { printf("now %llu\\n", nsecs); exit(); }`,
  ].join('\n')
  const keys = String(MAP_KEYS)
  const command = withTracefs(['bpftrace', '-f', 'json', '-e', program, String(observerPid(node))])
  await using running = await node.spawn(command, {
    signal,
    env: {
      BPFTRACE_STRLEN: String(PATH_BYTES),
      BPFTRACE_MAP_KEYS_MAX: keys,
      // Their names since 0.20.
      BPFTRACE_MAX_STRLEN: String(PATH_BYTES),
      BPFTRACE_MAX_MAP_KEYS: keys,
    },
  })
  await context.ingest('bpftrace.json', running.stdout, options.parser)
  const result = await running.done
  throwIfAborted(signal)
  if (!result.ok) {
    const why =
      warnings(result.stderr).slice(-5).join('; ') || `exit code ${result.exitCode ?? result.signal}`
    throw new EnvironmentError(`bpftrace could not trace on ${node.name}: ${why}`, {
      code: 'QUARRY_BPFTRACE',
      remedy: 'quarry doctor shows what tracing lacks here; the collector `ftrace` needs no BPF',
    })
  }
  for (const warning of warnings(result.stderr).slice(0, 3)) context.note(`bpftrace: ${warning}`)
}

// Since 5.11 BPF memory is not charged to RLIMIT_MEMLOCK: that it could not be raised is of no consequence.
const warnings = (stderr: string): string[] =>
  stderr
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) => /error|warning|lost|cannot|failed|denied/i.test(line) && !line.includes('RLIMIT_MEMLOCK'),
    )

/** Our own process when the node is this host, whose calls are not evidence; 0 when it is another one. */
export function observerPid(node: Node): number {
  const file = '/proc/sys/kernel/random/boot_id'
  return node.files.text(file)?.trim() === readFileSync(file, 'utf8').trim() ? process.pid : 0
}

/** The node's system calls by number. */
export async function syscallsOf(context: CollectContext): Promise<SyscallTable> {
  const { stdout } = await context.node.run(['uname', '-m'], { signal: context.signal })
  return syscallTable(stdout.trim())
}
