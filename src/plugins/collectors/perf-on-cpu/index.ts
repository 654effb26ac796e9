import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { EnvironmentError } from '../../../base/errors.ts'
import type { CollectContext } from '../../../plugin/collector.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { withPrivateMounts } from '../../tracing/tracefs.ts'
import { createPerfScriptParser } from './parse.ts'

/** No settings and no downloads of the user's, so that the output is the same everywhere. */
const ENVIRONMENT = { PERF_CONFIG: '/dev/null', DEBUGINFOD_URLS: '' }

export default defineCollector({
  id: 'perf-on-cpu',
  summary: 'Samples the stacks that run on all CPUs, with perf',
  needs: [
    { type: 'tool', name: 'perf', package: 'linux-perf' },
    { type: 'capability', name: 'CAP_PERFMON' },
  ],
  properties: z.strictObject({
    frequency: z.number().int().min(1).max(10_000).default(99).describe('samples a second on each CPU'),
    everybody: z.boolean().default(true).describe('all processes; otherwise the targets only'),
  }),
  tier: 'sample',
  shows: 'in which functions, of the kernel and of programs, the CPU time goes',
  tables: ['stacks'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context, { frequency, everybody }) {
    const { node, targets, signal } = context
    const file = `${node.scratch}/perf-on-cpu.data`
    const pids = targets
      .map(({ pid }) => pid)
      .filter((pid) => node.files.text(`/proc/${pid}/stat`) !== undefined)
    const scope = everybody || pids.length === 0 ? ['--all-cpus'] : ['--pid', pids.join(',')]
    try {
      await record(context, file, [...scope, '--freq', String(frequency)])
      await script(context, file)
    } finally {
      await node.run(['rm', '-f', file])
    }
    throwIfAborted(signal)
  },
})

/** Counts cycles where there is a counter for them, and time otherwise (many virtual machines have none). */
async function record(context: CollectContext, file: string, options: readonly string[]): Promise<void> {
  const { node, windowMs, signal } = context
  let why = ''
  for (const event of ['cycles', 'cpu-clock']) {
    const command = ['perf', 'record', ...options, '--event', event, '--call-graph', 'fp', '--output', file]
    // Build ids would be kept, with the programs, in the user's home.
    command.push('--no-buildid', '--no-buildid-cache', '--', 'sleep', String(windowMs / 1000))
    const result = await node.run(withPrivateMounts(command), { signal, env: ENVIRONMENT })
    throwIfAborted(signal)
    const messages = result.stderr
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('[ perf record'))
    if (result.ok) {
      for (const line of messages.filter((message) => /warning|lost/i.test(message)).slice(0, 3)) {
        context.note(`perf: ${line.trim()}`)
      }
      return
    }
    why = messages.slice(0, 5).join('; ')
  }
  throw new EnvironmentError(`perf could not sample on ${node.name}: ${why}`, {
    code: 'QUARRY_PERF',
    remedy: 'run as root, or: sysctl kernel.perf_event_paranoid=-1',
  })
}

async function script(context: CollectContext, file: string): Promise<void> {
  const { node, signal } = context
  const command = [
    'perf',
    'script',
    '--input',
    file,
    '--no-inline',
    '--fields',
    'comm,pid,tid,time,event,ip,sym,dso',
  ]
  await using running = await node.spawn(withPrivateMounts(command), { signal, env: ENVIRONMENT })
  await context.ingest('perf-script.txt', running.stdout, createPerfScriptParser(context.rows))
  const result = await running.done
  throwIfAborted(signal)
  if (!result.ok)
    throw new Error(`perf script failed: ${result.stderr.trim().split('\n').slice(-3).join('; ')}`)
}
