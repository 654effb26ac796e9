/** Into which part of a split log a tag belongs. */

/**
 * A tag that is asked for is a part of its own. One of the form `name=value;name=value` belongs to the part of the
 * values of the names that are asked for. Undefined when it has nothing to do with them.
 */
export function splitOf(tag: string, tags: readonly string[]): string | undefined {
  if (tags.includes(tag)) return tag
  const pairs = new Map(
    tag.split(/[;&]/).flatMap((pair) => {
      const at = pair.indexOf('=')
      return at < 0 ? [] : [[pair.slice(0, at), pair.slice(at + 1)]]
    }),
  )
  const values = tags.flatMap((name) => pairs.get(name) ?? [])
  return values.length === 0 ? undefined : values.join('-')
}
