/** A manager for the ring: it needs Java and Maven, brings Cassandra to the nodes, and starts and stops it there. */
import { join } from 'node:path'
import { defineManager, EnvironmentError, sleep, TargetError, z } from 'quarry/plugin'
import type { ManagerContext, Node } from 'quarry/plugin'

/** Programs, and the Debian packages that have them. */
const tools = { java: 'default-jdk-headless', jstack: 'default-jdk-headless', mvn: 'maven' }
const BETWEEN_LOOKS_MS = 500
const TO_BE_READY_MS = 5 * 60_000

type Running = Awaited<ReturnType<Node['spawn']>>
const running = new Map<string, Running>()

export default defineManager({
  id: 'cassandra-ring',
  summary: 'Apache Cassandra from Maven artifacts, a ring of all nodes of the group',
  needs: Object.entries(tools).map(([name, debian]) => ({ type: 'tool' as const, name, package: debian })),
  properties: z.strictObject({}),
  provides: ['cassandra'],
  requires: [],
  configure: async (context) => {
    const [node] = context.nodes
    if (node === undefined) return
    await checkTools(node)
    const fetched = await script(context, node, 'fetch')
    if (!fetched.ok) throw new EnvironmentError(`Maven did not bring Cassandra: ${lastLines(fetched)}`)
  },
  start: async (context) => {
    await Promise.all(
      context.nodes.map(async (node) => {
        const path = scriptOf(context, node, 'serve')
        const log = join(node.artifacts, 'cassandra.log')
        const command = await node.spawn(['bash', '-c', 'exec "$0" >"$1" 2>&1', path, log], {
          env: context.environment(node),
        })
        running.set(node.scratch, command)
      }),
    )
    await Promise.all(context.nodes.map((node) => untilReady(context, node)))
  },
  stop: async ({ nodes }) => {
    await Promise.all(nodes.map(async ({ scratch }) => running.get(scratch)?.stop()))
    for (const { scratch } of nodes) running.delete(scratch)
  },
})

/** Throws an EnvironmentError that names the packages of what the node lacks. */
async function checkTools(node: Node): Promise<void> {
  const look = 'for tool; do command -v "$tool" >/dev/null || echo "$tool"; done'
  const { stdout } = await node.run(['sh', '-c', look, 'sh', ...Object.keys(tools)])
  const missing = Object.entries(tools).filter(([name]) => stdout.split('\n').includes(name))
  if (missing.length === 0) return
  throw new EnvironmentError(`${node.name} lacks ${missing.map(([name]) => name).join(', ')}`, {
    code: 'QUARRY_NOT_FOUND',
    remedy: `apt-get install -y ${[...new Set(missing.map(([, debian]) => debian))].join(' ')}`,
  })
}

const scriptOf = (context: ManagerContext, node: Node, name: string): string =>
  join(context.environment(node)['QUARRY_DEFINITION_DIR'] ?? '', 'cassandra', name)

const script = (context: ManagerContext, node: Node, name: string) =>
  node.run([scriptOf(context, node, name)], { env: context.environment(node), signal: context.signal })

const lastLines = ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string =>
  `${stdout}${stderr}`.trim().split('\n').slice(-5).join('\n')

/** Resolves when the node answers and sees the whole ring. */
async function untilReady(context: ManagerContext, node: Node): Promise<void> {
  const deadline = performance.now() + TO_BE_READY_MS
  const service = running.get(node.scratch)
  let ended = false
  void service?.done.then(() => (ended = true))
  for (;;) {
    const look = await script(context, node, 'ready')
    if (look.ok) break
    if (ended || performance.now() > deadline) {
      const log = await node.run(['tail', '-n', '5', join(node.artifacts, 'cassandra.log')])
      throw new TargetError(`Cassandra on ${node.name} does not serve: ${lastLines(log)}`)
    }
    await sleep(BETWEEN_LOOKS_MS, context.signal)
  }
  context.log(`${node.name}: Cassandra serves`)
  context.provide(node, 'cassandra', { address: node.address, port: '9042' })
}
