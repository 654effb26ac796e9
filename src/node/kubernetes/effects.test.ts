import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { undo } from '../effects.ts'
import { isKubernetesEffectOf, undoingCommand, type KubernetesEffect } from './effects.ts'

const run = `test-${process.pid}`
let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), `quarry-${run}-server-kube-`))
})
afterEach(() => rm(directory, { recursive: true }))

const effects = (at: string): KubernetesEffect[] => [
  {
    type: 'kubernetes-objects',
    kubeconfig: join(at, 'kubeconfig'),
    manifest: join(at, 'web.json'),
    namespace: 'demo',
  },
  { type: 'kubernetes-state', kubeconfig: join(at, 'kubeconfig'), manifest: join(at, 'web.previous.json') },
  { type: 'helm-release', kubeconfig: join(at, 'kubeconfig'), release: 'web', namespace: 'demo' },
  { type: 'kind-cluster', kubeconfig: join(at, 'kubeconfig'), cluster: 'web' },
]

test('effects are undone by these commands', () => {
  expect(effects('/tmp/quarry-x').map((effect) => undoingCommand(effect).join(' '))).toMatchInlineSnapshot(`
    [
      "kubectl --namespace=demo delete --filename=/tmp/quarry-x/web.json --ignore-not-found --cascade=foreground --timeout=120s",
      "kubectl replace --filename=/tmp/quarry-x/web.previous.json",
      "helm uninstall web --namespace=demo --ignore-not-found --wait --timeout=120s",
      "kind delete cluster --name=web --kubeconfig=/tmp/quarry-x/kubeconfig",
    ]
  `)
})

test('an effect is believed when its files are in a directory of its run', () => {
  for (const effect of effects(directory)) expect(isKubernetesEffectOf(run, effect)).toBe(true)
  for (const effect of effects(directory)) expect(isKubernetesEffectOf('another', effect)).toBe(false)
  for (const at of [`${directory}/..`, tmpdir(), '/root/.kube', `${directory}/../quarry-other`]) {
    for (const effect of effects(at)) expect(isKubernetesEffectOf(run, effect)).toBe(false)
  }
  const kubeconfig = join(directory, 'kubeconfig')
  for (const release of ['--all', 'a b', 'a;b', '$(a)']) {
    expect(isKubernetesEffectOf(run, { type: 'helm-release', kubeconfig, release })).toBe(false)
  }
})

test('a link to a directory of others is not believed', async () => {
  const link = join(tmpdir(), `quarry-${run}-link`)
  const elsewhere = join(directory, 'elsewhere')
  await mkdir(elsewhere)
  await symlink(elsewhere, link)
  try {
    for (const effect of effects(link)) expect(isKubernetesEffectOf(run, effect)).toBe(false)
  } finally {
    await rm(link)
  }
})

test('nothing is left to undo when its file is gone; a cluster that does not answer is an error', async () => {
  const [objects] = effects(directory)
  if (objects?.type !== 'kubernetes-objects') throw new Error('no effect')
  await undo(objects, run)
  await writeFile(objects.manifest, '{"apiVersion":"v1","kind":"List","items":[]}')
  await undo(objects, run)
  await writeFile(objects.kubeconfig, 'not a kubeconfig')
  await expect(undo(objects, run)).rejects.toThrow('kubectl')
})
