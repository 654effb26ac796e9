/** The way to the cluster that this process is a pod of. */
import { join } from 'node:path'

/** Where a pod finds its credentials: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** A kubeconfig that refers to them, for the environment of a pod. */
export function inClusterConfig(environment: Readonly<Record<string, string | undefined>>): unknown {
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? 'kubernetes.default.svc'
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443'
  const name = 'in-cluster'
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [
      {
        name,
        cluster: {
          server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
          'certificate-authority': join(SERVICE_ACCOUNT, 'ca.crt'),
        },
      },
    ],
    users: [{ name, user: { tokenFile: join(SERVICE_ACCOUNT, 'token') } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  }
}
