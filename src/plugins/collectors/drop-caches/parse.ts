/** What the kernel had cached before and after -> one row of `events` that says so. */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'

const MEMINFO = /^(Cached|Slab|SReclaimable):\s+(\d+) kB$/
const OTHER_MEMINFO = /^\w+(\(\w+\))?:\s+\d+( kB)?$/

/** Parses meminfo, dentry-state and inode-nr, twice, with a line `---` between. */
export function createDroppedParser(sink: RowSink): Parser {
  return lineParser(sink, (rows) => {
    const before = new Map<string, string>()
    const after = new Map<string, string>()
    let now = before
    return {
      line(line) {
        const [, name, kilobytes] = MEMINFO.exec(line) ?? []
        const numbers = /^\d+(\t\d+)+$/.test(line) ? line.split('\t') : []
        if (line === '---') now = after
        else if (name !== undefined && kilobytes !== undefined) now.set(`${name} kB`, kilobytes)
        // Dentries, unused, age limit, wanted pages, negative (since 5.0), reserved; inodes, free.
        else if (numbers.length === 6) {
          now.set('dentries', numbers[0] ?? '').set('negative dentries', numbers[4] ?? '')
        } else if (numbers.length === 2) now.set('inodes', numbers[0] ?? '')
        else return OTHER_MEMINFO.test(line)
        return true
      },
      end() {
        const changes = [...after].map(([name, value]) => `${name} ${before.get(name) ?? '?'} -> ${value}`)
        if (changes.length > 0) {
          rows.add('events', { kind: 'note', name: 'drop-caches', detail: changes.join('; ') })
        }
        return true
      },
    }
  })
}
