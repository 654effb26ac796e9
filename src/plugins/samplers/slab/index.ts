/** Objects of every slab cache, and how many dentries, inodes and open files there are. */
import { z } from 'zod'
import { Roster } from '../../../base/roster.ts'
import { TextScanner } from '../../../base/scan.ts'
import { defineSampler } from '../../../plugin/define.ts'
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, Sampler, SeriesHandle } from '../../../plugin/sampler.ts'
import { gauge } from '../declare.ts'
import { writeNext } from '../write.ts'

/** Fields of a line of /proc/slabinfo after the name, in order (slabinfo(5), version 2.1). */
const columns = ['active_objects', 'objects', 'object_size_bytes'] as const
/** Lines before the first cache. */
const HEADER_LINES = 2

/** Numbers of small files of /proc/sys/fs by their position; Documentation/admin-guide/sysctl/fs.rst has their meaning. */
const states = [
  ['dentry-state', 0, 'node_dentry_total', 'dentries, used and unused'],
  ['dentry-state', 1, 'node_dentry_unused', 'dentries that nobody uses, negative ones among them'],
  ['dentry-state', 4, 'node_dentry_negative', 'unused dentries of names that do not exist'],
  ['inode-state', 0, 'node_inode_total', 'inodes, used and free'],
  ['inode-state', 1, 'node_inode_free', 'inodes that are free'],
  ['file-nr', 0, 'node_filefd_allocated', 'open files'],
  ['file-nr', 2, 'node_filefd_maximum', 'most files that can be open'],
] as const

export default defineSampler({
  id: 'slab',
  summary: 'Objects and sizes of slab caches; dentries, negative dentries, inodes, open files',
  needs: [{ type: 'file', path: '/proc/slabinfo', remedy: 'run as root' }],
  properties: z.strictObject({}),
  metrics: [
    gauge('node_slabinfo_active_objects', '', 'objects in use', ['slab']),
    gauge('node_slabinfo_objects', '', 'objects allocated, in use or not', ['slab']),
    gauge('node_slabinfo_object_size_bytes', 'bytes', 'size of one object', ['slab']),
    ...states.map(([, , name, help]) => gauge(name, '', help)),
  ],
  open: ({ sink }) => new SlabSampler(sink),
})

class SlabSampler implements Sampler {
  readonly #scanner = new TextScanner()
  readonly #slabs: Roster<readonly SeriesHandle[]>
  readonly #states: readonly { path: string; position: number; handle: SeriesHandle }[]

  constructor(sink: SampleSink) {
    this.#slabs = new Roster<readonly SeriesHandle[]>(
      (slab) => columns.map((column) => sink.series(`node_slabinfo_${column}`, { slab })),
      (handles) => handles.forEach((handle) => sink.forget(handle)),
    )
    this.#states = states.map(([file, position, name]) => ({
      path: `/proc/sys/fs/${file}`,
      position,
      handle: sink.series(name),
    }))
  }

  sample(files: FileView): void {
    const slabs = files.text('/proc/slabinfo')
    if (slabs !== undefined) this.#readSlabs(slabs)
    let read = ''
    const scanner = this.#scanner
    for (const { path, position, handle } of this.#states) {
      if (path !== read) {
        scanner.read(files.text(path) ?? '')
        read = path
      }
      scanner.at = 0
      scanner.skip(position)
      writeNext(handle, scanner)
    }
  }

  #readSlabs(text: string): void {
    const scanner = this.#scanner
    scanner.read(text)
    for (let line = 0; line < HEADER_LINES; line++) scanner.nextLine()
    this.#slabs.begin()
    while (scanner.more()) {
      for (const handle of this.#slabs.take(scanner)) writeNext(handle, scanner)
      scanner.nextLine()
    }
    this.#slabs.end()
  }
}
