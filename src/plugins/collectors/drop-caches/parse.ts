/** What the kernel had cached before and after -> `facts`: `drop-caches.before.dentry` and so on, in bytes or objects. */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'

const MEMINFO = /^(Buffers|Cached|Slab|SReclaimable):\s+(\d+) kB$/

/** Parses meminfo, dentry-state and inode-nr, twice, with a line `---` between. */
export function createDroppedParser(sink: RowSink): Parser {
  return lineParser(sink, (rows) => {
    let when = 'before'
    const fact = (name: string, value: string | number): void =>
      rows.add('facts', { key: `drop-caches.${when}.${name}`, value: String(value) })
    return {
      line(line) {
        const [, name, kilobytes] = MEMINFO.exec(line) ?? []
        const numbers = /^\d+(\t\d+)+$/.test(line) ? line.split('\t') : []
        if (line === '---') when = 'after'
        else if (name !== undefined) fact(`${name.toLowerCase()}_bytes`, Number(kilobytes) * 1024)
        // Objects, unused, age limit, wanted pages, negative (since 5.0), reserved.
        else if (numbers.length === 6) {
          fact('dentries', numbers[0] ?? '')
          fact('negative_dentries', numbers[4] ?? '')
        } else if (numbers.length === 2) fact('inodes', numbers[0] ?? '')
        else return /^\w+(\(\w+\))?:\s+\d+( kB)?$/.test(line)
        return true
      },
    }
  })
}
