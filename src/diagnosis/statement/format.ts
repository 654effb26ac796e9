/** Figures for people. */
import { formatDuration } from '../../base/duration.ts'

/** Nanoseconds as `12.4ms`. */
export const duration = (ns: number): string => formatDuration(ns / 1e6)

/** A share, 0 to 1, as `99.5 %`; never rounds to 0 or 100 what is not. */
export function percent(share: number): string {
  const value = share * 100
  if (value > 0 && value < 0.1) return 'under 0.1 %'
  if (value < 100 && value > 99.9) return 'over 99.9 %'
  return `${value >= 10 ? Number(value.toFixed(1)) : Number(value.toPrecision(2))} %`
}

/** A count with its thousands separated. */
export const count = (value: number): string =>
  Math.abs(value) >= 100 || Number.isInteger(value)
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)))

/** A ratio as `12.3 times`; huge ones rounded, infinite ones said in words. */
export function times(ratio: number): string {
  if (!Number.isFinite(ratio)) return 'from nothing'
  return `${ratio >= 100 ? count(ratio) : Number(ratio.toPrecision(3))} times`
}

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Bytes as `1.2 MiB`. */
export function bytes(value: number): string {
  let rest = Math.abs(value)
  let unit = 0
  while (rest >= 1024 && unit < BINARY.length - 1) {
    rest /= 1024
    unit++
  }
  return `${value < 0 ? '-' : ''}${Number(rest.toPrecision(3))} ${BINARY[unit]}`
}

/** A value in its unit. */
export function amount(value: number, unit: string): string {
  if (unit === 'ns') return duration(value)
  if (unit === 'seconds') return duration(value * 1e9)
  if (unit === 'bytes') return bytes(value)
  if (unit === 'bytes/s') return `${bytes(value)}/s`
  if (unit === 'share') return percent(value)
  return `${count(value)}${unit === '' ? '' : ` ${unit}`}`
}

/** A metric in plain words: without prefix, suffix and underscores, and with the process or device that it is about. */
export function metricInWords(metric: string, labels: Readonly<Record<string, string>> = {}): string {
  const words = metric
    .replace(/^(node|process)_/, '')
    .replace(/_total$/, '')
    .replace(/_(bytes|seconds|ratio)$/, '')
    .replaceAll('_', ' ')
  const { comm, pid, device } = labels
  const whose = comm === undefined ? '' : ` of ${plain(comm)}${pid === undefined ? '' : ` (pid ${pid})`}`
  return `${plain(words)}${whose}${device === undefined ? '' : ` of ${plain(device)}`}`
}

/** `thread 5 (worker) of server`, without the name where it is that of the process. */
export const threadName = (tid: number, comm: string, process: string): string =>
  `thread ${tid}${comm === process ? '' : ` (${plain(comm)})`} of ${plain(process)}`

/** `a, b and c`. */
export function list(parts: readonly string[]): string {
  if (parts.length <= 1) return parts.join('')
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/** What is shown of hostile text: one line, without control characters, cut at `limit`. */
export function plain(text: string, limit = 120): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()
  return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean
}

/** With a capital first letter. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
