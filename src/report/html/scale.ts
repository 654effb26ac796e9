/** Axes: from values to pixels, with round ticks, and values as people write them. */
import { formatDuration } from '../../base/duration.ts'

export interface Scale {
  (value: number): number
  readonly ticks: readonly number[]
}

/** Linear scale from [low, high] to pixels, with about `count` ticks at 1, 2 or 5 times a power of ten. */
export function linear(low: number, high: number, from: number, to: number, count: number): Scale {
  const span = high > low ? high - low : 1
  const raw = span / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = power * ([1, 2, 5, 10].find((multiple) => raw <= multiple * power) ?? 10)
  const ticks: number[] = []
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step)
    ticks.push(Number(at.toPrecision(12)))
  return Object.assign((value: number) => from + ((value - low) / span) * (to - from), { ticks })
}

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
const DECIMAL = ['', 'k', 'M', 'G', 'T']

/** A value with its unit, three digits: `12.3 ms`, `4.5 MiB`, `1.2 M objects`. */
export function formatValue(value: number, unit: string): string {
  if (!Number.isFinite(value)) return String(value)
  if (unit === 's' || unit === 'seconds') return formatDuration(value * 1000)
  if (unit === 'ns') return formatDuration(value / 1e6)
  if (unit === 'ms') return formatDuration(value)
  const bytes = /^(B|bytes)(.*)$/.exec(unit)
  if (bytes !== null) return `${prefixed(value, 1024, BINARY)}${bytes[2] ?? ''}`
  if (unit === 'ratio' || unit === '1') return `${Number((value * 100).toPrecision(3))} %`
  const number = prefixed(value, 1000, DECIMAL)
  return unit === '' ? number : `${number} ${unit}`
}

function prefixed(value: number, base: number, prefixes: readonly string[]): string {
  let rest = Math.abs(value)
  let index = 0
  while (rest >= base && index < prefixes.length - 1) {
    rest /= base
    index += 1
  }
  const prefix = prefixes[index] ?? ''
  return `${value < 0 ? '-' : ''}${Number(rest.toPrecision(3))}${prefix === '' ? '' : ` ${prefix}`}`
}
