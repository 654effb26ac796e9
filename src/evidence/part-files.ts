/** The Parquet parts of a run, as they lie on disk. */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../base/errors.ts'
import type { TableName } from '../model/tables.ts'
import { MAGIC } from './parquet.ts'

/** A part that cannot be read, and why. */
export interface Unreadable {
  readonly file: string
  readonly why: string
}

/** Directory in which the parts of a table lie. */
export const tableDirectory = (runDirectory: string, table: TableName): string =>
  table === 'samples' ? join(runDirectory, 'metrics') : join(runDirectory, 'evidence', table)

/** Parts in a directory, in the order in which they were begun. A directory that does not exist has none. */
export async function findParts(
  directory: string,
): Promise<{ readonly files: readonly string[]; readonly unreadable: readonly Unreadable[] }> {
  let names: string[]
  try {
    names = await readdir(directory)
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return { files: [], unreadable: absent ? [] : [{ file: directory, why: messageOf(error) }] }
  }
  const files: string[] = []
  const unreadable: Unreadable[] = []
  for (const name of names.filter((candidate) => candidate.endsWith('.parquet')).toSorted()) {
    const file = join(directory, name)
    const why = await defectOf(file)
    if (why === undefined) files.push(file)
    else unreadable.push({ file, why })
  }
  return { files, unreadable }
}

// Cheap: head and tail only. What is wrong inside shows when it is read.
async function defectOf(file: string): Promise<string | undefined> {
  try {
    await using handle = await open(file, 'r')
    const stat = await handle.stat()
    if (!stat.isFile()) return 'it is not a file'
    if (stat.size < 12) return 'it is too short to be a Parquet file'
    const head = Buffer.alloc(4)
    const tail = Buffer.alloc(8)
    await handle.read(head, 0, 4, 0)
    await handle.read(tail, 0, 8, stat.size - 8)
    const marked = head.equals(MAGIC) && tail.subarray(4).equals(MAGIC)
    if (!marked) return 'it does not begin and end as a Parquet file does'
    if (tail.readUInt32LE(0) > stat.size - 12) return 'its footer is longer than the file'
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
