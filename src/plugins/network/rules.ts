/** Rules of the packet filter at the switch that connects the nodes of a run. */
import { EnvironmentError } from '../../base/errors.ts'
import type { CommandResult, Node } from '../../plugin/node.ts'

/** What a rule does to the frames that go through a port. */
export interface PortRules {
  readonly port: string
  /** `ingress`: what the node sends; `egress`: what it is about to receive (Linux 5.16). */
  readonly hook: 'ingress' | 'egress'
  /** Rules of nft(8). */
  readonly rules: readonly string[]
}

/** Lays rules on ports, all at once; disposing takes them away. They are gone with the switch in any case. */
export async function filterPorts(
  at: Node,
  table: string,
  ports: readonly PortRules[],
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const chains = ports.map(
    ({ port, hook, rules }) => `chain ${hook}_${port} {
  type filter hook ${hook} device "${port}" priority 0; policy accept;
  ${rules.join('\n  ')}
}`,
  )
  const input = `table netdev ${table} {\n${chains.join('\n')}\n}\n`
  const remove = (): Promise<CommandResult> => at.run(['nft', 'delete', 'table', 'netdev', table])
  const { ok, stderr } = await at.run(['nft', '-f', '-'], { input, signal }).catch(async (error: unknown) => {
    // It may have laid them before the abort ended it.
    await remove()
    throw error
  })
  if (!ok) {
    throw new EnvironmentError(`the packet filter refuses the rules: ${stderr.trim().slice(-500)}`, {
      code: 'QUARRY_PACKET_FILTER',
      remedy:
        'use a kernel with CONFIG_NF_TABLES_NETDEV=y and CONFIG_NETFILTER_EGRESS=y, as Linux 5.16 and later have',
    })
  }
  return {
    [Symbol.asyncDispose]: async () => {
      const deleted = await remove()
      if (!deleted.ok) throw new Error(`the fault could not be healed: ${deleted.stderr.trim()}`)
    },
  }
}

/** Matches one of some addresses, such as `ether saddr { 02:51:c6:12:05:02 }`. */
export const etherMatch = (side: 'saddr' | 'daddr', nodes: readonly Node[]): string =>
  `ether ${side} { ${nodes.map(({ network }) => network?.hardwareAddress).join(', ')} }`
