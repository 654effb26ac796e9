/** This host as a node: commands are child processes, files are files. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { startProcess } from '../base/process.ts'
import type { CommandOptions, Node } from '../plugin/node.ts'
import { localFiles } from './local-files.ts'

export interface LocalNodeOptions {
  /** Every process that the node starts carries it as QUARRY_RUN, so that a sweep finds it. */
  readonly run: string
  readonly group: string
  readonly ordinal: number
  /** A directory that exists. */
  readonly scratch: string
}

/** A node on this host. Commands run in its scratch directory unless they say otherwise. */
export function localNode({ run, group, ordinal, scratch }: LocalNodeOptions): Node {
  const start = (command: readonly string[], options: CommandOptions = {}): ReturnType<typeof startProcess> =>
    startProcess(command, { cwd: scratch, ...options, env: { ...options.env, QUARRY_RUN: run } })
  return {
    name: `${group}/${ordinal}`,
    group,
    ordinal,
    host: 'localhost',
    clockOffsetNs: 0,
    scratch,
    run: async (command, options) => {
      await using running = await start(command, options)
      return await running.done
    },
    spawn: start,
    readFile,
    writeFile: async (path, content) => {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
    },
    files: localFiles(),
  }
}
