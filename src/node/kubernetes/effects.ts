/** Undoing what a run made in a Kubernetes cluster, with the tools that it was made with. */
import { execFile } from 'node:child_process'
import { existsSync, lstatSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, normalize, relative } from 'node:path'
import { promisify } from 'node:util'
import type { Effect } from '../../plugin/undo.ts'

const exec = promisify(execFile)

export type KubernetesEffect = Extract<
  Effect,
  { type: 'kubernetes-objects' | 'kubernetes-state' | 'helm-release' | 'kind-cluster' }
>

/** How long objects may take to go, in seconds, and a tool beyond that, in ms. */
const GOING_S = 120
const GRACE_MS = 30_000

/** Whether the files of an effect lie in a directory of this user that a run of this name made. */
export function isKubernetesEffectOf(run: string, effect: KubernetesEffect): boolean {
  return (
    filesOf(effect).every((file) => isOwn(file, run)) &&
    namesOf(effect).every((name) => /^(?!-)[\w.-]*$/.test(name))
  )
}

const filesOf = (effect: KubernetesEffect): string[] =>
  'manifest' in effect ? [effect.kubeconfig, effect.manifest] : [effect.kubeconfig]

function isOwn(file: string, run: string): boolean {
  const [top = '', ...below] = relative(tmpdir(), file).split('/')
  if (normalize(file) !== file || below.length === 0 || !top.startsWith(`quarry-${run}-`)) return false
  const stat = lstatSync(join(tmpdir(), top), { throwIfNoEntry: false })
  // A directory that is gone holds nothing that could be obeyed.
  return stat === undefined || (stat.isDirectory() && stat.uid === process.geteuid?.())
}

const namesOf = (effect: KubernetesEffect): string[] =>
  ['cluster', 'namespace', 'release'].flatMap(
    (key) => Object.entries(effect).find(([name]) => name === key)?.[1] ?? [],
  )

/**
 * Takes it away and waits until it is gone; what is gone already is no error. A file that is gone was removed by whoever
 * undid the effect, or took the whole cluster away.
 */
export async function undoInCluster(effect: KubernetesEffect): Promise<void> {
  const files = filesOf(effect)
  if (!files.every((file) => existsSync(file))) return
  const [program, ...args] = undoingCommand(effect)
  await exec(program, args, {
    timeout: GOING_S * 1000 + GRACE_MS,
    env: { ...process.env, KUBECONFIG: effect.kubeconfig },
  }).catch((error: unknown) => {
    if (!saysGone(error)) throw error
  })
  if ('manifest' in effect) await rm(effect.manifest, { force: true })
  if (effect.type === 'kind-cluster') await rm(effect.kubeconfig, { force: true })
}

/** What takes it away. */
export function undoingCommand(effect: KubernetesEffect): [string, ...string[]] {
  switch (effect.type) {
    case 'kubernetes-objects':
      return [
        'kubectl',
        ...(effect.namespace === undefined ? [] : [`--namespace=${effect.namespace}`]),
        'delete',
        `--filename=${effect.manifest}`,
        '--ignore-not-found',
        '--cascade=foreground',
        `--timeout=${GOING_S}s`,
      ]
    case 'kubernetes-state':
      return ['kubectl', 'replace', `--filename=${effect.manifest}`]
    case 'helm-release':
      return [
        'helm',
        'uninstall',
        effect.release,
        ...(effect.namespace === undefined ? [] : [`--namespace=${effect.namespace}`]),
        '--ignore-not-found',
        '--wait',
        `--timeout=${GOING_S}s`,
      ]
    case 'kind-cluster':
      return ['kind', 'delete', 'cluster', `--name=${effect.cluster}`, `--kubeconfig=${effect.kubeconfig}`]
  }
}

/** Objects of a kind whose definition is gone are gone with it. */
function saysGone(error: unknown): boolean {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('ensure CRDs'))
  return lines.length > 0 && lines.every((line) => /no matches for kind|not found/.test(line))
}
