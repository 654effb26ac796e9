/** One side of a comparison: which rows of which run are the sick ones, or the healthy ones. */
import { formatDuration, parseDuration } from '../base/duration.ts'
import { UserError } from '../base/errors.ts'
import { openEvidence } from '../evidence/query.ts'
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
  if (run !== undefined && !Number.isNaN(side.from) && !Number.isNaN(side.to)) {
    if (side.from === null || side.to === null || side.from < side.to) return side
    throw new UserError(`${text}: the window ends before it begins`, {
      remedy: `${text.slice(0, text.indexOf('~'))}~${to}..${from}, or another window that is not empty`,
    })
  }
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
  const ended = await endOf(record, directory)
  const base = { directory, record, captures, node: nodeOf(words, record) }
  if (words.from !== null && words.to !== null) {
    const at = (milliseconds: number): bigint => began + BigInt(Math.round(milliseconds * 1e6))
    const from = at(words.from)
    if (from < ended) return { ...base, from, to: at(words.to) < ended ? at(words.to) : ended }
    const lasted = formatDuration(Number(ended - began) / 1e6)
    throw new UserError(`run ${record.id} was over before ${formatDuration(words.from)}`, {
      remedy: `it lasted ${lasted}: name a window within that`,
    })
  }
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
  if (preferred.length > 0) return preferred
  // What `quarry capture` took is of either role. Where a symptom showed, a capture of the other role is the other side.
  return record.symptoms.length === 0 ? record.captures.slice(0, 1) : []
}

function nodeOf({ node }: SideWords, record: RunRecord): string | null {
  if (node === null || record.nodes.some(({ name, host }) => name === node || host === node)) return node
  throw new UserError(`run ${record.id} has no node ${node}`, {
    remedy: `it has ${record.nodes.map(({ name }) => name).join(', ')}`,
  })
}

/** When the run ended; when it was last observed, of a run that was killed or still goes on. */
async function endOf(record: RunRecord, directory: string): Promise<bigint> {
  const last = record.states.at(-1)
  const entered = BigInt(last?.at ?? 0)
  if (last?.state === 'ended') return entered
  await using evidence = await openEvidence(directory)
  const [row] = await evidence.rows<{ seen: bigint | null }>('SELECT max(ts) AS seen FROM samples')
  const seen = row?.seen ?? entered
  return seen > entered ? seen : entered
}
