import { z } from 'zod'
import { formatDuration } from '../../../base/duration.ts'
import { EnvironmentError } from '../../../base/errors.ts'
import type { CollectContext } from '../../../plugin/collector.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { isStopped } from '../../../plugin/jvm.ts'
import { duration } from '../../../plugin/properties.ts'
import { daemonOf, type Daemon } from './nodetool.ts'
import { tpstatsParser } from './parse.ts'

export default defineCollector({
  id: 'tpstats',
  summary: 'Thread pools of Cassandra: what is active, pending, completed and blocked; dropped messages',
  shows: 'work that waits in the stages of Cassandra',
  // nodetool comes with the target: it is in the jar of Cassandra itself.
  needs: [{ type: 'target', what: 'jvm' }],
  tier: 'sample',
  tables: ['samples'],
  inDefaultLadder: true,
  onReference: true,
  perNetwork: true,
  properties: z.strictObject({
    port: z.int().min(1).max(65_535).optional().describe('JMX port; that of the command line, or 7199'),
    timeout: duration.prefault('30s').describe('time for each nodetool, a virtual machine that has to start'),
  }),
  async collect(context, { port, timeout }) {
    const { node, targets } = context
    const daemons = targets.flatMap(({ pid }) => daemonOf(node.files, pid, node.scratch, port) ?? [])
    if (daemons.length === 0) context.note('no target is a Cassandra')
    const failures: string[] = []
    const places = new Map(daemons.map((one) => [`${one.host} ${one.port}`, one]))
    for (const daemon of places.values()) {
      const failure = await ask(context, daemon, timeout)
      if (failure !== undefined) {
        failures.push(`nodetool tpstats on port ${daemon.port} of ${node.name} failed: ${failure}`)
      }
    }
    if (failures.length > 0 && failures.length === places.size) {
      throw new EnvironmentError(failures.join('; '))
    }
    for (const failure of failures) context.note(failure)
  },
})

/** Why it failed, or nothing. */
async function ask(
  context: CollectContext,
  { pid, port, nodetool }: Daemon,
  timeoutMs: number,
): Promise<string | undefined> {
  const { node, rows, signal } = context
  if (isStopped(node.files, pid)) return `process ${pid} is stopped by a signal, and answers nobody`
  await using running = await node.spawn([...nodetool, 'tpstats'], { signal, timeoutMs })
  await context.ingest(`tpstats-${port}`, running.stdout, tpstatsParser(rows))
  const { ok, timedOut, stderr } = await running.done
  if (timedOut) return `no answer within ${formatDuration(timeoutMs)}`
  return ok ? undefined : stderr.trim().slice(-500)
}
