import { sleep, throwIfAborted } from '../../../base/abort.ts'
import { EnvironmentError } from '../../../base/errors.ts'
import { z } from 'zod'
import type { CollectContext, ProbeCommand } from '../../../plugin/collector.ts'
import { defineCollector } from '../../../plugin/define.ts'
import type { FileView, RunningCommand } from '../../../plugin/node.ts'
import { identityOf } from '../../tracing/process-stat.ts'
import { createStraceParser } from './parse.ts'

// Descendants, times since the epoch, time in each call, paths behind descriptors; output through a pipe of strace's own,
// because the one that it gets for its errors is shared with the commands that it traces.
const OPTIONS = ['-f', '-ttt', '-T', '-y', '-s', '64', '-o', '|exec cat']

export default defineCollector({
  id: 'strace',
  summary: 'Traces the system calls of the targets, and of the sick probe commands, with arguments and times',
  needs: [
    { type: 'tool', name: 'strace', package: 'strace' },
    { type: 'capability', name: 'CAP_SYS_PTRACE' },
  ],
  properties: z.strictObject({
    calls: z
      .string()
      .min(1)
      .optional()
      .describe('what to trace, as `strace -e trace=` takes it; everything if absent'),
    repeat: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(3)
      .describe('how often each probe command is run in the window'),
    maxBytes: z
      .number()
      .int()
      .min(1)
      .default(256 * 2 ** 20)
      .describe('bytes of output after which tracing of the targets ends'),
  }),
  tier: 'stop',
  shows: 'every system call with its arguments, result and time',
  tables: ['syscalls'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context, { calls, repeat, maxBytes }) {
    const options = calls === undefined ? OPTIONS : [...OPTIONS, '-e', `trace=${calls}`]
    const parts: Promise<void>[] = context.commands.map((command) =>
      traceCommand(context, options, command, repeat),
    )
    if (context.targets.length > 0) parts.push(traceTargets(context, options, maxBytes))
    if (parts.length === 0) {
      context.note('strace had nothing to trace: no target processes, and no probe commands')
    }
    // All of them end, so that none goes on when one fails.
    const failed = (await Promise.allSettled(parts)).find((part) => part.status === 'rejected')
    throwIfAborted(context.signal)
    if (failed !== undefined) throw failed.reason
  },
})

/** Time that a killed command, or strace itself, has to end. */
const GRACE_MS = 500

async function traceTargets(
  context: CollectContext,
  options: readonly string[],
  maxBytes: number,
): Promise<void> {
  const { node, targets, windowMs, signal } = context
  const attach = targets.flatMap(({ pid }) => ['-p', String(pid)])
  await using running = await node.spawn(['strace', ...options, ...attach], { signal })
  const stderr = await traced(context, running, 'targets.strace', windowMs, maxBytes)
  for (const { pid, comm } of targets) {
    if (stderr.includes(`Process ${pid} attached`)) continue
    if (node.files.text(`/proc/${pid}/stat`) === undefined) {
      context.note(`${comm} (${pid}) was gone before strace came`)
      continue
    }
    const why = stderr.split('\n').find((line) => line.includes(`, ${pid})`)) ?? stderr.trim()
    throw new EnvironmentError(`strace could not attach to ${comm} (${pid}) on ${node.name}: ${why}`, {
      code: 'QUARRY_STRACE',
      remedy:
        'run as root; no other tracer (gdb, strace) may hold the process; see sysctl kernel.yama.ptrace_scope',
    })
  }
}

async function traceCommand(
  context: CollectContext,
  options: readonly string[],
  { probe, command, environment }: ProbeCommand,
  repeat: number,
): Promise<void> {
  const { node, windowMs, signal } = context
  const untilMs = performance.now() + windowMs
  for (let turn = 1; turn <= repeat; turn += 1) {
    const leftMs = untilMs - performance.now()
    if (turn > 1 && leftMs < windowMs / 10) return
    await using running = await node.spawn(
      ['strace', ...options, '--', 'sh', '-c', 'exec >/dev/null 2>&1; eval "$1"', 'sh', command],
      { signal, env: environment },
    )
    // Told to end, strace would cut its output off in the middle of the call that hangs; when the command is killed, it
    // writes how long that took. What KILL does not end is left to `traced` and to the end of this block.
    const kill = async (): Promise<void> => {
      const pids = tracedBy(node.files, running.pid).map(String)
      if (pids.length > 0) await node.run(['sh', '-c', 'kill -KILL "$@"', 'sh', ...pids])
    }
    await traced(context, running, `${probe}-${turn}.strace`, leftMs, Number.POSITIVE_INFINITY, kill)
  }
}

/**
 * Parses the output until strace ends, and gives its messages. After `windowMs` or `maxBytes` `end` is called, and strace
 * told to end when that does not do.
 */
async function traced(
  context: CollectContext,
  running: RunningCommand,
  name: string,
  windowMs: number,
  maxBytes: number,
  end: () => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  const { node, signal } = context
  const over = new AbortController()
  const parser = createStraceParser(context.rows, {
    clockOffsetNs: node.clockOffsetNs,
    identify: (tid) => identityOf(node.files, tid),
  })
  async function* bounded(): AsyncGenerator<Uint8Array> {
    let bytes = 0
    for await (const chunk of running.stdout) {
      bytes += chunk.length
      yield chunk
      if (bytes < maxBytes || over.signal.aborted) continue
      over.abort()
      context.note(`strace wrote more than ${maxBytes} bytes in less than the window, and was ended`)
    }
  }
  const ended = new AbortController()
  const stopper = async (): Promise<void> => {
    await pause(windowMs, AbortSignal.any([signal, over.signal, ended.signal]))
    if (ended.signal.aborted || signal.aborted) return
    await end()
    await pause(GRACE_MS, AbortSignal.any([signal, ended.signal]))
    if (!ended.signal.aborted) running.interrupt()
  }
  const stopped = stopper()
  try {
    await context.ingest(name, bounded(), parser)
  } finally {
    ended.abort()
    await stopped
  }
  const { stderr } = await running.done
  return stderr
}

/** Waits, and goes on as soon as the signal aborts. */
const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  sleep(milliseconds, signal).catch(() => {})

/** Processes that a tracer traces. */
function tracedBy(files: FileView, tracer: number): number[] {
  return files
    .list('/proc')
    .map(Number)
    .filter((pid) =>
      new RegExp(`^TracerPid:\\s*${tracer}$`, 'm').test(files.text(`/proc/${pid}/status`) ?? ''),
    )
}
