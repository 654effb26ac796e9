import { expect, test } from 'vitest'
import { asTheyWere, changedObjects, isNamed, parsePresent, type PresentObject } from './present.ts'

const live = (kind: string, name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind,
  metadata: {
    name,
    namespace: 'demo',
    labels: { a: 'b' },
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    uid: 'e0',
    resourceVersion: '7',
    generation: 2,
    creationTimestamp: '2026-01-01T00:00:00Z',
    managedFields: [],
  },
  ...more,
})
const settings = live('ConfigMap', 'settings', { data: { colour: 'red' } })
const web = live('Deployment', 'web', {
  apiVersion: 'apps/v1',
  spec: { replicas: 2 },
  status: { replicas: 2 },
})
const login = live('Secret', 'login', { data: { password: 'aHVzaA==' } })
const all = (): readonly PresentObject[] =>
  parsePresent(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [settings, web, login] }))

test('an answer is nothing, an object, or a list of them', () => {
  expect(parsePresent('\n')).toEqual([])
  expect(parsePresent(JSON.stringify(settings))).toEqual([settings])
  expect(all()).toEqual([settings, web, login])
  expect(() => parsePresent('{"kind": "Status"}')).toThrow()
})

test('an object is the one that is named, whatever the version', () => {
  const [, deployment] = all()
  if (deployment === undefined) throw new Error('no deployment')
  const named = (apiVersion: string, name: string, namespace?: string) => ({
    apiVersion,
    kind: 'Deployment',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  })
  const within = (where: string | undefined, ...words: Parameters<typeof named>): boolean =>
    isNamed(deployment, named(...words), where)
  expect(within('demo', 'apps/v1beta1', 'web')).toBe(true)
  expect(within(undefined, 'apps/v1', 'web')).toBe(true)
  expect(within('demo', 'apps/v1', 'web', 'other')).toBe(false)
  expect(within('other', 'apps/v1', 'web')).toBe(false)
  expect(within('demo', 'extensions/v1', 'web')).toBe(false)
  expect(within('demo', 'apps/v1', 'shop')).toBe(false)
})

test('only what was changed is put back, without what the API server keeps, and never a secret', () => {
  const said = 'configmap/settings unchanged\ndeployment.apps/web configured\nsecret/login configured\n'
  const changed = changedObjects(said, all())
  expect(changed.map(({ metadata: { name } }) => name)).toEqual(['web', 'login'])
  expect(asTheyWere(changed)).toMatchInlineSnapshot(
    `"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":2},"metadata":{"name":"web","namespace":"demo","labels":{"a":"b"},"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}}}]}"`,
  )
})
