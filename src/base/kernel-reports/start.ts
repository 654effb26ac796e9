/** First lines of reports: what they look like, and what is in them. */
import type { ReportKind } from './report.ts'

/**
 * Where the function of a report stands: in the register dump, else in the stack behind it (`registers`); in the first stack
 * (`stack`); behind a lock, else in the first stack (`lock`); nowhere, and the report is one line (`none`).
 */
export type Seek = 'registers' | 'stack' | 'lock' | 'none'

/** What a first line says. */
export interface Head {
  readonly title: string
  readonly function?: string | undefined
  readonly cpu?: number
  readonly pid?: number
  readonly comm?: string | undefined
  /** Named in the title, so that no function of the stack is. */
  readonly closed?: true
}

export interface Start {
  readonly kind: ReportKind
  readonly pattern: RegExp
  /** Of the groups; `cut` when the end of the line is missing. */
  readonly head: (groups: readonly (string | undefined)[], cut: boolean) => Head
  readonly seek: Seek
  /** Kinds whose reports have this line in their middle. */
  readonly within?: readonly ReportKind[]
  /** More lines come, though no function does. */
  readonly long?: true
}

/** A first line that always says the same. */
export const titled = (title: string) => (): Head => ({ title })
/** A group of digits as a number. */
export const number = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text)

/** Leaves out keys that are not known. */
export function head(
  title: string,
  about: { cpu?: number | undefined; pid?: number | undefined; comm?: string | undefined },
): Head {
  return {
    title,
    comm: about.comm,
    ...(about.cpu === undefined ? {} : { cpu: about.cpu }),
    ...(about.pid === undefined ? {} : { pid: about.pid }),
  }
}

/** Free text without what varies: addresses, numbers, names in brackets. */
export const masked = (text: string): string =>
  text
    .slice(0, 200)
    .replace(/\b(?:0x)?[0-9a-f]{8,16}\b|\b0x[0-9a-f]+\b/gi, '#')
    .replace(/#?\d+/g, '#')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 120)

/** Name of a task, as a pattern. */
export const COMM = String.raw`(.{1,15}?)`
/** Name of a function before its offset, as a pattern. */
export const SYMBOL = String.raw`([A-Za-z_][\w.]*)\+0x`
