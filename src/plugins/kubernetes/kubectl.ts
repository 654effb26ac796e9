/** Commands to a Kubernetes cluster, through the system's kubectl and helm. */
import { dirname } from 'node:path'
import { z } from 'zod'
import { TargetError, UserError } from '../../base/errors.ts'
import type { CommandOptions, CommandResult, Node } from '../../plugin/node.ts'

/** The provider of a node that is in a Kubernetes cluster. */
export const KUBE = 'kube'

/** Name of a namespace, by RFC 1123. */
export const namespace = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, {
    error: 'is no name of a namespace: lower-case letters, digits and - only',
  })
  .optional()
  .describe(
    'namespace that it works in, made when it is not there; that of the kubeconfig, mostly `default`, when left out',
  )

/** A cluster as its first node reaches it. */
export interface Kube {
  readonly node: Node
  readonly kubeconfig: string
  /** Directory for the files by which effects are undone. */
  readonly directory: string
}

/** The cluster of a node group; a UserError when it has none. */
export function kubeOf(nodes: readonly Node[], group: string): Kube {
  const node = nodes[0]
  const kubeconfig = node?.providers?.[KUBE]?.['kubeconfig']
  if (node !== undefined && kubeconfig !== undefined) {
    return { node, kubeconfig, directory: dirname(kubeconfig) }
  }
  throw new UserError(`node group ${group} is no Kubernetes cluster`, {
    remedy: 'give it the provisioner existing_kubernetes or kind',
  })
}

export interface Surroundings {
  log(line: string): void
  readonly signal: AbortSignal
}

/** The words of a kubectl command. */
export const kubectlCommand = (inNamespace: string | undefined, words: readonly string[]): string[] => [
  'kubectl',
  ...(inNamespace === undefined ? [] : [`--namespace=${inNamespace}`]),
  ...words,
]

/** Runs a command and logs what it says; a TargetError with its last lines when it fails. */
export async function tell(
  { node }: Kube,
  around: Surroundings,
  command: readonly string[],
  options: Omit<CommandOptions, 'signal'> = {},
): Promise<CommandResult> {
  const result = await node.run(command, { signal: around.signal, ...options })
  for (const line of `${result.stdout}${result.stderr}`.split('\n')) if (line !== '') around.log(line)
  if (!result.ok) throw failure(command, result)
  return result
}

/** Runs a command for its output, which is not logged; a TargetError as above. */
export async function ask(
  { node }: Kube,
  { signal }: Pick<Surroundings, 'signal'>,
  command: readonly string[],
  options: Omit<CommandOptions, 'signal'> = {},
): Promise<string> {
  const result = await node.run(command, { signal, ...options })
  if (!result.ok) throw failure(command, result)
  return result.stdout
}

function failure(command: readonly string[], result: CommandResult): TargetError {
  const words = command.filter((word) => !word.startsWith('-'))
  const how = result.timedOut
    ? 'took longer than its timeout'
    : `ended with ${result.signal ?? `status ${result.exitCode}`}`
  const last = `${result.stderr.trim() === '' ? result.stdout : result.stderr}`.trim().split('\n').slice(-5)
  return new TargetError(`${words.slice(0, 3).join(' ')} ${how}: ${last.join('\n')}`, {
    code: 'QUARRY_KUBERNETES',
  })
}
