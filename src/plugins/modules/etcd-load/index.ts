/** Reads, writes and compare-and-sets of keys in etcd, from the client nodes. */
import { z } from 'zod'
import { defineModule } from '../../../plugin/define.ts'
import { urls } from '../../load/addresses.ts'
import { keyValueProperties, keyValueSettings, loadProperties } from '../../load/properties.ts'
import { runLoad } from '../../load/run-load.ts'

export default defineModule({
  id: 'etcd-load',
  summary:
    'reads and writes keys of etcd from client nodes, and records latencies and, if asked, the history',
  needs: [],
  properties: z.strictObject({
    ...loadProperties(2379),
    ...keyValueProperties,
    urls: urls(),
    serializable: z
      .boolean()
      .default(false)
      .describe('whether reads ask only the server at hand, whose answer may be old'),
  }),
  lifetime: 'dynamic',
  run: (context, given) =>
    runLoad(context, given, {
      protocol: {
        protocol: 'etcd',
        etcd: { serializable: given.serializable },
        keyValue: keyValueSettings(given),
      },
      targets: given.urls,
      targetOf: (address) => `http://${address}`,
      ...(given.history ? { history: { operations: given.history_operations } } : {}),
    }),
})
