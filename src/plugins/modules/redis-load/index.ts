/** Reads, writes and compare-and-sets of strings in Redis, from the client nodes. */
import { z } from 'zod'
import { defineModule } from '../../../plugin/define.ts'
import { addresses } from '../../load/addresses.ts'
import { keyValueProperties, keyValueSettings, loadProperties } from '../../load/properties.ts'
import { runLoad } from '../../load/run-load.ts'

export default defineModule({
  id: 'redis-load',
  summary:
    'reads and writes keys of Redis from client nodes, and records latencies and, if asked, the history',
  needs: [],
  properties: z.strictObject({
    ...loadProperties(6379),
    ...keyValueProperties,
    addresses: addresses(),
    user: z.string().optional().describe('user to authenticate as'),
    password: z.string().optional().describe('password to authenticate with'),
    sentinel: z
      .string()
      .min(1)
      .optional()
      .describe('name of a master: the servers are sentinels, and each connection asks one who leads now'),
    replicas: z
      .int()
      .min(0)
      .default(0)
      .describe('replicas that must confirm a change within half a second; otherwise it is in doubt'),
    database: z.int().min(0).default(0).describe('number of the database'),
  }),
  lifetime: 'dynamic',
  run: (context, given) =>
    runLoad(context, given, {
      protocol: {
        protocol: 'redis',
        redis: {
          user: given.user,
          password: given.password,
          database: given.database,
          sentinel: given.sentinel,
          replicas: given.replicas,
        },
        keyValue: keyValueSettings(given),
      },
      targets: given.addresses,
      ...(given.history ? { history: { operations: given.history_operations } } : {}),
    }),
})
