/** What stress-ng says with --metrics-brief. */

/** Operations that each kind of worker did, by its name such as `cpu`. */
export function parseMetrics(text: string): Readonly<Record<string, number>> {
  const lines = text.matchAll(/^stress-ng: (?:info|metrc): +\[\d+\] ([a-z][\w-]*) +(\d+) +[\d.]+ /gm)
  return Object.fromEntries([...lines].map(([, name = '', operations]) => [name, Number(operations)]))
}
