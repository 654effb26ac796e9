/** What concurrent clients did to registers, put together from the beginnings and ends of their operations. */
import { z } from 'zod'
import type { Operation } from '../../../plugin/checker.ts'

/** One operation on one register. Values are JSON texts, so that those that are equal are the same. */
export type Action =
  | { readonly f: 'read'; readonly value: string }
  | { readonly f: 'write'; readonly value: string }
  | { readonly f: 'cas'; readonly from: string; readonly to: string }

export type Attempt = Action & {
  readonly client: string
  readonly call: bigint
  /** Undefined when nobody knows whether it happened: then it may have at any time after its call, or never. */
  readonly end: bigint | undefined
}

/** The beginning or the end of an operation; `time` in whatever unit, as long as it is the same everywhere. */
export interface Moment {
  readonly client: string
  readonly time: bigint
  readonly type: 'invoke' | 'ok' | 'fail' | 'info'
  readonly f: string
  readonly key: unknown
  readonly value: unknown
}

const about = z.object({
  f: z.string(),
  key: z.unknown().optional(),
  value: z.unknown().optional(),
  client: z.union([z.string(), z.number()]).optional(),
})

/** The moments among the operations of a run: those whose value says what was done, `{f, key, value, client}`. */
export function momentsOf(history: readonly Operation[]): Moment[] {
  return history.flatMap(({ ts, process, kind, value }): Moment[] => {
    const { data } = about.safeParse(value)
    if (data === undefined || (kind !== 'invoke' && kind !== 'ok' && kind !== 'fail' && kind !== 'info'))
      return []
    const { client, key, value: own, f } = data
    return [
      {
        client: client === undefined ? process : `${process} ${client}`,
        time: ts,
        type: kind,
        f,
        key,
        value: own,
      },
    ]
  })
}

const line = about.extend({
  client: z.union([z.string(), z.number()]),
  type: z.enum(['invoke', 'ok', 'fail', 'info']),
  time: z.union([z.string().regex(/^\d+$/), z.number().refine(Number.isInteger)]),
})

/** The moments in a file of JSON lines `{client, type, f, key, value, time}`; throws with the line that is none. */
export function momentsIn(name: string, text: string): Moment[] {
  return text.split('\n').flatMap((words, index): Moment[] => {
    if (words.trim() === '') return []
    try {
      const { client, type, time, f, key, value } = line.parse(JSON.parse(words))
      return [{ client: String(client), type, time: BigInt(time), f, key, value }]
    } catch {
      throw new Error(
        `${name}:${index + 1} is not {"client", "type", "f", "key", "value", "time"}: ${words.slice(0, 80)}`,
      )
    }
  })
}

/**
 * The attempts on each register, by its key. What failed did not happen, and a read that nobody saw the end of says
 * nothing. Throws an Error with a sentence for what is not a history of registers.
 */
export function attemptsByKey(moments: readonly Moment[]): Map<string, Attempt[]> {
  const open = new Map<string, Moment>()
  const found: { readonly key: string; readonly attempt: Attempt }[] = []
  const end = (begun: Moment, done?: Moment): void => {
    const value = done?.value ?? begun.value
    const unknown = done === undefined || done.type === 'info'
    if (done?.type === 'fail' || (unknown && begun.f === 'read')) return
    const attempt = {
      ...actionOf(begun, value),
      client: begun.client,
      call: begun.time,
      end: unknown ? undefined : done.time,
    }
    found.push({ key: JSON.stringify(begun.key ?? null), attempt })
  }
  for (const moment of moments) {
    const begun = open.get(moment.client)
    if (moment.type === 'invoke') {
      // Its end was never told; the client went on.
      if (begun !== undefined) end(begun)
      open.set(moment.client, moment)
    } else if (begun === undefined) {
      throw new Error(`client ${moment.client} ends ${moment.f} without having begun it`)
    } else if (begun.f !== moment.f || moment.time < begun.time) {
      throw new Error(
        `client ${moment.client} begins ${begun.f} and ends ${moment.f}, or ends before it began`,
      )
    } else {
      open.delete(moment.client)
      end(begun, moment)
    }
  }
  for (const begun of open.values()) end(begun)
  const byKey = new Map<string, Attempt[]>()
  for (const { key, attempt } of found) byKey.set(key, [...(byKey.get(key) ?? []), attempt])
  return byKey
}

const pair = z.tuple([z.unknown(), z.unknown()])

function actionOf({ f, value: asked }: Moment, value: unknown): Action {
  if (f === 'read') return { f, value: JSON.stringify(value ?? null) }
  if (f === 'write') return { f, value: JSON.stringify(asked ?? null) }
  const [from, to] = f === 'cas' ? (pair.safeParse(asked).data ?? []) : []
  if (f !== 'cas' || from === undefined) {
    throw new Error(`${f} of ${JSON.stringify(asked)} is not read, write, or cas of [from, to]`)
  }
  return { f, from: JSON.stringify(from), to: JSON.stringify(to) }
}
