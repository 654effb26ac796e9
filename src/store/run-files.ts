/**
 * Small files of a run, written so that a process killed at any moment leaves files that can be read, and so that a
 * full disk costs evidence, not the record of what was seen.
 */
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

/** Space kept back in pieces, given free one by one: others that fill the disk take each as soon as it is there. */
const RESERVES = ['.reserve-1', '.reserve-2', '.reserve-3', '.reserve-4']
const RESERVE_BYTES = 512 * 1024

export interface RunFiles {
  /** Replaces a text file in one step. */
  write(name: string, text: string): void
  /** Appends a JSON line. */
  append(name: string, line: unknown): void
}

/** Keeps space back. Throws when there is none, or the directory cannot be written. */
export function reserveSpace(directory: string): void {
  // Not zeros, which some file systems compress to nothing.
  for (const name of RESERVES) writeFileSync(join(directory, name), randomBytes(RESERVE_BYTES))
}

/** Gives the space back that a run which has ended needs no more. */
export function releaseSpace(directory: string): void {
  for (const name of RESERVES) rmSync(join(directory, name), { force: true })
}

const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')

/**
 * Files of a run directory. What the file system refuses in spite of the space kept back stays as it was before, and
 * `onRefused` is told why, each time. All text goes through `mask`.
 */
export function runFiles(
  directory: string,
  onRefused: (error: unknown) => void,
  mask: (text: string) => string = (text) => text,
): RunFiles {
  let left = RESERVES
  const insist = (action: () => void): void => {
    for (;;) {
      try {
        action()
        return
      } catch (error) {
        const [next, ...others] = left
        if (isFull(error) && next !== undefined) {
          left = others
          rmSync(join(directory, next), { force: true })
          if (left.length === RESERVES.length - 1) onRefused(error)
        } else {
          onRefused(error)
          return
        }
      }
    }
  }
  return {
    write: (name, text) =>
      insist(() => {
        const part = join(directory, `.${name}.part`)
        writeFileSync(part, mask(text))
        renameSync(part, join(directory, name))
      }),
    append: (name, line) =>
      insist(() => appendFileSync(join(directory, name), mask(`${JSON.stringify(line)}\n`))),
  }
}
