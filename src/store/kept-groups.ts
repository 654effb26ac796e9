/**
 * Node groups that outlive their run: a directory for each, by the name of the cluster, with the undo ledger of what
 * stands and a record of how to find it again.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { runLevels } from '../model/run-level.ts'
import { readLedger, settleLedger } from '../node/ledger.ts'
import { openRunsDirectory } from './run-directory.ts'

const record = z.object({
  cluster: z.string(),
  group: z.string(),
  provisioner: z.string(),
  level: z.enum(runLevels),
  /** What the provisioner needs to find the nodes again. */
  state: z.unknown(),
  /** What there is on each node. */
  providers: z.array(z.record(z.string(), z.record(z.string(), z.string()))),
  /** The run that left it, and when, as ISO 8601. */
  run: z.string(),
  since: z.string(),
})

export type KeptGroup = z.infer<typeof record>

const directory = (): string => join(dirname(openRunsDirectory()), 'kept')
const directoryOf = (cluster: string): string => join(directory(), cluster)
const link = (cluster: string): string => join(openRunsDirectory(), keptId(cluster))

/** What marks its processes and files, as the id of a run does. */
export const keptId = (cluster: string): string => `kept-${cluster}`

export const keptLedger = (cluster: string): string => join(directoryOf(cluster), 'undo.jsonl')

/** The group that was left under this name, if there is one. Throws a UserError when a run is using it. */
export function findKept(cluster: string): KeptGroup | undefined {
  const found = readKept(cluster)
  if (found !== undefined && readLedger(keptLedger(cluster))?.alive === true) {
    throw new UserError(`the node group ${cluster} that was kept is in use by another run`, {
      code: 'QUARRY_KEPT_IN_USE',
      remedy: 'wait for it to end, or give the provisioner another `name`',
    })
  }
  return found
}

function readKept(cluster: string): KeptGroup | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(join(directoryOf(cluster), 'kept.json'), 'utf8')))
  } catch {
    return undefined
  }
}

/** Makes room for a group that will be kept. Until it is, a sweep treats it as part of a run. */
export function prepareKept(cluster: string): void {
  rmSync(directoryOf(cluster), { recursive: true, force: true })
  mkdirSync(directoryOf(cluster), { recursive: true })
}

/** Tells the sweep of it; its ledger must have been opened. */
export function registerKept(cluster: string): void {
  mkdirSync(openRunsDirectory(), { recursive: true })
  rmSync(link(cluster), { force: true })
  symlinkSync(directoryOf(cluster), link(cluster))
}

/** From now on it is kept: a sweep leaves it alone. */
export function keep(group: KeptGroup): void {
  const part = join(directoryOf(group.cluster), '.kept.json.part')
  writeFileSync(part, `${JSON.stringify(group, null, 2)}\n`)
  renameSync(part, join(directoryOf(group.cluster), 'kept.json'))
  rmSync(link(group.cluster), { force: true })
}

/** It stands no longer. */
export function forgetKept(cluster: string): void {
  rmSync(directoryOf(cluster), { recursive: true, force: true })
  rmSync(link(cluster), { force: true })
}

/** All that are kept. */
export function keptGroups(): KeptGroup[] {
  let names: string[]
  try {
    names = readdirSync(directory()).toSorted()
  } catch {
    return []
  }
  return names.flatMap((name) => readKept(name) ?? [])
}

/** Takes a kept group down by its ledger, without its managers; undefined when a run is using it. */
export async function undoKept(cluster: string): Promise<string[] | undefined> {
  const state = readLedger(keptLedger(cluster))
  if (state?.alive === true) return undefined
  const sentences = state === undefined ? [] : await settleLedger(keptLedger(cluster), state)
  if (!sentences.some((sentence) => sentence.startsWith('could not'))) forgetKept(cluster)
  return sentences
}
