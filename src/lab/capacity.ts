/**
 * How many guests this host holds at once. Every process that wants some leaves a claim in the cache; the claims are served
 * in the order in which they were made, each when those before it leave room, so that no guest is started that would push
 * others out of memory, or leave them without a processor.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { sleep } from '../base/abort.ts'
import { UserError } from '../base/errors.ts'
import { isAlive, processStat } from '../base/process-tree.ts'
import { cacheDirectory } from './cache.ts'

/** What a guest takes of this host. */
export interface Claim {
  readonly memoryMiB: number
  readonly cpus: number
}

/** Of QEMU itself, MiB. */
const OVERHEAD_MIB = 200
/** What others on this host may need. */
const MEMORY_SHARE = 0.8
/** Processors of guests on one of this host: most guests of a cluster wait most of the time. */
const GUEST_CPUS_PER_CPU = 4
const LOOK_MS = 300

const claimFile = z.object({
  pid: z.int(),
  started: z.string(),
  atNs: z.string(),
  memoryMiB: z.number(),
  cpus: z.number(),
})
type ClaimFile = z.infer<typeof claimFile> & { readonly name: string }

/**
 * Resolves when there is room for all of these guests; disposing gives it back. `onWait` is told what is waited for. Throws a
 * UserError when this host never has that much room.
 */
export async function takeRoom(
  guests: readonly Claim[],
  onWait: (sentence: string) => void,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const memoryMiB = sum(guests.map((guest) => guest.memoryMiB + OVERHEAD_MIB))
  const cpus = sum(guests.map((guest) => guest.cpus))
  const limits = {
    memoryMiB: Math.floor((totalmem() / 2 ** 20) * MEMORY_SHARE),
    cpus: availableParallelism() * GUEST_CPUS_PER_CPU,
  }
  if (memoryMiB > limits.memoryMiB) {
    throw new UserError(
      `${guests.length} guests need ${memoryMiB} MiB of memory, and this host has ${limits.memoryMiB} MiB for guests`,
      { code: 'QUARRY_NO_ROOM', remedy: 'use fewer guests, or give them less memory' },
    )
  }
  const directory = join(cacheDirectory(), 'guests')
  const name = `${process.pid}-${randomBytes(6).toString('hex')}`
  const started = processStat(process.pid)?.started ?? ''
  const atNs = String(process.hrtime.bigint())
  await mkdir(directory, { recursive: true })
  // Under its final name it is whole.
  const draft = join(directory, `.${name}`)
  await writeFile(draft, JSON.stringify({ pid: process.pid, started, atNs, memoryMiB, cpus }))
  await rename(draft, join(directory, name))
  const giveBack = (): Promise<void> => rm(join(directory, name), { force: true })
  try {
    for (let told = false; ; told = true) {
      const before = (await claims(directory)).filter(
        (other) => other.name !== name && isBefore(other, { atNs, name }),
      )
      // What this process holds it holds until its run ends: waiting for others, who wait for that, would never end.
      if (before.some(({ pid }) => pid === process.pid)) return { [Symbol.asyncDispose]: giveBack }
      const taken = sum(before.map((other) => other.memoryMiB))
      const busy = sum(before.map((other) => other.cpus))
      // More processors than the host ever has are given to one who is alone.
      const hasCpus = busy === 0 || busy + cpus <= limits.cpus
      if (hasCpus && taken + memoryMiB <= limits.memoryMiB) return { [Symbol.asyncDispose]: giveBack }
      if (!told) {
        const what = hasCpus ? `${taken} of ${limits.memoryMiB} MiB` : `${busy} of ${limits.cpus} processors`
        onWait(`waits for room: guests that were asked for before have ${what}`)
      }
      await sleep(LOOK_MS, signal)
    }
  } catch (error) {
    await giveBack()
    throw error
  }
}

/** For how long somebody on this host has had guests, or has waited for them, ms; undefined when there are none. */
export async function guestsAboutMs(): Promise<number | undefined> {
  const directory = join(cacheDirectory(), 'guests')
  const all = existsSync(directory) ? await claims(directory) : []
  if (all.length === 0) return undefined
  return Math.max(...all.map(({ atNs }) => Number(process.hrtime.bigint() - BigInt(atNs)) / 1e6))
}

/** Those of live processes; what dead ones left is removed. */
async function claims(directory: string): Promise<ClaimFile[]> {
  const found: ClaimFile[] = []
  for (const name of await readdir(directory)) {
    if (name.startsWith('.')) continue
    const text = await readFile(join(directory, name), 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const claim = { ...claimFile.parse(JSON.parse(text)), name }
    if (isAlive(claim)) found.push(claim)
    else await rm(join(directory, name), { force: true })
  }
  return found
}

type Order = Pick<ClaimFile, 'atNs' | 'name'>
const isBefore = (a: Order, b: Order): boolean =>
  a.atNs === b.atNs ? a.name < b.name : BigInt(a.atNs) < BigInt(b.atNs)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
