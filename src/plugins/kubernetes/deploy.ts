/** Bringing objects to a cluster and away again; the undo ledger knows of them before the cluster does. */
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecordedEffect, UndoLedger } from '../../plugin/undo.ts'
import { ask, kubectlCommand, tell, type Kube, type Surroundings } from './kubectl.ts'
import { namesOnly, objectsIn, type ObjectName } from './manifest.ts'

export interface Deployer extends Surroundings {
  /** Unique among those that work on the cluster. */
  readonly name: string
  readonly ledger: UndoLedger
}

/** Objects that were applied. */
export interface Deployed {
  /** Manifest that names them, a file on the controller. */
  readonly names: string
  readonly effect: RecordedEffect
}

/** How long objects may take to go, in seconds. */
const GOING_S = 600

const namesFile = ({ directory }: Kube, name: string): string =>
  join(directory, `${name.replaceAll(/[^\w.-]/g, '_')}.json`)

/** Applies the text of a manifest. */
export async function apply(
  kube: Kube,
  deployer: Deployer,
  text: string,
  namespace: string | undefined,
): Promise<Deployed> {
  const objects = objectsIn(text)
  await ensureNamespace(kube, deployer, namespace)
  const deployed = await recordObjects(kube, deployer, namesFile(kube, deployer.name), objects, namespace)
  // Through a pipe: what is secret in it is on no disk and in no process list.
  await tell(kube, deployer, applyCommand(namespace), { input: text })
  return deployed
}

/** The words that apply what stands on standard input. */
export const applyCommand = (namespace: string | undefined): string[] =>
  kubectlCommand(namespace, ['apply', '--filename=-'])

/** The words that take objects away and wait until they, and what they own, are gone. */
export const deleteCommand = (names: string, namespace: string | undefined): string[] =>
  kubectlCommand(namespace, [
    'delete',
    `--filename=${names}`,
    '--ignore-not-found',
    '--cascade=foreground',
    `--timeout=${GOING_S}s`,
  ])

/** Takes away what was applied under a name, also by an earlier run that left it; nothing to do when nothing was. */
export async function withdraw(
  kube: Kube,
  deployer: Surroundings & { readonly name: string },
  namespace: string | undefined,
): Promise<void> {
  const names = namesFile(kube, deployer.name)
  if (!existsSync(names)) return
  await tell(kube, deployer, deleteCommand(names, namespace))
  // The ledger has nothing to undo any more.
  await rm(names)
}

/** Makes a namespace that is not there; it goes with the undo ledger, after what is in it. */
export async function ensureNamespace(
  kube: Kube,
  deployer: Pick<Deployer, 'ledger' | 'log' | 'signal'>,
  namespace: string | undefined,
): Promise<void> {
  if (namespace === undefined) return
  const look = kubectlCommand(undefined, [
    'get',
    'namespace',
    namespace,
    '--ignore-not-found',
    '--output=name',
  ])
  if ((await ask(kube, deployer, look)).trim() !== '') return
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
  const file = namesFile(kube, `namespace-${namespace}`)
  await recordObjects(kube, deployer, file, [object], undefined)
  await tell(kube, deployer, kubectlCommand(undefined, ['apply', `--filename=${file}`]))
}

async function recordObjects(
  { kubeconfig }: Kube,
  { ledger }: Pick<Deployer, 'ledger'>,
  manifest: string,
  objects: readonly ObjectName[],
  namespace: string | undefined,
): Promise<Deployed> {
  await writeFile(manifest, namesOnly(objects))
  const where = namespace === undefined ? {} : { namespace }
  const effect = await ledger.record({ type: 'kubernetes-objects', kubeconfig, manifest, ...where })
  return { names: manifest, effect }
}
