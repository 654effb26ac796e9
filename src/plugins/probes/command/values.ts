/** Metrics on the standard output of a command. */

/** Quarry's own metrics of a probe. */
const reserved: readonly string[] = ['success', 'duration_seconds']

/** Lines of the form `name value` or `name=value`; other lines are ignored, and a later line wins over an earlier one. */
export function parseValues(text: string): Record<string, number> {
  const values: Record<string, number> = {}
  for (const line of text.split('\n')) {
    const [, name, written] = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)(?:\s+|\s*=\s*)(\S+)\s*$/.exec(line) ?? []
    const value = Number(written)
    if (name === undefined || written === undefined || reserved.includes(name)) continue
    if (!Number.isNaN(value)) values[name] = value
  }
  return values
}
