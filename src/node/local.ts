/** This host as a node: commands are child processes, files are files. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { startProcess } from '../base/process.ts'
import type { CommandOptions, FileView, Node, NodeNetwork } from '../plugin/node.ts'
import { localFiles } from './local-files.ts'

export interface LocalNodeOptions {
  /** Every process that the node starts carries it as QUARRY_RUN, so that a sweep finds it. */
  readonly run: string
  readonly group: string
  readonly ordinal: number
  /** A directory that exists. */
  readonly scratch: string
  /** Another one; the scratch directory when left out. */
  readonly artifacts?: string
  /** Loopback unless the node has a network of its own. */
  readonly address?: string
  /** A network of its own, where it has one. */
  readonly network?: NodeNetwork
  /** Small files as the node sees them; those of this host when left out. */
  readonly files?: FileView
  /** Environment of all its commands. */
  readonly env?: Readonly<Record<string, string>>
  /** Words put in front of a command to run it in a directory of the node, such as those that enter a namespace. */
  readonly enter?: (directory: string) => readonly string[]
}

/** A node on this host. Commands run in its scratch directory unless they say otherwise. */
export function localNode({
  run,
  group,
  ordinal,
  scratch,
  artifacts = scratch,
  address = '127.0.0.1',
  network,
  files = localFiles(),
  env = {},
  enter = () => [],
}: LocalNodeOptions): Node {
  const start = (command: readonly string[], options: CommandOptions = {}): ReturnType<typeof startProcess> =>
    startProcess([...enter(options.cwd ?? scratch), ...command], {
      cwd: scratch,
      ...options,
      env: { ...env, ...options.env, QUARRY_RUN: run },
    })
  const copy = async (from: string, to: string): Promise<void> => {
    if (resolve(from) !== resolve(to)) await cp(from, to, { recursive: true, verbatimSymlinks: true })
  }
  return {
    name: `${group}/${ordinal}`,
    group,
    ordinal,
    host: 'localhost',
    clockOffsetNs: 0,
    address,
    ...(network === undefined ? {} : { network }),
    scratch,
    artifacts,
    // Not disposed of: what it left in the background shall go on.
    run: async (command, options) => await (await start(command, options)).done,
    spawn: start,
    readFile,
    writeFile: async (path, content) => {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content)
    },
    upload: copy,
    download: copy,
    files,
  }
}
