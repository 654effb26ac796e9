/**
 * References in properties, `<<type:key>>`: to a local file, to a secret, to what a provider says of a node. Only a run
 * can resolve them.
 *
 * They may stand in strings, in items of lists, and in keys and values of maps, several in one string. A type is a word
 * and a key stays on its line, so that a here-document of a script is not taken for one.
 */

export const referenceTypes = ['file', 'secret', 'provider'] as const
export type ReferenceType = (typeof referenceTypes)[number]

export interface Reference {
  /** As written; whether it is a known type is for whoever reads it to say. */
  readonly type: string
  readonly key: string
  /** Offset in the text, in UTF-16 units. */
  readonly from: number
}

const REFERENCE = /<<(\w+):([^>\n]+)>>/g

export const referencesIn = (text: string): Reference[] =>
  [...text.matchAll(REFERENCE)].map(({ 1: type = '', 2: key = '', index }) => ({ type, key, from: index }))

/** A key of type `provider` by its parts; undefined when it does not have four. */
export function providerKey(
  key: string,
):
  | { readonly group: string; readonly ordinal: string; readonly provider: string; readonly info: string }
  | undefined {
  const [group, ordinal, provider, info, ...more] = key.split(':')
  if (group === undefined || ordinal === undefined || provider === undefined || info === undefined)
    return undefined
  return more.length > 0 ? undefined : { group, ordinal, provider, info }
}

/** A copy of a plain value with all references replaced. */
export function replaceReferences(value: unknown, resolve: (reference: Reference) => string): unknown {
  if (typeof value === 'string') {
    return value.replace(REFERENCE, (_, type: string, key: string, from: number) =>
      resolve({ type, key, from }),
    )
  }
  if (Array.isArray(value)) return value.map((item) => replaceReferences(item, resolve))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      String(replaceReferences(key, resolve)),
      replaceReferences(item, resolve),
    ]),
  )
}
