/** Targets that are given by address instead of by node. */
import { z } from 'zod'
import { parseAddress } from './socket.ts'

/** A list of `host:port`. */
export const addresses = () =>
  z
    .array(
      z.string().refine((text) => parseAddress(text) !== undefined, {
        error: 'is no address, such as 10.0.0.1:6379 or [::1]:6379',
      }),
    )
    .default([])
    .describe('servers as `host:port`, instead of the nodes of `target`; clients take turns')

const isBase = (text: string): boolean => {
  const { username, password, search, hash } = new URL(text)
  return username + password + search + hash === ''
}

/** A list of URLs. */
export const urls = () =>
  z
    .array(
      z.url({ protocol: /^https?$/, abort: true }).refine(isBase, {
        error: 'has a name, a query or a fragment, which are not sent; give them with each request',
      }),
    )
    .default([])
    .describe('servers as URLs, instead of the nodes of `target`; clients take turns')
