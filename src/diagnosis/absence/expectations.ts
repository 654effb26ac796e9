/** Peers that calls in flight wait for. */
import type { Case } from '../case/case.ts'

/** A peer, and the call that waits for it. */
export interface Expectation {
  readonly node: string
  readonly address: string
  readonly comm: string
  readonly pid: number
  readonly call: string
}

const ADDRESS = /\b(?:\d{1,3}\.){3}\d{1,3}\b/

/** The first address in the arguments of each call that has not returned. */
export async function expectations(the: Case): Promise<Expectation[]> {
  const rows = await the.evidence.rows<Omit<Expectation, 'address'> & { args: string }>(`
    SELECT DISTINCT node, comm, pid, call, args FROM syscalls
    WHERE ${the.sick.captured} AND NOT coalesce(finished, true) AND args IS NOT NULL ORDER BY node, pid LIMIT 1000`)
  const byAddress = new Map<string, Expectation>()
  for (const { args, ...row } of rows) {
    const address = ADDRESS.exec(args)?.[0]
    if (address === undefined || address.startsWith('127.')) continue
    const key = `${row.node} ${address}`
    if (!byAddress.has(key)) byAddress.set(key, { ...row, address })
  }
  return [...byAddress.values()]
}
