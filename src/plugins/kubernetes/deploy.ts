/**
 * Bringing objects to a cluster and away again; the undo ledger knows of them before the cluster does. What was there
 * before is never deleted, and is put back as it was.
 */
import { existsSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecordedEffect, UndoLedger } from '../../plugin/undo.ts'
import { ask, kubectlCommand, tell, type Kube, type Surroundings } from './kubectl.ts'
import { namesOnly, objectsIn, type ObjectName } from './manifest.ts'
import {
  asTheyWere,
  changedObjects,
  isNamed,
  isSecret,
  presentObjects,
  type PresentObject,
} from './present.ts'

export interface Deployer extends Surroundings {
  /** Unique among those that work on the cluster. */
  readonly name: string
  readonly ledger: UndoLedger
}

/** Objects that were applied; disposing takes away those that were not there before, and puts back those that were. */
export interface Deployed extends AsyncDisposable {
  /** Manifest that names them, a file on the controller. */
  readonly names: string
}

/** How long objects may take to go, in seconds. */
const GOING_S = 600

/** The files of what was applied under a name. */
const filesOf = ({ directory }: Kube, name: string) => {
  const file = (what: string): string => join(directory, `${name.replaceAll(/[^\w.-]/g, '_')}${what}.json`)
  return { names: file(''), created: file('.created'), previous: file('.previous') }
}

/**
 * Applies the text of a manifest. `refuse` is told of what is there already, and may throw: then nothing is applied.
 */
export async function apply(
  kube: Kube,
  deployer: Deployer,
  text: string,
  namespace: string | undefined,
  refuse: (present: readonly ObjectName[]) => void = () => undefined,
): Promise<Deployed> {
  const objects = objectsIn(text)
  await ensureNamespace(kube, deployer, namespace)
  const present = await presentObjects(kube, deployer, objects, namespace)
  refuse(present)
  const files = filesOf(kube, deployer.name)
  const created = objects.filter((named) => !present.some((one) => isNamed(one, named, namespace)))
  await writeFile(files.names, namesOnly(objects))
  // Not undone here when it fails: the ledger does that.
  const undo = new AsyncDisposableStack()
  if (created.length > 0) undo.use(await recordObjects(kube, deployer, files.created, created, namespace))
  const keeping =
    present.length === 0 ? undefined : undo.use(await keepState(kube, deployer, files.previous, present))
  // Through a pipe: what is secret in it is on no disk and in no process list.
  const { stdout } = await tell(kube, deployer, applyCommand(namespace), { input: text })
  await keeping?.narrow(changedObjects(stdout, present))
  return { names: files.names, [Symbol.asyncDispose]: () => undo.disposeAsync() }
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

/** The words that put objects back as a manifest has them. */
export const replaceCommand = (manifest: string): string[] =>
  kubectlCommand(undefined, ['replace', `--filename=${manifest}`])

/**
 * Takes away what was applied under a name, and puts back what it changed, also when an earlier run left it; nothing to do
 * when nothing was.
 */
export async function withdraw(
  kube: Kube,
  deployer: Surroundings & { readonly name: string },
  namespace: string | undefined,
): Promise<void> {
  const { created, previous } = filesOf(kube, deployer.name)
  const steps = [
    [created, deleteCommand(created, namespace)],
    [previous, replaceCommand(previous)],
  ] as const
  for (const [file, command] of steps) {
    if (!existsSync(file)) continue
    await tell(kube, deployer, command)
    // The ledger has nothing to undo any more.
    await rm(file)
  }
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
  const { names: file } = filesOf(kube, `namespace-${namespace}`)
  await recordObjects(kube, deployer, file, [object], undefined)
  await tell(kube, deployer, kubectlCommand(undefined, ['apply', `--filename=${file}`]))
}

async function recordObjects(
  { kubeconfig }: Kube,
  { ledger }: Pick<Deployer, 'ledger'>,
  manifest: string,
  objects: readonly ObjectName[],
  namespace: string | undefined,
): Promise<RecordedEffect> {
  await writeFile(manifest, namesOnly(objects))
  const where = namespace === undefined ? {} : { namespace }
  return ledger.record({ type: 'kubernetes-objects', kubeconfig, manifest, ...where })
}

/** Objects as they are now, to be put back. */
interface KeptState extends AsyncDisposable {
  /** Only these have to be. */
  narrow(objects: readonly PresentObject[]): Promise<void>
}

async function keepState(
  { kubeconfig }: Kube,
  deployer: Deployer,
  manifest: string,
  present: readonly PresentObject[],
): Promise<KeptState> {
  const write = async (objects: readonly PresentObject[]): Promise<void> => {
    await writeFile(`${manifest}.part`, asTheyWere(objects), { mode: 0o600 })
    await rename(`${manifest}.part`, manifest)
  }
  await write(present)
  const effect = await deployer.ledger.record({ type: 'kubernetes-state', kubeconfig, manifest })
  return {
    narrow: async (objects) => {
      for (const one of objects.filter(isSecret)) {
        deployer.log(
          `secret ${one.metadata.name} was there before, and stays as the manifest has it: it is kept on no disk`,
        )
      }
      const back = objects.filter((one) => !isSecret(one))
      if (back.length > 0) return write(back)
      await rm(manifest)
      effect.forget()
    },
    [Symbol.asyncDispose]: () => effect[Symbol.asyncDispose](),
  }
}
