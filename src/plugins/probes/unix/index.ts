/** Tries a Unix stream socket. */
import { z } from 'zod'
import { defineProbe } from '../../../plugin/define.ts'
import { pattern } from '../../pattern.ts'
import { bytesOf, hexadecimal } from '../address.ts'
import { converse } from '../converse.ts'
import { tryHttp } from '../http-request.ts'

const properties = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe(
      'path of the socket; `@name` for an abstract one. A connection alone shows little: the kernel makes it while ' +
        'the server sleeps, until the accept queue is full. Give `http`, `send` or `expect` for a sign of life',
    ),
  http: z
    .string()
    .regex(/^\//, { error: 'is not a path that starts with /' })
    .optional()
    .describe('path to GET by HTTP; its status must be 2xx or 3xx, and `expect` is about its body'),
  send: z
    .string()
    .optional()
    .describe('text to send once connected; any answer is success unless `expect` is given'),
  sendHex: hexadecimal.optional().describe('bytes to send, in hexadecimal, in place of `send`'),
  expect: pattern.optional().describe('regular expression that the first 64 KiB of the answer must match'),
})

export default defineProbe({
  id: 'unix',
  summary: 'Connection to a Unix socket, with an HTTP path or bytes to send and an answer to expect',
  needs: [],
  module: import.meta.url,
  dials: true,
  properties,
  target: ({ path, http }) => (http === undefined ? path : `${path} ${http}`),
  subject: ({ path }) => ({ type: 'socket', protocol: 'unix', address: path }),
  open: async ({ timeoutMs, dial }, { path, http, send, sendHex, expect }) => {
    const socket = path.replace(/^@/, '\0')
    const pattern = expect === undefined ? undefined : new RegExp(expect)
    if (http !== undefined) {
      const url = new URL(http, 'http://localhost')
      const fixed = { method: 'GET', headers: {}, status: ['2xx', '3xx'], follow: false, verify: true }
      const request = { ...fixed, url, socket, expect: pattern, timeoutMs, dial }
      return { attempt: (signal) => tryHttp(request, signal) }
    }
    const to = { protocol: 'unix' as const, path: socket }
    const conversation = { to, send: bytesOf(send, sendHex), expect: pattern, timeoutMs, dial }
    return { attempt: (signal) => converse(conversation, signal) }
  },
})
