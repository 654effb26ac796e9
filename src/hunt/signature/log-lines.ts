/** The templates of what the programs of a run logged: those of complaints, and those of all other lines. */
import { readdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { templateOf } from './template.ts'

/** Enough for the end of every log, where a failure is; a run is read in well below a second. */
const MOST_BYTES = 2 * 1024 * 1024
const MOST_BYTES_OF_A_FILE = 256 * 1024
const MOST_FILES = 100
const MOST_TEMPLATES = 200

const LOG_FILE = /\.(?:log|txt|out|err)(?:\.\d{1,3})?$/i

const COMPLAINT =
  /\b(?:warn(?:ing)?|err(?:or)?|errno|fatal|severe|crit(?:ical)?|alert|emerg|panic(?:ked)?|fail(?:s|ed|ure|ing)?|exception|caused by|traceback|assert(?:ion)?|abort(?:ed|ing)?|corrupt(?:ed|ion)?|mismatch|invalid|timed out|timeout|denied|refused|reset by|broken pipe|segfault|sig(?:segv|abrt|bus|kill)|cannot|can't|could not|unable|no such|no space|out of memory|overflow|deadlock|stuck|hung|lost|dropped|unexpected)\b/i

export interface LogLines {
  /** Template to the first line that has it, as it was written. */
  readonly complaints: ReadonlyMap<string, string>
  readonly others: ReadonlyMap<string, string>
}

/** Whether a line says that something is wrong. */
export const isComplaint = (line: string): boolean => COMPLAINT.test(line)

/** Reads the ends of the logs of a run directory. `clean` takes out what is this run's own, such as its id. */
export async function logLines(directory: string, clean: (text: string) => string): Promise<LogLines> {
  const complaints = new Map<string, string>()
  const others = new Map<string, string>()
  let left = MOST_BYTES
  for (const file of await logFiles(directory)) {
    const text = await endOf(file, Math.min(left, MOST_BYTES_OF_A_FILE))
    left -= text.length
    for (const line of text.split('\n')) {
      const template = templateOf(clean(line.slice(0, 2000)))
      if (template === '') continue
      const lines = isComplaint(template) ? complaints : others
      if (!lines.has(template)) lines.set(template, line)
    }
    if (left <= 0) break
  }
  return { complaints: sampled(complaints), others: sampled(others) }
}

/** Files by their names alone, so that they are the same ones in every run; links are not followed. */
async function logFiles(directory: string): Promise<string[]> {
  const files: string[] = []
  for (const folder of ['logs', 'nodes']) {
    const entries = await readdir(join(directory, folder), { recursive: true, withFileTypes: true }).catch(
      () => [],
    )
    for (const entry of entries) {
      if (entry.isFile() && LOG_FILE.test(entry.name)) files.push(join(entry.parentPath, entry.name))
    }
  }
  return files.toSorted().slice(0, MOST_FILES)
}

/** The last bytes of a file, from the beginning of a line; the empty text when it cannot be read. */
async function endOf(file: string, bytes: number): Promise<string> {
  try {
    await using handle = await open(file)
    const { size } = await handle.stat()
    const from = Math.max(0, size - bytes)
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(size, bytes)), { position: from })
    const text = buffer.toString('utf8', 0, bytesRead)
    return from === 0 ? text : text.slice(text.indexOf('\n') + 1)
  } catch {
    return ''
  }
}

/**
 * At most so many templates. Those with the smallest hashes, so that two runs that share templates also share those that are
 * kept (bottom-k sampling; Broder, On the Resemblance and Containment of Documents, 1997).
 */
function sampled(lines: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  if (lines.size <= MOST_TEMPLATES) return lines
  const hashed = [...lines].map(([template, line]) => ({ template, line, hash: hashOf(template) }))
  const kept = hashed.toSorted((a, b) => a.hash - b.hash).slice(0, MOST_TEMPLATES)
  return new Map(kept.map(({ template, line }) => [template, line]))
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
