/** How far the clock of another machine is from ours, asked of the agent there. */
import type { AgentChannel } from './agent-channel.ts'

const TRIPS = 8

/** The node's clock minus ours in ns, by the round trip that took the least time: it was read halfway. */
export function clockOffset(agent: AgentChannel): number {
  let least = Number.POSITIVE_INFINITY
  let offset = 0
  for (let trip = 0; trip < TRIPS; trip += 1) {
    const sentMs = performance.now()
    const sent = BigInt(Math.round((performance.timeOrigin + sentMs) * 1e6))
    const answer = agent.askNow(['n\t/']).get('n\t/')
    const tookMs = performance.now() - sentMs
    if (answer === undefined || tookMs >= least) continue
    least = tookMs
    offset = Number(BigInt(answer.toString('latin1').trim()) - sent) - (tookMs / 2) * 1e6
  }
  return Math.round(offset)
}
