/** What is in a cluster before a manifest is applied: it is neither deleted at the end, nor left as the manifest made it. */
import { z } from 'zod'
import { TargetError } from '../../base/errors.ts'
import { ask, kubectlCommand, type Kube, type Surroundings } from './kubectl.ts'
import { identity, namesOnly, type ObjectName } from './manifest.ts'

/** An object as the API server tells it. */
const object = z.looseObject({ ...identity.shape, metadata: identity.shape.metadata.loose() })
export type PresentObject = z.infer<typeof object>

const answer = z.union([z.object({ kind: z.literal('List'), items: z.array(object) }), object])

/** The words that ask for the objects whose names stand on standard input; those that are not there are left out. */
export const presentCommand = (namespace: string | undefined): string[] =>
  kubectlCommand(namespace, ['get', '--filename=-', '--ignore-not-found', '--output=json'])

/** Those of the objects that are in the cluster. */
export async function presentObjects(
  kube: Kube,
  around: Pick<Surroundings, 'signal'>,
  objects: readonly ObjectName[],
  namespace: string | undefined,
): Promise<readonly PresentObject[]> {
  const look = async (some: readonly ObjectName[]): Promise<readonly PresentObject[]> =>
    parsePresent(await ask(kube, around, presentCommand(namespace), { input: namesOnly(some) }))
  try {
    return await look(objects)
  } catch (error) {
    if (!isOfNoKind(error)) throw error
  }
  // What defines a kind may stand before its objects in the same manifest: of these there are none yet.
  const found: PresentObject[] = []
  for (const one of objects) {
    try {
      found.push(...(await look([one])))
    } catch (error) {
      if (!isOfNoKind(error)) throw error
    }
  }
  return found
}

const isOfNoKind = (error: unknown): boolean =>
  error instanceof TargetError && error.message.includes('no matches for kind')

/** Objects of an answer of kubectl, which is empty when there are none. Throws when it is none. */
export function parsePresent(text: string): readonly PresentObject[] {
  if (text.trim() === '') return []
  const found = answer.parse(JSON.parse(text))
  return 'items' in found && Array.isArray(found.items)
    ? (found.items as PresentObject[])
    : [object.parse(found)]
}

/** Whether an object of the cluster is the one that a manifest for a namespace names. */
export function isNamed(present: ObjectName, named: ObjectName, namespace: string | undefined): boolean {
  const where = named.metadata.namespace ?? namespace
  const { namespace: at } = present.metadata
  return (
    groupOf(present) === groupOf(named) &&
    present.kind === named.kind &&
    present.metadata.name === named.metadata.name &&
    // One without a namespace belongs to the cluster.
    (where === undefined || at === undefined || at === where)
  )
}

/** An object has the same group in all versions; that of the oldest kinds has no name. */
const groupOf = ({ apiVersion }: ObjectName): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''

/** How kubectl calls an object in what it says of it, such as `deployment.apps/web`. */
const calledName = (one: ObjectName): string =>
  `${[one.kind.toLowerCase(), groupOf(one)].filter((part) => part !== '').join('.')}/${one.metadata.name}`

/** Those that `kubectl apply` did not leave as they were, by what it said. */
export function changedObjects(said: string, present: readonly PresentObject[]): readonly PresentObject[] {
  const unchanged = new Set(
    said.split('\n').flatMap((line) => /^(\S+) unchanged$/.exec(line.trim())?.[1] ?? []),
  )
  return present.filter((one) => !unchanged.has(calledName(one)))
}

/**
 * A manifest that `kubectl replace` puts objects back by: without what the API server keeps of them. Secrets are left out:
 * what is secret is kept on no disk.
 */
export const asTheyWere = (objects: readonly PresentObject[]): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: objects.filter((one) => !isSecret(one)).map(withoutBookkeeping),
  })

export const isSecret = (one: ObjectName): boolean => one.kind === 'Secret' && groupOf(one) === ''

const BOOKKEEPING = ['creationTimestamp', 'generation', 'managedFields', 'resourceVersion', 'selfLink', 'uid']

function withoutBookkeeping({ status: _status, metadata, ...rest }: PresentObject): object {
  const kept = Object.entries(metadata).filter(([key]) => !BOOKKEEPING.includes(key))
  return { ...rest, metadata: Object.fromEntries(kept) }
}
