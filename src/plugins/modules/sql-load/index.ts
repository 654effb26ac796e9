/** Executes SQL statements on PostgreSQL from the client nodes. */
import { z } from 'zod'
import { defineModule } from '../../../plugin/define.ts'
import { addresses } from '../../load/addresses.ts'
import { loadProperties, operationName } from '../../load/properties.ts'
import { runLoad } from '../../load/run-load.ts'

const statement = z.strictObject({
  name: operationName().describe('under which it is recorded'),
  weight: z.number().min(0).default(1).describe('how often, beside the others'),
  sql: z.string().min(1).describe('the statement, with `$1`, `$2` for its parameters'),
  parameters: z
    .array(z.enum(['key', 'value', 'client', 'random']))
    .default([])
    .describe(
      'what `$1`, `$2` are: the number of a key, a value that is like no other, the number of the client, a number below 2^31',
    ),
})

export default defineModule({
  id: 'sql-load',
  summary: 'executes SQL statements on PostgreSQL from client nodes, and records latencies and errors',
  needs: [],
  properties: z.strictObject({
    ...loadProperties(5432),
    addresses: addresses(),
    statements: z
      .array(statement)
      .min(1)
      .refine((all) => all.some(({ weight }) => weight > 0), { error: 'has nothing with a weight' })
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
        error: 'has two of one name',
      })
      .describe('the mix of statements'),
    user: z.string().default('postgres').describe('user to connect as'),
    password: z.string().optional().describe('password to connect with'),
    database: z.string().default('postgres').describe('database to connect to'),
    value_size: z.int().min(1).max(1_000_000).default(32).describe('bytes of a value'),
  }),
  lifetime: 'dynamic',
  run: (context, given) =>
    runLoad(context, given, {
      protocol: {
        protocol: 'sql',
        statements: given.statements,
        user: given.user,
        password: given.password ?? null,
        database: given.database,
        keys: given.keys,
        distribution: given.distribution,
        valueSize: given.value_size,
        seed: given.seed,
      },
      targets: given.addresses,
    }),
})
