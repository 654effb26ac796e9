/** A client that sends HTTP requests of a few kinds. */
import { seededRandom } from '../../base/random.ts'
import { OperationError, type LoadClient } from './client.ts'
import { HttpConnection } from './http-connection.ts'
import { keyChooser, weightedChooser } from './keys.ts'

export interface HttpRequestKind {
  readonly name: string
  readonly weight: number
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Statuses that are a success. */
  readonly expect: readonly number[] | null
}

export interface HttpSettings {
  readonly requests: readonly HttpRequestKind[]
  readonly keys: number
  readonly distribution: 'uniform' | 'zipfian'
  readonly seed: number
}

/** Makes clients that share the choice of requests; `{key}` in a path or a body is the number of a key. */
export function httpClients(settings: HttpSettings): (target: string, number: number) => LoadClient {
  const chooseKey = keyChooser(settings.distribution, settings.keys)
  const choose = weightedChooser(settings.requests.map((item) => ({ item, weight: item.weight })))
  return (target, number) => {
    const connection = new HttpConnection(target)
    const random = seededRandom(Math.imul(settings.seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b))
    return {
      // Whatever it answers, it is there.
      connect: async () => void (await connection.exchange({ method: 'HEAD', path: '/' }, false)),
      drop: (error) => connection.drop(error),
      next: () => {
        const { name, method, path, headers, body, expect } = choose(random)
        const key = String(chooseKey(random))
        const fill = (text: string): string => (text.includes('{key}') ? text.replaceAll('{key}', key) : text)
        const request = { method, path: fill(path), headers, body: fill(body) }
        return {
          kind: name,
          run: async () => {
            const { status } = await connection.exchange(request, false)
            if (expect === null ? status < 400 : expect.includes(status)) return { outcome: 'ok' }
            throw new OperationError(`status ${status}`, `${method} ${request.path} gave status ${status}`)
          },
        }
      },
    }
  }
}
