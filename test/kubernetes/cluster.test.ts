/** Runs against a real API server; see CONTRIBUTING.md for what it takes. No container runs there: the tests say so. */
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startControlPlane, type ControlPlane } from '../harness/kubernetes-cluster.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

let cluster: ControlPlane
const ended = new AbortController()
beforeAll(async () => {
  cluster = await startControlPlane(ended.signal)
  await cluster.addNode('worker-b', '192.0.2.12')
  await cluster.addNode('worker-a', '192.0.2.11')
})
afterAll(async () => {
  await cluster[Symbol.asyncDispose]()
})

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const deployment = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: "<%colour%>"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27"}]}
`
const job = `
apiVersion: batch/v1
kind: Job
metadata: {name: pi}
spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: pi, image: "perl:5.34"}]}}}
`

interface Parts {
  readonly managers?: string
  readonly phases?: string
  readonly count?: number
}

const definitionOf = ({ managers = 'noop', phases = '[{a: {module: noop}}]', count = 1 }: Parts): string => {
  place.write('app.yaml', `{{=<% %>=}}${deployment}`)
  place.write('job.yaml', job)
  return place.write(
    'definition.yaml',
    `ensemble:
  server:
    node.count: ${count}
    provisioner: {name: existing_kubernetes, properties: {kubeconfig: ${cluster.kubeconfig}}}
    configuration_manager: ${managers}
  client: server
workload:
  phases: ${phases}
  checkers: {clean: {checker: nofail}}
`,
  )
}

const manifest = (wait: string): string =>
  `{name: kubernetes_manifest, properties: {manifest: app.yaml, template_params: {colour: blue}, namespace: demo, ${wait}}}`

const wholeLog = ({ directory }: { directory: string }, name: string): string =>
  readFileSync(join(directory, 'logs', `${name}.log`), 'utf8')

const namespaces = (): Promise<string> => cluster.kubectl(['get', 'namespaces', '--output=name'])

/** What a kubelet would say of the pods that match, as soon as they are there. */
async function say(selector: string, status: unknown): Promise<void> {
  for (;;) {
    const where = ['--namespace=demo', `--selector=${selector}`]
    const pods = (await cluster.kubectl(['get', 'pods', ...where, '--output=name'])).trim()
    if (pods !== '') {
      const patch = `--patch=${JSON.stringify({ status })}`
      const words = ['--subresource=status', '--type=merge', patch]
      await cluster.kubectl(['patch', '--namespace=demo', ...pods.split('\n'), ...words])
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const ready = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [
    {
      name: 'web',
      ready: true,
      restartCount: 0,
      image: 'nginx:1.27',
      imageID: '',
      state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
    },
  ],
}

describe('existing_kubernetes', () => {
  test('nodes are those of the cluster, and their commands have its kubeconfig', async () => {
    const script = 'echo "$FALLOUT_SERVER_NODE1_KUBERNETES_NODE_INFO_NODENAME"; kubectl get nodes -o name'
    const bash = `{module: bash, properties: {script: '${script}', target.ordinals: 1}}`
    const { result } = await place.run(definitionOf({ count: 2, phases: `[{look: ${bash}}]` }), '--as-is')
    expect(result.verdict).toBe('pass')
    expect(wholeLog(result, 'look')).toBe(
      'server/1: worker-b\nserver/1: node/worker-a\nserver/1: node/worker-b\n',
    )
    expect(result.notLookedAt.map(({ node }) => node)).toEqual(['server/0', 'server/1'])
  })

  test('more nodes than there are is an error', async () => {
    const { result } = await place.run(definitionOf({ count: 3 }), '--as-is')
    expect(result.verdict).toBe('unknown')
    expect(place.records().at(-1)?.errors[0]?.message).toContain('wants 3 nodes, and the cluster has 2')
  })
})

describe('manifests', () => {
  test.each([
    ['WAIT_ON_PODS', 'wait.condition: condition=Ready, wait.pod_label: app=web'],
    ['WAIT_ON_IMAGE', 'wait.condition: condition=Ready'],
    ['WAIT_ON_CONTAINERS', 'wait.container_name: web, wait.expected_containers: 1'],
    ['WAIT_ON_MANIFEST', 'wait.condition: "jsonpath={.metadata.name}"'],
  ])('%s: applied, there, and gone with the run', async (strategy, how) => {
    const wait = `wait.strategy: ${strategy}, wait.timeout: 2m, ${how}`
    const look = `{module: kubectl, properties: {command: "get configmap settings -o jsonpath='{.data.colour}'", namespace: demo, lifetime: once}}`
    const running = place.run(
      definitionOf({ managers: manifest(wait), phases: `[{look: ${look}}]` }),
      '--as-is',
    )
    await Promise.all([running, say('app=web', ready)])
    const { result } = await running
    expect(result.verdict).toBe('pass')
    expect(wholeLog(result, 'look')).toBe('blue\n')
    expect(await namespaces()).not.toContain('demo')
  })

  test('one that is not there in time fails the run and leaves nothing', async () => {
    const wait =
      'wait.strategy: WAIT_ON_CONTAINERS, wait.timeout: 2s, wait.container_name: web, wait.expected_containers: 1'
    const { result } = await place.run(definitionOf({ managers: manifest(wait) }), '--as-is')
    expect(result.verdict).not.toBe('pass')
    expect(place.records().at(-1)?.errors[0]?.message).toContain('containers web: not 1 of them ready')
    expect(await namespaces()).not.toContain('demo')
  })

  test('what was there before is as it was, and the rest is gone', async () => {
    const inDemo = (...words: string[]): Promise<string> => cluster.kubectl(['--namespace=demo', ...words])
    await cluster.kubectl(['create', 'namespace', 'demo'])
    try {
      await inDemo('create', 'configmap', 'settings', '--from-literal=colour=red')
      const wait = 'wait.strategy: fixed_duration, wait.timeout: 0'
      const { result } = await place.run(definitionOf({ managers: manifest(wait) }), '--as-is')
      expect(result.verdict).toBe('pass')
      expect(await inDemo('get', 'configmap', 'settings', '--output=jsonpath={.data}')).toBe(
        '{"colour":"red"}',
      )
      expect(await inDemo('get', 'deployments', '--output=name')).toBe('')
    } finally {
      await cluster.kubectl(['delete', 'namespace', 'demo'])
    }
  })

  test('killed: a sweep deletes what is there', async () => {
    const wait = 'wait.strategy: FIXED_DURATION, wait.timeout: 0'
    const sleep = '[{wait: {module: sleep, properties: {duration: 10m}}}]'
    const file = definitionOf({ managers: manifest(wait), phases: sleep })
    const started = place.start('run', file, '--as-is')
    await started.saw(/module wait began/)
    started.kill('SIGKILL')
    await started.done
    expect(await namespaces()).toContain('demo')
    const { stdout } = await place.quarry('sweep')
    expect(stdout).toContain('undid Kubernetes objects')
    expect(await namespaces()).not.toContain('demo')
  })
})

describe('kubernetes_job', () => {
  test.each([
    ['Succeeded', 'pass'],
    ['Failed', 'fail'],
  ])('%s', async (phase, verdict) => {
    const module = '{module: kubernetes_job, properties: {manifest: job.yaml, namespace: demo, timeout: 2m}}'
    const running = place.run(definitionOf({ phases: `[{pi: ${module}}]` }), '--as-is')
    await Promise.all([running, say('job-name=pi', { phase })])
    expect((await running).result.verdict).toBe(verdict)
    expect(await namespaces()).not.toContain('demo')
  })
})

describe('kubectl', () => {
  test('two commands take turns, and the second has the last word', async () => {
    const command = 'command: create configmap turn, command.secondary: delete configmap turn'
    const repeat = 'repeat.delay: 0, repeat.delay_offset: 0, repeat.iterations: 3'
    const module = `{module: kubectl, properties: {${command}, namespace: demo, lifetime: once, ${repeat}}}`
    // Without `lifetime: phase` iterations are counted all the same.
    const { result } = await place.run(definitionOf({ phases: `[{turns: ${module}}]` }), '--as-is')
    expect(result.verdict).toBe('pass')
    const lines = wholeLog(result, 'turns').trim().split('\n').slice(1)
    expect(lines.map((line) => line.split(' ').at(-1))).toEqual(['created', 'deleted', 'created', 'deleted'])
  })
})

describe('kubernetes_logs', () => {
  test('dumps the cluster', async () => {
    const managers = '{name: kubernetes_logs, properties: {container_logs_namespace: default}}'
    const { result } = await place.run(definitionOf({ managers }), '--as-is')
    expect(result.verdict).toBe('pass')
    const dump = join(result.directory, 'nodes/server/k8s_logs')
    expect(existsSync(join(dump, 'nodes.json'))).toBe(true)
    expect(readdirSync(dump)).toContain('kube-system')
  })
})

describe('helm', () => {
  test('a chart is installed, upgraded, and gone with the run', async () => {
    mkdirSync(join(place.path, 'chart/templates'), { recursive: true })
    place.write('chart/Chart.yaml', 'apiVersion: v2\nname: web\nversion: 0.1.0\n')
    place.write('chart/values.yaml', 'server: {colour: red}\nkept: before\n')
    place.write(
      'chart/templates/settings.yaml',
      `apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: {{ .Values.server.colour | quote }}, kept: {{ .Values.kept }}}
`,
    )
    const look = `{module: kubectl, properties: {command: "get configmap settings -o jsonpath='{.data}'", namespace: demo, lifetime: once}}`
    const upgrade = `{module: helm, properties: {helm.install.name: web, helm.install.values.yaml: {server.colour: "1.10"}}}`
    const properties = `{helm.install.type: repo, helm.install.name: web, helm.chart.name: ${join(place.path, 'chart')}, namespace: demo, helm.install.set: [kept=after]}`
    const file = definitionOf({
      managers: `{name: helm, properties: ${properties}}`,
      phases: `[{before: ${look}}, {up: ${upgrade}}, {after: ${look}}]`,
    })
    const { result } = await place.run(file, '--as-is')
    expect(result.verdict).toBe('pass')
    expect(wholeLog(result, 'before')).toBe('{"colour":"red","kept":"after"}\n')
    expect(wholeLog(result, 'after')).toBe('{"colour":"1.10","kept":"after"}\n')
    expect(await namespaces()).not.toContain('demo')
  })
})
