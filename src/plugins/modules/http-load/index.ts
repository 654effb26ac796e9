/** Sends HTTP requests from the client nodes. */
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { z } from 'zod'
import { messageOf } from '../../../base/errors.ts'
import { defineModule } from '../../../plugin/define.ts'
import { urls } from '../../load/addresses.ts'
import { loadProperties, operationName } from '../../load/properties.ts'
import { runLoad } from '../../load/run-load.ts'

const request = z.strictObject({
  name: operationName().optional().describe('under which it is recorded; the method when left out'),
  weight: z.number().min(0).default(1).describe('how often, beside the others'),
  method: z
    .string()
    .regex(/^[A-Z]{1,20}$/)
    .default('GET')
    .describe('the method'),
  path: z
    .string()
    .regex(/^\/[!-~]*$/, {
      error: 'is no path: it begins with `/`, and blanks and the like are written as %20',
    })
    .default('/')
    .describe('the path; `{key}` in it is the number of a key'),
  headers: z
    .record(z.string(), z.string())
    .superRefine((headers, context) => {
      for (const [name, value] of Object.entries(headers)) {
        try {
          validateHeaderName(name)
          validateHeaderValue(name, value)
        } catch (error) {
          context.addIssue({ code: 'custom', path: [name], message: messageOf(error) })
        }
        if (name.toLowerCase() === 'transfer-encoding')
          context.addIssue({
            code: 'custom',
            path: [name],
            message: 'bodies are sent whole, with their length',
          })
      }
    })
    .default({})
    .describe('headers'),
  body: z.string().default('').describe('the body; `{key}` in it is the number of a key'),
  expect: z
    .array(z.int().min(100).max(599))
    .min(1)
    .optional()
    .describe('statuses that are a success; those below 400 when left out'),
})

export default defineModule({
  id: 'http-load',
  summary: 'sends HTTP requests from client nodes, and records latencies and errors',
  needs: [],
  properties: z.strictObject({
    ...loadProperties(80),
    urls: urls(),
    requests: z
      .array(request)
      .min(1)
      .refine((all) => all.some(({ weight }) => weight > 0), { error: 'has nothing with a weight' })
      .default([{ weight: 1, method: 'GET', path: '/', headers: {}, body: '' }])
      .describe('the mix of requests'),
  }),
  lifetime: 'dynamic',
  run: (context, given) =>
    runLoad(context, given, {
      protocol: {
        protocol: 'http',
        requests: given.requests.map(({ name, expect, ...rest }) => ({
          ...rest,
          name: name ?? rest.method.toLowerCase(),
          expect: expect ?? null,
        })),
        keys: given.keys,
        distribution: given.distribution,
        seed: given.seed,
      },
      targets: given.urls,
      targetOf: (address) => `http://${address}`,
    }),
})
