/** label_replace and label_join. */
import type { Labels } from '../../model/series.ts'
import { labelValue, withLabel } from './labels.ts'
import { compileRegex } from './regex.ts'
import { evaluationError } from './value.ts'

/** Go's Regexp.Expand: `$1`, `$name`, `${name}`, `$$`; a group that is not there is empty. */
function expand(template: string, match: RegExpExecArray): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (reference, braced?: string, bare?: string) => {
    const name = braced ?? bare
    if (name === undefined) return '$'
    if (/^\d+$/.test(name)) return match[Number(name)] ?? ''
    return (Object.hasOwn(match.groups ?? {}, name) ? match.groups?.[name] : undefined) ?? ''
  })
}

/** Sets `target` from the template wherever the whole value of `source` matches. */
export function labelReplacer(
  target: string,
  template: string,
  source: string,
  pattern: string,
): (labels: Labels) => Labels {
  const regex = compileRegex(pattern)
  if ('problem' in regex) throw evaluationError(`\`${pattern}\` is no regular expression: ${regex.problem}`)
  return (labels) => {
    const match = regex.exec(labelValue(labels, source))
    return match === null ? labels : withLabel(labels, target, expand(template, match))
  }
}

/** Sets `target` to the values of the sources, with the separator between them. */
export const labelJoiner =
  (target: string, separator: string, sources: readonly string[]): ((labels: Labels) => Labels) =>
  (labels) =>
    withLabel(labels, target, sources.map((source) => labelValue(labels, source)).join(separator))
