/** The operation history in the file format that Fallout's tools read. */
import type { Operation } from '../plugin/checker.ts'

/**
 * A JSON array with an operation on each line: `time` in ns since the first one, `process` the alias of the module,
 * `module` its name, `type`, and `mediaType` and `value` (a string) where it has a value.
 */
export function falloutHistory(operations: readonly Operation[]): string {
  const began = operations[0]?.ts ?? 0n
  const lines = operations.map(({ ts, process, module, kind, value }) =>
    JSON.stringify({
      time: Number(ts - began),
      process,
      module,
      type: kind,
      ...(value === undefined || value === null ? {} : valueOf(value)),
    }),
  )
  return `[\n${lines.join(',\n')}\n]\n`
}

const valueOf = (value: unknown): { readonly mediaType: string; readonly value: string } =>
  typeof value === 'string'
    ? { mediaType: 'text/plain', value }
    : { mediaType: 'application/json', value: JSON.stringify(value) }
