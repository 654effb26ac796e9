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

/** A list of URLs. */
export const urls = () =>
  z
    .array(z.url({ protocol: /^https?$/ }))
    .default([])
    .describe('servers as URLs, instead of the nodes of `target`; clients take turns')
