/** Reads, writes and compare-and-sets of keys, over any store that has them. */
import { seededRandom } from '../../base/random.ts'
import type { Answer, LoadClient, OperationError, PlannedOperation } from './client.ts'
import { keyChooser, weightedChooser } from './keys.ts'

/** A connection to a store of strings by key. */
export interface KeyValueClient {
  connect(): Promise<void>
  read(key: string): Promise<Answer>
  write(key: string, value: string): Promise<Answer>
  /** Sets it when it has the value `from`, null for absent. */
  cas(key: string, from: string | null, to: string): Promise<Answer>
  drop(error: OperationError): void
}

export interface KeyValueSettings {
  readonly mix: Readonly<Record<'read' | 'write' | 'cas', number>>
  readonly keys: number
  readonly keyPrefix: string
  readonly distribution: 'uniform' | 'zipfian'
  /** Bytes of a value; it is at least as long as it takes to be like no other. */
  readonly valueSize: number
  readonly seed: number
}

/** What a value is filled up with. */
const FILL = '.'
/** A value as the history has it: without what it was filled up with. */
export const bare = <T extends string | null>(value: T): T => (value?.replace(/\.+$/, '') ?? null) as T

/** Makes clients that share the choice of keys. Values are unique: who wrote what is read can be told. */
export function keyValueClients(
  settings: KeyValueSettings,
): (client: KeyValueClient, number: number) => LoadClient {
  const choose = keyChooser(settings.distribution, settings.keys)
  const chooseKind = weightedChooser(
    (['read', 'write', 'cas'] as const).map((item) => ({ item, weight: settings.mix[item] })),
  )
  return (client, number) => {
    // Far apart for clients that are neighbours.
    const random = seededRandom(Math.imul(settings.seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b))
    // What a comparison takes for the present value: the last that this client saw.
    const seen = new Map<string, string | null>()
    let written = 0
    const see = async (key: string, answer: Promise<Answer>, value?: string): Promise<Answer> => {
      const given = await answer
      if (given.outcome === 'mismatch') seen.delete(key)
      else seen.set(key, value ?? given.value ?? null)
      return given.value === undefined ? given : { ...given, value: bare(given.value) }
    }
    return {
      connect: () => client.connect(),
      drop: (error) => client.drop(error),
      next: (): PlannedOperation => {
        const kind = chooseKind(random)
        const key = `${settings.keyPrefix}${choose(random)}`
        if (kind === 'read') {
          return { kind, subject: { f: kind, key, value: null }, run: () => see(key, client.read(key)) }
        }
        written += 1
        const value = `${settings.seed}-${number}-${written}`.padEnd(settings.valueSize, FILL)
        if (kind === 'write') {
          const subject = { f: kind, key, value: bare(value) }
          return { kind, subject, run: () => see(key, client.write(key, value), value) }
        }
        const from = seen.get(key) ?? null
        const to = bare(value)
        return {
          kind,
          subject: { f: kind, key, value: [bare(from), to] },
          run: () => see(key, client.cas(key, from, value), value),
        }
      },
    }
  }
}
