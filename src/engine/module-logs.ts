/** One log file for each module, `logs/<module>.log`, bounded so that a chatty workload cannot fill the disk. */
import { closeSync, openSync, writeSync } from 'node:fs'
import type { RunDirectory } from '../store/run-directory.ts'

const LIMIT_BYTES = 64 * 1024 * 1024

export interface ModuleLogs extends Disposable {
  write(module: string, line: string): void
}

/** Opens a file at the first line of each module. */
export function openModuleLogs(directory: RunDirectory): ModuleLogs {
  const files = new Map<string, { fd: number; bytes: number }>()
  return {
    write: (module, line) => {
      let file = files.get(module)
      if (file === undefined) {
        // A module alias may hold any character that is no blank.
        const name = `${module.replaceAll(/[^\w.-]/g, '_')}.log`
        file = { fd: openSync(directory.file('logs', name), 'a'), bytes: 0 }
        files.set(module, file)
      }
      if (file.bytes > LIMIT_BYTES) return
      file.bytes += writeSync(file.fd, `${line}\n`)
      if (file.bytes > LIMIT_BYTES) writeSync(file.fd, `... cut here: the log of ${module} is over 64 MiB\n`)
    },
    [Symbol.dispose]: () => {
      for (const { fd } of files.values()) closeSync(fd)
      files.clear()
    },
  }
}
