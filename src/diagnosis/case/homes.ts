/**
 * Whose process it is, where several nodes are networks of one kernel. What is about the kernel, such as threads, is then
 * recorded under the name of the host, and what is about a network under that of its node; pids are the same in both.
 */
import type { Case } from './case.ts'

export interface Process {
  /** As the row about it has it. */
  readonly node: string
  readonly pid: number
}

/** The node in whose network a process is; that of the row when nothing tells it. */
export type HomeOf = (process: Process) => string

/** By what the ladder saw when it chose its targets, and else by the one node of its host that has sockets of it. */
export async function homesOf(the: Case): Promise<HomeOf> {
  const owners = await the.evidence.rows<Process>(`
    SELECT DISTINCT node, pid FROM sockets WHERE ${the.sick.captured} AND pid IS NOT NULL`)
  const byPid = Map.groupBy(owners, ({ pid }) => pid)
  return (process) => {
    const same = (one: Process): boolean => one.pid === process.pid && the.sameHost(one.node, process.node)
    const network = the.targets.find(same)?.network
    if (network !== undefined) return network
    const [only, ...others] = (byPid.get(process.pid) ?? []).filter(same).map(({ node }) => node)
    return only === undefined || others.length > 0 ? process.node : only
  }
}
