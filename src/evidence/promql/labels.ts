/** Label sets: keys that tell them apart, and the changes that PromQL makes to them. */
import type { Labels } from '../../model/series.ts'

export const metricName = '__name__'

/** Value of a label; a label that is missing is empty. */
export const labelValue = (labels: Labels, name: string): string =>
  Object.hasOwn(labels, name) ? (labels[name] ?? '') : ''

const isSorted = (names: readonly string[]): boolean =>
  names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name)

/** Names in code point order; those of a stored series are in it already. */
function sortedNames(labels: Labels): readonly string[] {
  const names = Object.keys(labels)
  return isSorted(names) ? names : names.toSorted()
}

/** A label set without empty values. Names such as `__proto__` are data like any other. */
export function labelsOf(entries: Iterable<readonly [name: string, value: string]>): Labels {
  const kept = [...new Map(entries)].filter(([, value]) => value !== '')
  return Object.fromEntries(isSorted(kept.map(([name]) => name)) ? kept : kept.toSorted(byName))
}

const byName = (a: readonly [string, string], b: readonly [string, string]): number => (a[0] < b[0] ? -1 : 1)

export const noLabels: Labels = labelsOf([])

// Series keep their label objects, so what is derived from one is computed once for all evaluations.
const keys = new WeakMap<Labels, string>()
const nameless = new WeakMap<Labels, Labels>()

/** Lengths keep values apart whatever characters they hold. */
const part = (name: string, value: string): string => `${name}=${value.length}:${value},`

/** The same text for equal label sets, and for no others. */
export function labelsKey(labels: Labels): string {
  const known = keys.get(labels)
  if (known !== undefined) return known
  let key = ''
  for (const name of sortedNames(labels)) {
    const value = labelValue(labels, name)
    if (value !== '') key += part(name, value)
  }
  keys.set(labels, key)
  return key
}

/** Key of the named labels only; `names` in any fixed order. */
export function keyOn(labels: Labels, names: readonly string[]): string {
  let key = ''
  for (const name of names) {
    const value = labelValue(labels, name)
    key += `${value.length}:${value},`
  }
  return key
}

/** Key of all labels but the named ones and the metric name. */
export function keyWithout(labels: Labels, names: readonly string[]): string {
  if (names.length === 0) return labelsKey(withoutName(labels))
  let key = ''
  for (const name of sortedNames(labels)) {
    const value = labelValue(labels, name)
    if (name !== metricName && value !== '' && !names.includes(name)) key += part(name, value)
  }
  return key
}

/** The labels without the metric name. */
export function withoutName(labels: Labels): Labels {
  if (!Object.hasOwn(labels, metricName)) return labels
  const known = nameless.get(labels)
  if (known !== undefined) return known
  const rest = dropLabels(labels, [metricName])
  nameless.set(labels, rest)
  return rest
}

/** The labels without the named ones. */
export const dropLabels = (labels: Labels, names: readonly string[]): Labels =>
  labelsOf(Object.entries(labels).filter(([name]) => !names.includes(name)))

/** The named labels only. */
export const keepLabels = (labels: Labels, names: readonly string[]): Labels =>
  labelsOf(Object.entries(labels).filter(([name]) => names.includes(name)))

/** The labels with one set; an empty value removes it. */
export const withLabel = (labels: Labels, name: string, value: string): Labels =>
  labelsOf([...Object.entries(labels), [name, value]])

/** `{a="b", c="d"}` for people. */
export const formatLabels = (labels: Labels): string =>
  `{${sortedNames(labels)
    .map((name) => `${name}=${JSON.stringify(labelValue(labels, name))}`)
    .join(', ')}}`
