/** One log file for each component that writes one, `logs/<name>.log`, bounded so that a chatty one cannot fill the disk. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { diskError } from '../evidence/disk-error.ts'
import { fileNameOf } from '../base/file-name.ts'
import type { RunDirectory } from '../store/run-directory.ts'

const LIMIT_BYTES = 64 * 1024 * 1024

export interface Logs extends Disposable {
  write(name: string, line: string): void
}

/** Opens a file at the first line of each. A log that cannot be written ends there; `onFailure` is told why. */
export function openLogs(directory: RunDirectory, onFailure: (error: Error) => void): Logs {
  const files = new Map<string, LogFile>()
  const open = (owner: string): LogFile => {
    // The alias of a module may hold any character that is no blank.
    const name = `${fileNameOf(owner)}.log`
    const file = { fd: null, bytes: 0, ended: false }
    files.set(owner, file)
    return Object.assign(file, { fd: openSync(directory.file('logs', name), 'a') })
  }
  return {
    write: (name, line) => {
      try {
        const file = files.get(name) ?? open(name)
        if (file.fd === null || file.ended) return
        file.bytes += writeSync(file.fd, `${line}\n`)
        if (file.bytes <= LIMIT_BYTES) return
        file.ended = true
        writeSync(file.fd, `... cut here: the log of ${name} is over 64 MiB\n`)
      } catch (error) {
        const file = files.get(name)
        if (file !== undefined) file.ended = true
        onFailure(diskError(error, `write the log of ${name}`))
      }
    },
    [Symbol.dispose]: () => {
      for (const { fd } of files.values()) if (fd !== null) closeSync(fd)
      files.clear()
    },
  }
}

interface LogFile {
  readonly fd: number | null
  bytes: number
  ended: boolean
}
