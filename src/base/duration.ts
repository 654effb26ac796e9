/** Durations as people write them: `0`, `500ms`, `10 s`, `2m`, `4 hours`. Inside the program they are milliseconds. */

const MILLISECONDS = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  nanoseconds: 1e-6,
  microseconds: 1e-3,
  milliseconds: 1,
  seconds: 1000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
} as const

type Unit = keyof typeof MILLISECONDS

const isUnit = (text: string): text is Unit => Object.hasOwn(MILLISECONDS, text)

/** Milliseconds of a written duration, or `undefined` when it is not one. No fractions, no compounds. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase()
  if (trimmed === '0') return 0
  const match = /^(\d+)\s*([a-z]+)$/.exec(trimmed)
  const unit = match?.[2]
  if (match === null || unit === undefined || !isUnit(unit)) return undefined
  return Number(match[1]) * MILLISECONDS[unit]
}

const STEPS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** A duration for people: `1h 2m 3s`, `12.4s`, `340ms`, `12.1us`. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return String(milliseconds)
  if (milliseconds < 0) return `-${formatDuration(-milliseconds)}`
  if (milliseconds === 0) return '0s'
  if (milliseconds < 1e-3) return `${trim(milliseconds * 1e6)}ns`
  if (milliseconds < 1) return `${trim(milliseconds * 1e3)}us`
  if (milliseconds < 1000) return `${trim(milliseconds)}ms`
  if (milliseconds < 60_000) return `${trim(milliseconds / 1000)}s`
  let rest = Math.round(milliseconds / 1000) * 1000
  const parts: string[] = []
  for (const [unit, size] of STEPS) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.slice(0, 2).join(' ')
}

const trim = (value: number): string => String(Number(value.toPrecision(3)))
