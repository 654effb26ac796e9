/**
 * A real Kubernetes control plane on loopback: etcd, the API server and the controllers. There is no kubelet, so that no
 * container ever runs: a test says what a kubelet would have said, by patching the status.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../../src/base/abort.ts'
import { runProcess, startProcess, type RunningProcess } from '../../src/base/process.ts'

export interface ControlPlane extends AsyncDisposable {
  readonly kubeconfig: string
  /** Runs kubectl; throws when it fails, and gives its output. */
  kubectl(words: readonly string[], input?: string): Promise<string>
  /** Adds a node that is ready, with an address. */
  addNode(name: string, address: string): Promise<void>
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** Starts one; etcd, kube-apiserver, kube-controller-manager and kubectl must be on PATH (test/kubernetes/control-plane.sh). */
export async function startControlPlane(signal: AbortSignal): Promise<ControlPlane> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'quarry-control-plane-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const file = (name: string): string => join(directory, name)
  const [client, peer, port] = [await freePort(), await freePort(), await freePort()]
  const etcd = `http://127.0.0.1:${client}`
  const peers = `http://127.0.0.1:${peer}`
  const server = `https://127.0.0.1:${port}`
  const token = 'test-administrator'
  const kubeconfig = file('kubeconfig')
  const start = async (command: readonly string[], ready: () => Promise<boolean>): Promise<void> => {
    const running = stack.use(await startProcess(command, { signal }))
    await untilReady(running, command[0] ?? '', ready, signal)
  }
  await start(
    [
      'etcd',
      `--data-dir=${file('etcd')}`,
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=default=${peers}`,
      '--unsafe-no-fsync',
    ],
    async () => (await fetch(`${etcd}/health`)).ok,
  )
  const key = file('service-account.key')
  await succeed(['openssl', 'genrsa', '-out', key, '2048'], signal)
  await writeFile(file('tokens.csv'), `${token},administrator,1,system:masters\n`)
  await writeFile(kubeconfig, kubeconfigOf(server, token), { mode: 0o600 })
  const kubectl = async (words: readonly string[], input?: string): Promise<string> =>
    succeed(['kubectl', `--kubeconfig=${kubeconfig}`, ...words], signal, input)
  await start(
    [
      'kube-apiserver',
      `--etcd-servers=${etcd}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${file('certificates')}`,
      '--service-cluster-ip-range=10.96.0.0/24',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      `--token-auth-file=${file('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--endpoint-reconciler-type=none',
    ],
    async () => (await kubectl(['get', '--raw=/readyz'])) === 'ok',
  )
  await start(
    [
      'kube-controller-manager',
      `--kubeconfig=${kubeconfig}`,
      `--service-account-private-key-file=${key}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--use-service-account-credentials=false',
    ],
    async () => (await kubectl(['get', 'serviceaccount', 'default'])) !== '',
  )
  const owned = stack.move()
  return {
    kubeconfig,
    kubectl,
    addNode: async (name, address) => {
      const node = { apiVersion: 'v1', kind: 'Node', metadata: { name } }
      await kubectl(['apply', '--filename=-'], JSON.stringify(node))
      const status = {
        addresses: [{ type: 'InternalIP', address }],
        conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }],
      }
      const patch = JSON.stringify({ status })
      await kubectl(['patch', 'node', name, '--subresource=status', '--type=merge', `--patch=${patch}`])
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const kubeconfigOf = (server: string, token: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'administrator', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'administrator' } }],
  })

async function succeed(command: readonly string[], signal: AbortSignal, input?: string): Promise<string> {
  const result = await runProcess(command, { signal, ...(input === undefined ? {} : { input }) })
  if (result.ok) return result.stdout
  throw new Error(`${command.join(' ')}: ${result.stderr}`)
}

async function untilReady(
  running: RunningProcess,
  name: string,
  ready: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  let ended: string | undefined
  void running.done.then(({ stderr, exitCode }) => {
    ended = `${name} ended with ${exitCode}: ${stderr.slice(-2000)}`
  })
  while (!(await ready().catch(() => false))) {
    if (ended !== undefined) throw new Error(ended)
    await sleep(200, signal)
  }
}
