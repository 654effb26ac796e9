/** `host:port`, with IPv6 addresses in brackets: `[::1]:53`. */
import { z } from 'zod'

export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** The parts of an address; `undefined` when it is not one. `defaultPort` allows the port to be left out. */
export function parseAddress(text: string, defaultPort?: number): HostAndPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? defaultPort : Number(match[3])
  if (host === undefined || port === undefined || port < 1 || port > 65535) return undefined
  return { host, port }
}

/** The parts of an address that the schema let through. */
export function addressOf(text: string, defaultPort?: number): HostAndPort {
  const address = parseAddress(text, defaultPort)
  if (address === undefined) throw new Error(`${text} passed as an address`)
  return address
}

/** Schema of an address. */
export const address = (defaultPort?: number) =>
  z.string().refine((text) => parseAddress(text, defaultPort) !== undefined, {
    error: `is not host${defaultPort === undefined ? ':port' : ' or host:port'}, such as localhost:${defaultPort ?? 80} or [::1]:${defaultPort ?? 80}`,
  })

/** Schema of bytes in hexadecimal, such as `00 ff`. */
export const hexadecimal = z
  .string()
  .regex(/^\s*([0-9a-fA-F]{2}\s*)+$/, { error: 'is not hexadecimal, such as `00 ff 1a`' })

/** Bytes to send: text as UTF-8, or hexadecimal. */
export function bytesOf(text: string | undefined, hex: string | undefined): Uint8Array | undefined {
  if (hex !== undefined) return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')
  return text === undefined ? undefined : Buffer.from(text, 'utf8')
}
