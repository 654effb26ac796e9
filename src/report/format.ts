/** Values as people write them, for charts, tables and texts. */
import { formatDuration } from '../base/duration.ts'

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const DECIMAL = ['', 'k', 'M', 'G', 'T', 'P']

/** Milliseconds in a unit of time; undefined for any other unit. */
export function millisecondsOf(unit: string): number | undefined {
  if (unit === 's' || unit === 'seconds') return 1000
  if (unit === 'ms') return 1
  if (unit === 'us') return 1e-3
  return unit === 'ns' ? 1e-6 : undefined
}

export const isBytes = (unit: string): boolean => /^(B|bytes)(\/s)?$/.test(unit)
export const isShare = (unit: string): boolean => unit === 'share' || unit === 'ratio' || unit === '1'

/** A value with its unit, three digits: `12.3ms`, `4.5 MiB/s`, `97.4 %`, `1.2 M objects`, `20 k/s`. */
export function formatValue(value: number, unit: string): string {
  if (!Number.isFinite(value)) return String(value)
  const milliseconds = millisecondsOf(unit)
  if (milliseconds !== undefined) return formatDuration(value * milliseconds)
  if (isBytes(unit)) return `${prefixed(value, 1024, BINARY)}${unit.endsWith('/s') ? '/s' : ''}`
  if (isShare(unit)) return `${Number((value * 100).toPrecision(3))} %`
  const number = prefixed(value, 1000, DECIMAL)
  return unit === '' || unit.startsWith('/') ? `${number}${unit}` : `${number} ${unit}`
}

function prefixed(value: number, base: number, prefixes: readonly string[]): string {
  let rest = Math.abs(value)
  let index = 0
  // Compared after rounding: 999,999 is 1 M, and not 1000 k.
  while (rounded(rest) >= base && index < prefixes.length - 1) {
    rest /= base
    index += 1
  }
  const prefix = prefixes[index] ?? ''
  return `${value < 0 ? '-' : ''}${rounded(rest)}${prefix === '' ? '' : ` ${prefix}`}`
}

/** Three digits; four for the thousand and some that binary prefixes leave. */
const rounded = (value: number): number => Number(value.toPrecision(value >= 1000 ? 4 : 3))

/** How sure a finding is; never rounded to a certainty that nobody has. */
export const formatConfidence = (confidence: number): string =>
  confidence >= 0.9995 ? 'over 99.9 % sure' : `${(confidence * 100).toFixed(1)} % sure`
