/** One log file for each module, `logs/<module>.log`, bounded so that a chatty workload cannot fill the disk. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { diskError } from '../evidence/disk-error.ts'
import type { RunDirectory } from '../store/run-directory.ts'

const LIMIT_BYTES = 64 * 1024 * 1024

export interface ModuleLogs extends Disposable {
  write(module: string, line: string): void
}

/** Opens a file at the first line of each module. A log that cannot be written ends there; `onFailure` is told why. */
export function openModuleLogs(directory: RunDirectory, onFailure: (error: Error) => void): ModuleLogs {
  const files = new Map<string, LogFile>()
  const open = (module: string): LogFile => {
    // A module alias may hold any character that is no blank.
    const name = `${module.replaceAll(/[^\w.-]/g, '_')}.log`
    const file = { fd: null, bytes: 0, ended: false }
    files.set(module, file)
    return Object.assign(file, { fd: openSync(directory.file('logs', name), 'a') })
  }
  return {
    write: (module, line) => {
      try {
        const file = files.get(module) ?? open(module)
        if (file.fd === null || file.ended) return
        file.bytes += writeSync(file.fd, `${line}\n`)
        if (file.bytes <= LIMIT_BYTES) return
        file.ended = true
        writeSync(file.fd, `... cut here: the log of ${module} is over 64 MiB\n`)
      } catch (error) {
        const file = files.get(module)
        if (file !== undefined) file.ended = true
        onFailure(diskError(error, `write the log of module ${module}`))
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
