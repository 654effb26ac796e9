/** Properties that all loads have, and those of loads of keys and values. */
import { z } from 'zod'
import { duration, someNodes } from '../../plugin/properties.ts'
import { selectionProperties } from '../../plugin/selection.ts'
import { outcomes } from './messages.ts'

/** Operations with their ends that a history holds; more take a checker longer than anybody waits. */
const MOST_HISTORY = 1_000_000

export const loadProperties = (port: number) => ({
  from: someNodes()
    .default('client')
    .describe(
      'nodes on which the load is made: `client`, `client:0` or a list; the rate and the clients are shared out',
    ),
  ...selectionProperties('server'),
  port: z.int().min(1).max(65_535).default(port).describe('port of the nodes of `target`'),
  clients: z
    .int()
    .min(1)
    .max(10_000)
    .default(8)
    .describe('connections in all, each with one operation at a time'),
  rate: z
    .number()
    .positive()
    .max(1_000_000)
    .optional()
    .describe(
      'operations per second in all, at times planned ahead: latency counts from the planned time. Without it each client goes on as soon as it has an answer',
    ),
  duration: duration
    .optional()
    .describe(
      'how long; 30s when neither it nor `operations` is given, or the whole phase with `lifetime: phase`',
    ),
  operations: z.int().min(1).max(1e12).optional().describe('how many operations in all'),
  timeout: duration
    .refine((ms) => ms > 0, { error: 'must be more than 0' })
    .default(5000)
    .describe('an operation that takes longer has failed, and its connection is given up'),
  connect_timeout: duration
    .default(30_000)
    .describe('how long a server may be down at the beginning; then the load has failed'),
  warmup: duration.default(0).describe('time before the duration in which nothing is recorded'),
  interval: duration.default(1000).describe('length of the intervals of the HdrHistogram log'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31)
    .default(1)
    .describe('makes the operations of each client the same in every run'),
  keys: z.int().min(1).max(10_000_000).default(1000).describe('number of keys'),
  distribution: z
    .enum(['uniform', 'zipfian'])
    .default('uniform')
    .describe('which keys: all alike, or a few much more often than most'),
  max_error_rate: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      'the share of operations that may fail; more is a failure of the load, and no limit when left out',
    ),
  min_operations: z
    .int()
    .min(0)
    .default(1)
    .describe('successful operations without which the load has failed'),
  node_command: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('how Node.js 24 is called on the client nodes; that of Quarry when left out'),
})

/** Outcomes that the tag of a series in the histogram log ends with, unless it is `ok`. */
const TAKEN = outcomes.filter((outcome) => outcome !== 'ok').map((outcome) => `-${outcome}`)

/** What operations are recorded under. */
export const operationName = () =>
  z
    .string()
    .regex(/^[\w.-]{1,60}$/)
    .refine((name) => !TAKEN.some((ending) => name.endsWith(ending)), {
      error: `ends in ${TAKEN.join(', ')}, as what did not go well is called`,
    })

const loadObject = z.strictObject(loadProperties(1))
export type LoadProperties = z.infer<typeof loadObject>

const weight = z.number().min(0).default(0)

export const historyProperties = {
  history: z
    .boolean()
    .default(false)
    .describe(
      'whether each operation goes to the history, for a checker of linearizability; keys should not exist before',
    ),
  history_operations: z
    .int()
    .min(1)
    .max(MOST_HISTORY)
    .default(100_000)
    .describe('with `history`: the load ends after so many operations'),
}

export const keyValueProperties = {
  mix: z
    .strictObject({
      read: weight.describe('weight of reads'),
      write: weight.describe('weight of writes'),
      cas: weight.describe('weight of compare-and-sets'),
    })
    .refine(({ read, write, cas }) => read + write + cas > 0, { error: 'has nothing with a weight' })
    .default({ read: 1, write: 1, cas: 0 })
    .describe('how often each operation, by weight'),
  key_prefix: z.string().default('quarry-').describe('what keys begin with; a number follows'),
  value_size: z.int().min(1).max(1_000_000).default(32).describe('bytes of a value'),
  ...historyProperties,
}

const keyValueObject = z.strictObject({ ...loadProperties(1), ...keyValueProperties })
export type KeyValueProperties = z.infer<typeof keyValueObject>

/** What the clients of a key-value load need of its properties. */
export const keyValueSettings = (given: KeyValueProperties) => ({
  mix: given.mix,
  keys: given.keys,
  keyPrefix: given.key_prefix,
  distribution: given.distribution,
  valueSize: given.value_size,
  seed: given.seed,
})
