/** One Parquet file being written: nobody sees it under its own name before it is whole and on disk. */
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Column } from '../model/tables.ts'
import { diskError } from './disk-error.ts'
import { footer, MAGIC, type RowGroup } from './parquet.ts'
import type { ThriftValue } from './thrift.ts'

export class Part {
  readonly #path: string
  readonly #columns: readonly (readonly [name: string, column: Column])[]
  readonly #descriptions: ThriftValue[] = []
  #file: Promise<FileHandle> | undefined
  #offset = MAGIC.length
  #rows = 0

  constructor(path: string, columns: readonly (readonly [name: string, column: Column])[]) {
    this.#path = path
    this.#columns = columns
  }

  get rows(): number {
    return this.#rows
  }

  /** Appends a row group. Calls may overlap: each group takes its place in the file at once. */
  async write(group: RowGroup): Promise<void> {
    const offset = this.#offset
    this.#offset += group.length
    this.#rows += group.rows
    this.#descriptions.push(group.describe(offset))
    const file = await (this.#file ??= this.#create())
    await writeAll(file, group.bytes, offset)
  }

  /** Ends the file and gives it its name; all writes must have been awaited. */
  async commit(): Promise<void> {
    const file = await (this.#file ??= this.#create())
    const end = footer(this.#columns, this.#descriptions, this.#rows)
    await writeAll(file, [MAGIC], 0)
    await writeAll(file, [end], this.#offset)
    await file.datasync()
    await file.close()
    this.#file = undefined
    await rename(this.#temporary, this.#path)
    await syncDirectory(dirname(this.#path))
  }

  /** Gives up: removes what was written. Never rejects. */
  async discard(): Promise<void> {
    try {
      await (await this.#file)?.close()
    } catch {
      // It could not be opened or closed; the error that led here is the one to report.
    }
    await rm(this.#temporary, { force: true }).catch(() => {})
  }

  get #temporary(): string {
    return `${this.#path}.tmp`
  }

  async #create(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true })
    return open(this.#temporary, 'wx', 0o644)
  }
}

async function writeAll(file: FileHandle, buffers: readonly Buffer[], position: number): Promise<void> {
  const bytes = buffers.length === 1 && buffers[0] !== undefined ? buffers[0] : Buffer.concat(buffers)
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

// So that the new name survives a power cut. Some file systems refuse it; the file itself is safe by then.
async function syncDirectory(directory: string): Promise<void> {
  try {
    await using handle = await open(directory, 'r')
    await handle.sync()
  } catch (error) {
    const mapped = diskError(error, `record a new file in ${directory}`)
    if ('code' in mapped && mapped.code === 'QUARRY_DISK_EIO') throw mapped
  }
}
