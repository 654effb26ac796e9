/** Raw output of collectors, kept below evidence/raw/ of the run. */
import { mkdirSync } from 'node:fs'
import { ingest } from '../evidence/ingest.ts'
import type { CollectContext } from '../plugin/collector.ts'
import type { Node } from '../plugin/node.ts'
import type { RunDirectory } from '../store/run-directory.ts'

export interface RawOutput {
  readonly ingest: CollectContext['ingest']
  /** Files written so far, relative to evidence/raw/. */
  files(): readonly string[]
  /** Lines that no parser understood. */
  badLines(): number
}

/** Where one rung keeps what its tool printed: `<collector>/<capture>-<node>-<name>.zst`. */
export function createIngest(
  directory: RunDirectory,
  collector: string,
  capture: string,
  node: Node,
  signal: AbortSignal,
): RawOutput {
  const files: string[] = []
  let bad = 0
  mkdirSync(directory.file('evidence', 'raw', collector), { recursive: true })
  return {
    files: () => files,
    badLines: () => bad,
    ingest: async (name, output, parser) => {
      const safe = name.replaceAll(/[^\w.-]/g, '_')
      const file = `${collector}/${capture}-${node.group}-${node.ordinal}-${safe}.zst`
      files.push(file)
      const rawFile = directory.file('evidence', 'raw', file)
      const stats = await ingest(
        output,
        parser === undefined ? { rawFile, signal } : { rawFile, parser, signal },
      )
      bad += stats.bad
      return stats
    },
  }
}
