/** Tries a TCP port. */
import { z } from 'zod'
import { defineProbe } from '../../../plugin/define.ts'
import { pattern } from '../../pattern.ts'
import { address, addressOf, bytesOf, hexadecimal } from '../address.ts'
import { converse } from '../converse.ts'

const properties = z.strictObject({
  address: address().describe(
    'host:port to connect to. A connection alone shows little: the kernel makes it while the server sleeps, ' +
      'until the accept queue is full. Give `send` or `expect` for a sign of life',
  ),
  send: z
    .string()
    .optional()
    .describe('text to send once connected; any answer is success unless `expect` is given'),
  sendHex: hexadecimal.optional().describe('bytes to send, in hexadecimal, in place of `send`'),
  expect: pattern.optional().describe('regular expression that the first 64 KiB of the answer must match'),
})

export default defineProbe({
  id: 'tcp',
  summary: 'TCP connection, with something to send and an answer to expect',
  needs: [],
  module: import.meta.url,
  dials: true,
  properties,
  target: (options) => options.address,
  subject: (options) => ({ type: 'socket', protocol: 'tcp', address: options.address }),
  open: async ({ timeoutMs, dial }, options) => {
    const { host, port } = addressOf(options.address)
    const conversation = {
      to: { protocol: 'tcp' as const, host, port },
      send: bytesOf(options.send, options.sendHex),
      expect: options.expect === undefined ? undefined : new RegExp(options.expect),
      timeoutMs,
      dial,
    }
    return { attempt: (signal) => converse(conversation, signal) }
  },
})
