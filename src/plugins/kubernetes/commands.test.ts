/** The words of every command that goes to a cluster, and what they are read from. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import helmManager from '../managers/helm/index.ts'
import { installCommand, setOptions, statusCommand, uninstallCommand } from '../managers/helm/commands.ts'
import type { Properties as Chart } from '../managers/helm/index.ts'
import { upgradeCommand, upgradeValues } from '../modules/helm/upgrade.ts'
import kubectl from '../modules/kubectl/index.ts'
import { scriptOf } from '../modules/kubectl/script.ts'
import { clusterConfig, clusterNameOf, nodesInConfig } from '../provisioners/kind/config.ts'
import { inClusterConfig } from '../provisioners/existing_kubernetes/in-cluster.ts'
import { applyCommand, deleteCommand, replaceCommand } from './deploy.ts'
import { forwardCommand, forwardedTo } from './port-forward.ts'
import { givenProvider, providerProperties } from './provider.ts'
import { checkWait, waitCommand, waitProperties } from './wait.ts'
import { presentCommand } from './present.ts'

test('kubectl', () => {
  const commands = [
    applyCommand('demo'),
    applyCommand(undefined),
    presentCommand('demo'),
    deleteCommand('/names.json', 'demo'),
    replaceCommand('/previous.json'),
    waitCommand('demo', 'condition=Ready', 900_000, ['pod/a', 'pod/b']),
    waitCommand(undefined, 'condition=Available', -5, ['--filename=/names.json']),
    forwardCommand({ namespace: 'monitoring', service: 'prometheus', port: 9090 }),
    [scriptOf('demo', "  get pods -o jsonpath='{.items}' ")],
    [scriptOf(undefined, 'get pods')],
  ]
  expect(commands.map((words) => words.join(' '))).toMatchInlineSnapshot(`
    [
      "kubectl --namespace=demo apply --filename=-",
      "kubectl apply --filename=-",
      "kubectl --namespace=demo get --filename=- --ignore-not-found --output=json",
      "kubectl --namespace=demo delete --filename=/names.json --ignore-not-found --cascade=foreground --timeout=600s",
      "kubectl replace --filename=/previous.json",
      "kubectl --namespace=demo wait --for=condition=Ready --timeout=900s pod/a pod/b",
      "kubectl wait --for=condition=Available --timeout=1s --filename=/names.json",
      "kubectl --namespace=monitoring port-forward --address=127.0.0.1 service/prometheus :9090",
      "kubectl --namespace=demo get pods -o jsonpath='{.items}'",
      "kubectl get pods",
    ]
  `)
})

test('helm', () => {
  const chart = helmManager.properties.parse({
    'helm.install.type': 'repo',
    'helm.install.name': 'web',
    'helm.chart.name': 'nginx',
    'helm.chart.version': '1.2.3',
    'helm.install.values': ['/a.yaml', 'https://example.com/b.yaml'],
    'helm.install.set': ['replicas=2,users[0].password=hush', 'hosts={a,b}', 'nonsense'],
    'helm.install.set_string': ['tag=1.10'],
    'helm.install.dependency_update': true,
    'helm.install.debug': true,
    namespace: 'demo',
  }) as Chart
  const upgrade = {
    'helm.install.name': 'web',
    'helm.install.values.yaml': { 'server.replicas': 3, tag: '1.10', on: true, ports: [80, 443] },
    'helm.install.timeout': 90_500,
    'helm.install.debug': false,
  }
  const set = setOptions(chart, '/tmp/a,b')
  const commands = [
    installCommand('stable/nginx', chart, set),
    uninstallCommand(chart),
    statusCommand('web', undefined),
    upgradeCommand('stable/nginx', 'demo', upgrade),
  ]
  expect(commands.map((words) => words.join(' '))).toMatchInlineSnapshot(`
    [
      "helm install web stable/nginx --namespace=demo --wait --timeout=300s --debug --dependency-update --version=1.2.3 --values=/a.yaml --values=https://example.com/b.yaml --set=replicas=2 --set-file=users[0].password=/tmp/a\\,b/web.set-0 --set=hosts={a,b} --set=nonsense --set-file=tag=/tmp/a\\,b/web.set-1",
      "helm uninstall web --namespace=demo --wait --timeout=300s --debug --ignore-not-found",
      "helm status web",
      "helm upgrade web stable/nginx --reuse-values --namespace=demo --wait --timeout=91s --values=-",
    ]
  `)
  expect(set.files.map(({ content }) => content)).toEqual(['hush', '1.10'])
  expect(upgradeValues(upgrade)).toBe('{"server":{"replicas":3},"tag":"1.10","on":true,"ports":[80,443]}')
})

const problemsOf = (schema: z.ZodType, given: unknown): string[] =>
  (schema.safeParse(given).error?.issues ?? []).map(({ message }) => message)

test('what a definition may not say', () => {
  const wait = z.strictObject(waitProperties).superRefine(checkWait)
  const strategies = [
    'FIXED_DURATION',
    'WAIT_ON_MANIFEST',
    'WAIT_ON_PODS',
    'WAIT_ON_CONTAINERS',
    'WAIT_ON_IMAGE',
  ]
  expect(strategies.map((strategy) => problemsOf(wait, { 'wait.strategy': strategy })))
    .toMatchInlineSnapshot(`
    [
      [],
      [
        "WAIT_ON_MANIFEST needs wait.condition",
      ],
      [
        "WAIT_ON_PODS needs wait.condition",
        "WAIT_ON_PODS needs wait.pod_label",
      ],
      [
        "WAIT_ON_CONTAINERS needs wait.container_name",
        "WAIT_ON_CONTAINERS needs wait.expected_containers",
      ],
      [
        "WAIT_ON_IMAGE needs wait.condition",
      ],
    ]
  `)
  expect(wait.parse({ 'wait.strategy': 'fixed_Duration' })).toMatchObject({
    'wait.strategy': 'FIXED_DURATION',
  })
  expect(problemsOf(wait, { 'wait.strategy': 'wait_for_it' })[0]).toContain('"WAIT_ON_PODS"')
  const named = { 'helm.install.name': 'web' }
  const charts = [
    { ...named, 'helm.install.type': 'repo' },
    { ...named, 'helm.install.type': 'git', 'git.repository': 'a/b' },
    {
      ...named,
      'helm.install.type': 'repo',
      'helm.chart.name': 'a',
      'helm.repo.url': 'https://example.com',
      'helm.install.values': ['a'],
      'helm.install.values.file': 'b',
    },
    { 'helm.install.name': '--all', 'helm.install.type': 'repo', 'helm.chart.name': 'a' },
  ]
  expect(charts.map((chart) => problemsOf(helmManager.properties, chart))).toMatchInlineSnapshot(`
    [
      [
        "repo needs helm.chart.name",
      ],
      [
        "git needs git.chart.location",
      ],
      [
        "give either helm.install.values.file or helm.install.values",
        "it needs helm.repo.name",
      ],
      [
        "is no name of a release: lower-case letters, digits, - and . only",
      ],
    ]
  `)
  expect(
    [' Kubectl get pods', 'kubectlget', ''].map((command) => problemsOf(kubectl.properties, { command })),
  ).toMatchInlineSnapshot(`
    [
      [
        "must not begin with \`kubectl\`: that is put in front of it",
      ],
      [],
      [
        "Too small: expected string to have >=1 characters",
      ],
    ]
  `)
})

test('the port that kubectl forwards is the one that it tells of', () => {
  const said = 'Forwarding from 127.0.0.1:43411 -> 9090\nHandling connection for 43411\n'
  expect(forwardedTo(said)).toBe('http://127.0.0.1:43411')
  expect(forwardedTo('Forwarding from 127.0.0.1:434')).toBeUndefined()
})

test('a provider by the class that Fallout has for it', () => {
  const given = z.strictObject(providerProperties).parse({
    'provider.class': 'com.example.CassandraContactPointProvider',
    'provider.args': ['cassandra.demo', '9042'],
  })
  expect(givenProvider(given, [])).toEqual([])
  expect(givenProvider(z.strictObject(providerProperties).parse({}), [])).toEqual([])
})

test('configurations of kind', () => {
  expect(clusterConfig(3)).toMatchInlineSnapshot(
    `"{"kind":"Cluster","apiVersion":"kind.x-k8s.io/v1alpha4","nodes":[{"role":"control-plane"},{"role":"worker"},{"role":"worker"}]}"`,
  )
  expect(
    [clusterConfig(3), 'nodes:\n- role: control-plane\n', '', 'kind: Cluster'].map(nodesInConfig),
  ).toEqual([3, 1, 1, 1])
  expect(() => nodesInConfig('nodes: 3')).toThrow('no map with a list `nodes`')
  expect(() => nodesInConfig('a: [')).toThrow('not YAML')
  expect(clusterNameOf('20261126-112920-m-68ef', 'Server_A')).toBe('quarry-20261126-112920-m-68ef-server-a')
  expect(clusterNameOf('a'.repeat(60), 'b').length).toBeLessThanOrEqual(50)
})

test('the kubeconfig of a pod', () => {
  const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }
  expect(inClusterConfig(environment)).toMatchInlineSnapshot(`
    {
      "apiVersion": "v1",
      "clusters": [
        {
          "cluster": {
            "certificate-authority": "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
            "server": "https://[fd00::1]:6443",
          },
          "name": "in-cluster",
        },
      ],
      "contexts": [
        {
          "context": {
            "cluster": "in-cluster",
            "user": "in-cluster",
          },
          "name": "in-cluster",
        },
      ],
      "current-context": "in-cluster",
      "kind": "Config",
      "users": [
        {
          "name": "in-cluster",
          "user": {
            "tokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token",
          },
        },
      ],
    }
  `)
})
