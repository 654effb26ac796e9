/** Executes SQL statements on PostgreSQL from the client nodes. */
import { z } from 'zod'
import { defineModule } from '../../../plugin/define.ts'
import { addresses } from '../../load/addresses.ts'
import { historyProperties, loadProperties, operationName } from '../../load/properties.ts'
import { runLoad } from '../../load/run-load.ts'

const statement = z
  .strictObject({
    name: operationName().describe('under which it is recorded'),
    weight: z.number().min(0).default(1).describe('how often, beside the others'),
    sql: z.string().min(1).describe('the statement, with `$1`, `$2` for its parameters'),
    parameters: z
      .array(z.enum(['key', 'value', 'client', 'random']))
      .default([])
      .describe(
        'what `$1`, `$2` are: the number of a key, a value that is like no other, the number of the client, a number below 2^31',
      ),
    register: z
      .enum(['read', 'write'])
      .optional()
      .describe(
        'what it does to the register with the key, for `history`: sets it to the value, or selects it, in the first column of one row or none',
      ),
  })
  .refine(
    ({ register, parameters }) =>
      (register === undefined || parameters.includes('key')) &&
      (register !== 'write' || parameters.includes('value')),
    { error: 'is of a register, and lacks its `key` or its `value` among the parameters' },
  )

export default defineModule({
  id: 'sql-load',
  summary:
    'executes SQL statements on PostgreSQL from client nodes, and records latencies and, if asked, the history',
  needs: [],
  properties: z
    .strictObject({
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
      ...historyProperties,
      value_size: z.int().min(1).max(1_000_000).default(32).describe('bytes of a value'),
    })
    .refine(
      ({ history, statements }) => !history || statements.some(({ register }) => register !== undefined),
      {
        error: 'is of registers, and no statement has a `register`',
        path: ['history'],
      },
    ),
  lifetime: 'dynamic',
  run: (context, given) =>
    runLoad(context, given, {
      protocol: {
        protocol: 'sql',
        statements: given.statements.map((one) => ({ ...one, register: one.register ?? null })),
        user: given.user,
        password: given.password ?? null,
        database: given.database,
        keys: given.keys,
        distribution: given.distribution,
        valueSize: given.value_size,
        seed: given.seed,
      },
      targets: given.addresses,
      ...(given.history ? { history: { operations: given.history_operations } } : {}),
    }),
})
