/** Where a server listens. */
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { unreachable } from './client.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Reads `host:port` or `[v6]:port`; `undefined` for anything else. */
export function parseAddress(text: string): Address | undefined {
  const [, bracketed, bare, digits] = /^(?:\[([\da-fA-F:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  const host = bracketed ?? bare
  return host === undefined || !(port > 0 && port < 65_536) ? undefined : { host, port }
}

/** Writes it as `host:port`. */
export const formatAddress = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** Connects; rejects with an OperationError. The socket is handed out before it is connected, so that it can be given up. */
export async function openSocket(
  { host, port }: Address,
  opening: (socket: Socket) => void,
): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true })
  opening(socket)
  try {
    await once(socket, 'connect')
  } catch (error) {
    throw unreachable(error)
  }
  return socket
}
