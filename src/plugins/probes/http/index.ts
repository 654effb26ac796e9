/** Tries a server with an HTTP request. */
import { z } from 'zod'
import { defineProbe } from '../../../plugin/define.ts'
import { pattern } from '../../pattern.ts'
import { tryHttp } from '../http-request.ts'

const properties = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('http or https URL to request'),
  socket: z.string().min(1).optional().describe('path of a Unix socket to send the request through'),
  method: z
    .string()
    .regex(/^[A-Z]+$/, { error: 'is not a method, such as GET' })
    .default('GET')
    .describe('method'),
  headers: z.record(z.string(), z.string()).default({}).describe('headers, by name'),
  body: z.string().optional().describe('body to send'),
  status: z
    .array(z.union([z.int().min(100).max(599), z.string().regex(/^[1-5]xx$/)]))
    .min(1)
    .default(['2xx', '3xx'])
    .describe('status codes that are success: 200, or 2xx for a class'),
  expect: pattern.optional().describe('regular expression that the first MiB of the body must match'),
  follow: z.boolean().default(false).describe('whether to follow redirects, at most 10'),
  verify: z.boolean().default(true).describe('whether the certificate of an https server must be valid'),
})

export default defineProbe({
  id: 'http',
  summary: 'HTTP request over TCP or a Unix socket, on a new connection each time',
  needs: [],
  module: import.meta.url,
  dials: true,
  properties,
  target: ({ url, socket }) => (socket === undefined ? url : `${url} through ${socket}`),
  subject: ({ url, socket }) =>
    socket === undefined
      ? { type: 'socket', protocol: 'tcp', address: hostAndPort(new URL(url)) }
      : { type: 'socket', protocol: 'unix', address: socket },
  open: async ({ timeoutMs, dial }, { url, status, expect, ...rest }) => {
    const options = {
      ...rest,
      url: new URL(url),
      status: status.map(String),
      expect: expect === undefined ? undefined : new RegExp(expect),
      timeoutMs,
      dial,
    }
    return { attempt: (signal) => tryHttp(options, signal) }
  },
})

const hostAndPort = ({ hostname, port, protocol }: URL): string =>
  `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`
