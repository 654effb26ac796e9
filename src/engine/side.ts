/** One side of a comparison: which rows of which run are the sick ones, or the healthy ones. */
import { parseDuration } from '../base/duration.ts'
import { UserError } from '../base/errors.ts'
import type { CaptureRecord, RunRecord } from '../model/run.ts'
import { readRunRecord } from '../store/run-directory.ts'

export interface Side {
  readonly directory: string
  readonly record: RunRecord
  readonly captures: readonly CaptureRecord[]
  readonly node: string | null
  /** Stretch of continuous observation, ns since the epoch. */
  readonly from: bigint
  readonly to: bigint
}

export interface SideWords {
  /** Run directory, or a word that names one. */
  readonly run: string
  readonly capture: string | null
  readonly node: string | null
  readonly from: number | null
  readonly to: number | null
}

/** `RUN[#capture][@node][~from..to]`, times since the run began: `last#sick-1`, `last~0s..20s`, `last@server/1`. */
export function parseSide(text: string): SideWords {
  const match =
    /^(?<run>[^#~]+?)(?:#(?<capture>[\w.-]+))?(?:@(?<node>[\w.-]+\/\d+))?(?:~(?<from>\w+)\.\.(?<to>\w+))?$/.exec(
      text,
    )
  const { run, capture = null, node = null, from, to } = match?.groups ?? {}
  const milliseconds = (word: string | undefined): number | null =>
    word === undefined ? null : (parseDuration(word) ?? Number.NaN)
  const side = { run: run ?? '', capture, node, from: milliseconds(from), to: milliseconds(to) }
  if (run !== undefined && !Number.isNaN(side.from) && !Number.isNaN(side.to)) return side
  throw new UserError(`${text} names no side of a comparison`, {
    remedy: 'RUN, RUN#CAPTURE, RUN@GROUP/N or RUN~FROM..TO, such as last#sick-1 or last~0s..20s',
  })
}

/** Resolves the words against a run directory. Without a capture or a window the role decides what is taken. */
export async function openSide(
  words: SideWords,
  directory: string,
  role: 'sick' | 'reference',
): Promise<Side> {
  const record = await readRunRecord(directory)
  const captures = capturesOf(words, record, role)
  const began = BigInt(record.states[0]?.at ?? 0)
  const ended = BigInt(record.states.at(-1)?.at ?? 0)
  const at = (milliseconds: number): bigint => began + BigInt(Math.round(milliseconds * 1e6))
  const base = { directory, record, captures, node: words.node }
  if (words.from !== null && words.to !== null) return { ...base, from: at(words.from), to: at(words.to) }
  const [capture] = captures
  if (words.capture !== null && capture !== undefined) {
    return { ...base, from: BigInt(capture.from), to: BigInt(capture.to ?? ended) }
  }
  const [symptom] = record.symptoms
  if (symptom === undefined) return { ...base, from: began, to: ended }
  return role === 'sick'
    ? { ...base, from: BigInt(symptom.from), to: BigInt(symptom.to ?? ended) }
    : { ...base, from: began, to: BigInt(symptom.from) }
}

function capturesOf(
  words: SideWords,
  record: RunRecord,
  role: 'sick' | 'reference',
): readonly CaptureRecord[] {
  if (words.capture !== null) {
    const found = record.captures.find(({ id }) => id === words.capture)
    if (found !== undefined) return [found]
    const known = record.captures.map(({ id }) => id).join(', ')
    throw new UserError(`run ${record.id} has no capture ${words.capture}`, {
      remedy: known === '' ? 'it captured nothing' : `it has ${known}`,
    })
  }
  if (words.from !== null) return []
  const preferred = record.captures.filter((capture) => capture.role === role)
  return preferred.length > 0 ? preferred : record.captures.slice(0, 1)
}
