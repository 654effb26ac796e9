import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { tpstatsParser } from './parse.ts'

const TIMEOUT_MS = 30_000
const CASSANDRA = /\borg\.apache\.cassandra\.service\.CassandraDaemon\b|\bcom\.datastax\.bdp\.DseModule\b/
const JMX_PORT =
  /-D(?:cassandra\.jmx\.(?:local|remote)\.port|com\.sun\.management\.jmxremote\.port)=(\d{1,5})\b/

export default defineCollector({
  id: 'tpstats',
  summary: 'Thread pools of Cassandra: what is active, pending, completed and blocked; dropped messages',
  shows: 'work that waits in the stages of Cassandra',
  needs: [
    { type: 'tool', name: 'nodetool', package: 'cassandra' },
    { type: 'target', what: 'jvm' },
  ],
  tier: 'sample',
  tables: ['samples'],
  inDefaultLadder: true,
  onReference: true,
  properties: z.strictObject({
    port: z.int().min(1).max(65_535).optional().describe('JMX port; that of the command line, or 7199'),
  }),
  async collect(context, { port }) {
    const { node, targets, signal } = context
    const daemons = targets.flatMap(({ pid }) => {
      const commandLine = node.files.text(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ') ?? ''
      if (!CASSANDRA.test(commandLine)) return []
      return [String(port ?? JMX_PORT.exec(commandLine)?.[1] ?? 7199)]
    })
    if (daemons.length === 0) context.note('no target is a Cassandra')
    for (const jmxPort of new Set(daemons)) {
      await using running = await node.spawn(['nodetool', '-p', jmxPort, 'tpstats'], {
        signal,
        timeoutMs: TIMEOUT_MS,
      })
      await context.ingest(`tpstats-${jmxPort}`, running.stdout, tpstatsParser(context.rows))
      const { ok, timedOut, stderr } = await running.done
      const why = timedOut ? `no answer within ${TIMEOUT_MS / 1000} s` : stderr.trim().slice(-500)
      if (!ok)
        throw new EnvironmentError(`nodetool tpstats on port ${jmxPort} of ${node.name} failed: ${why}`)
    }
  },
})
