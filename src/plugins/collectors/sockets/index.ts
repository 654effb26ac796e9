import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import type { CollectContext } from '../../../plugin/collector.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { socketsParser } from './parse.ts'

const SS = [
  'ss',
  '--no-header',
  '--all',
  '--numeric',
  '--processes',
  '--extended',
  '--options',
  '--oneline',
  '-tux',
]

export default defineCollector({
  id: 'sockets',
  summary: 'Sockets of the host and of the network namespaces of the targets: queues, timers, owners',
  shows: 'TCP, UDP and Unix sockets, accept queues, unread bytes, retransmission timers, owners',
  needs: [{ type: 'tool', name: 'ss', package: 'iproute2' }],
  tier: 'read',
  tables: ['sockets'],
  inDefaultLadder: true,
  onReference: true,
  perNetwork: true,
  properties: z.strictObject({}),
  async collect(context) {
    const failure = await list(context, 'host', SS)
    if (failure !== undefined) throw new EnvironmentError(`ss failed on ${context.node.name}: ${failure}`)
    for (const { pid, namespace } of await foreignNamespaces(context)) {
      const inside = ['nsenter', `--target=${pid}`, '--net', '--', ...SS]
      const why = await list(context, `net-${namespace}`, inside)
      if (why !== undefined)
        context.note(`sockets in the network namespace of process ${pid} cannot be listed: ${why}`)
    }
  },
})

/** Why it failed, or nothing. */
async function list(
  context: CollectContext,
  name: string,
  command: readonly string[],
): Promise<string | undefined> {
  await using running = await context.node.spawn(command, { signal: context.signal })
  await context.ingest(name, running.stdout, socketsParser(context.rows))
  const { ok, stderr } = await running.done
  return ok ? undefined : stderr.trim().slice(-500)
}

/** A target in each network namespace that is not the node's own. */
async function foreignNamespaces({
  node,
  targets,
  signal,
}: CollectContext): Promise<{ pid: number; namespace: string }[]> {
  const own = (await node.run(['readlink', '/proc/self/ns/net'], { signal })).stdout.trim()
  const seen = new Set([own])
  return targets.flatMap(({ pid }) => {
    const link = node.files.link(`/proc/${pid}/ns/net`)
    if (link === undefined || seen.has(link)) return []
    seen.add(link)
    return [{ pid, namespace: link.replace(/\D+/g, '') }]
  })
}
