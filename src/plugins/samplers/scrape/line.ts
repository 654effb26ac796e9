/**
 * One line of Prometheus' text exposition format 0.0.4 or of OpenMetrics 1.0.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export interface SampleLine {
  /** Name and labels as written: the same for the same series of an exporter from scrape to scrape. */
  readonly series: string
  readonly value: number
}

/** Name, labels in braces, value, time stamp, exemplar. Each part begins with a character that no other part goes on with. */
const sample =
  /^[ \t]*([a-zA-Z_:][\w:]*(?:[ \t]*\{(?:[^"{}]|"(?:[^"\\]|\\[^])*")*\}[ \t]*|[ \t]+))([^ \t{}"#]+)(?:[ \t]+[-+]?[\d.]+(?:[eE][-+]?\d+)?)?[ \t]*(?:#[ \t]*\{.*)?$/s

/** A number as Go's ParseFloat takes it, without the hexadecimal ones that no exporter writes. */
const number = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/

function parseValue(text: string): number | undefined {
  if (number.test(text)) return Number(text)
  const match = /^([-+]?)(inf|infinity|nan)$/i.exec(text)
  if (match === null) return undefined
  if (match[2]?.toLowerCase() === 'nan') return Number.NaN
  return match[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** The sample of a line; `undefined` for a comment or an empty line; `bad` for one that is neither. */
export function parseLine(line: string): SampleLine | 'bad' | undefined {
  const match = sample.exec(line)
  if (match === null) return /^[ \t]*(?:#|$)/.test(line) ? undefined : 'bad'
  const value = parseValue(match[2] ?? '')
  return value === undefined ? 'bad' : { series: match[1] ?? '', value }
}

const label = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"((?:[^"\\]|\\[^])*)"[ \t]*(,|$)/y

/** Name and labels of a series as `parseLine` gives it; `undefined` when its labels are none, or one comes twice. */
export function parseSeries(
  series: string,
): { readonly name: string; readonly labels: Readonly<Record<string, string>> } | undefined {
  const brace = series.indexOf('{')
  if (brace === -1) return { name: series.trim(), labels: {} }
  const name = series.slice(0, brace).trim()
  const inside = series.slice(brace + 1, series.lastIndexOf('}'))
  const labels = new Map<string, string>()
  for (let position = 0; position < inside.length && inside.slice(position).trim() !== '';) {
    label.lastIndex = position
    const match = label.exec(inside)
    const key = match?.[1]
    if (match === null || key === undefined || labels.has(key)) return undefined
    labels.set(key, unescape(match[2] ?? ''))
    position = label.lastIndex
  }
  return { name, labels: Object.fromEntries(labels) }
}

/** `\\`, `\"` and `\n`; a backslash before anything else stands for itself. */
const unescape = (text: string): string =>
  text.includes('\\')
    ? text.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    : text
