/** A port of this host that leads to a service in the cluster, for as long as it is held. */
import { TargetError } from '../../base/errors.ts'
import { kubectlCommand, type Kube, type Surroundings } from './kubectl.ts'

export interface ForwardWish {
  readonly namespace: string | undefined
  readonly service: string
  readonly port: number
}

/** The words that forward a port which kubectl chooses, and tells of. */
export const forwardCommand = ({ namespace, service, port }: ForwardWish): string[] =>
  kubectlCommand(namespace, ['port-forward', '--address=127.0.0.1', `service/${service}`, `:${port}`])

/** Where it listens, from what kubectl says; undefined before it says so. */
export const forwardedTo = (said: string): string | undefined => {
  const [, port] = /^Forwarding from 127\.0\.0\.1:(\d+) -> \d+$/m.exec(said) ?? []
  return port === undefined ? undefined : `http://127.0.0.1:${port}`
}

/** Resolves when it leads there; a TargetError when it cannot. */
export async function forwardPort(
  { node }: Kube,
  { signal }: Pick<Surroundings, 'signal'>,
  wish: ForwardWish,
): Promise<{ readonly url: string } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const running = stack.use(await node.spawn(forwardCommand(wish), { signal }))
  const decoder = new TextDecoder()
  let said = ''
  for await (const chunk of running.stdout) {
    said += decoder.decode(chunk, { stream: true })
    const url = forwardedTo(said)
    if (url === undefined) continue
    const owned = stack.move()
    return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  }
  const { stderr } = await running.done
  throw new TargetError(`cannot forward a port to the service ${wish.service}: ${stderr.trim()}`, {
    code: 'QUARRY_KUBERNETES',
  })
}
