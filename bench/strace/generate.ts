/** Strace text of any size, from the recorded traces: other threads, times and names in each copy. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

const FIXTURES = new URL('../../src/plugins/collectors/strace/fixtures/', import.meta.url)
const LINE = /^(\d+) (\d+)\.(\d{6}) (.*)$/

interface Line {
  readonly tid: number
  readonly microseconds: number
  readonly rest: string
}

/** Writes about `bytes` of `strace -f -ttt -T -y -o` output to a file; gives the exact number. */
export function generateStrace(file: string, bytes: number): number {
  const text = readFileSync(new URL('follow.strace', FIXTURES), 'utf8')
  const lines = text.split('\n').flatMap((line): Line[] => {
    const match = LINE.exec(line)
    if (match === null) return []
    const [, tid, seconds, fraction, rest = ''] = match
    return [{ tid: Number(tid), microseconds: Number(seconds) * 1e6 + Number(fraction), rest }]
  })
  const output = openSync(file, 'w')
  let written = 0
  for (let copy = 0; written < bytes; copy++) {
    const tids = (copy % 40) * 10
    const later = copy * 90_000
    const names = `/srv/data/${copy % 100}/object-${copy}-`
    const chunk = lines.map(({ tid, microseconds, rest }) => {
      const time = microseconds + later
      const fraction = String(time % 1e6).padStart(6, '0')
      return `${tid + tids} ${Math.floor(time / 1e6)}.${fraction} ${rest.replace('/nonexistent/file-', names)}\n`
    })
    written += writeSync(output, chunk.join(''))
  }
  closeSync(output)
  return written
}
