/** `/proc/slabinfo` to rows of `slabs`, and the states of dentry and inode caches to samples. */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { dumpParser } from '../../../plugin/file-dump.ts'

/** Metric of each field, named as the `slab` sampler names it (Documentation/admin-guide/sysctl/fs.rst). */
const STATES: Readonly<Record<string, readonly (readonly [field: number, metric: string])[]>> = {
  '/proc/sys/fs/dentry-state': [
    [0, 'node_dentry_total'],
    [1, 'node_dentry_unused'],
    // Dentries of names that do not exist; always 0 before Linux 5.0.
    [4, 'node_dentry_negative'],
  ],
  '/proc/sys/fs/inode-state': [
    [0, 'node_inode_total'],
    [1, 'node_inode_free'],
  ],
}

/** A longer line is none of the kernel's. */
const LONGEST_LINE = 1000

/** Parses a dump of `slabFiles`. */
export function slabParser(rows: RowSink): Parser {
  return dumpParser(rows, (sink) => ({
    file(path, text) {
      if (path === '/proc/slabinfo') return readSlabs(sink, text)
      const fields = text.trim().split(/\s+/)
      const states = STATES[path]
      if (states === undefined || !fields.every((field) => /^-?\d{1,18}$/.test(field))) return false
      for (const [field, metric] of states) {
        const value = fields[field]
        if (value !== undefined) sink.add('samples', { metric, labels: '{}', value: Number(value) })
      }
      return true
    },
  }))
}

/** `name <active_objs> <num_objs> <objsize> ...`; a cache merged into another has no line of its own. */
function readSlabs(sink: RowSink, text: string): boolean {
  let understood = true
  for (const line of text.split('\n')) {
    if (line.startsWith('slabinfo - version') || line.startsWith('#')) continue
    const match =
      line.length > LONGEST_LINE ? null : /^(.+?)\s+(\d{1,18})\s+(\d{1,18})\s+(\d{1,18})\s/.exec(line)
    if (match === null) {
      understood = false
      continue
    }
    const [, slab = '', active = '', objects = '', bytes = ''] = match
    sink.add('slabs', {
      slab,
      active_objects: BigInt(active),
      objects: BigInt(objects),
      object_bytes: BigInt(bytes),
    })
  }
  return understood
}

/** What the dump holds. */
export const slabFiles = ['/proc/slabinfo', ...Object.keys(STATES)]
