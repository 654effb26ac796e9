/** When a run began. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const record = z.object({ states: z.tuple([z.object({ at: z.string() })], z.unknown()) })

/** In ms since the epoch, from the record in the directory of the run. */
export async function startOfRun(directory: string): Promise<number> {
  const { states } = record.parse(JSON.parse(await readFile(join(directory, 'run.json'), 'utf8')))
  return Number(BigInt(states[0].at) / 1_000_000n)
}
