import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row } from '../../../model/tables.ts'
import { syscallTable } from '../../tracing/syscall-names.ts'
import { createFailedCallsParser } from './parse.ts'

const golden = readFileSync(new URL('./fixtures/bpftrace-0.17.json', import.meta.url))

function parse(chunks: readonly Uint8Array[]) {
  const rows: Row<'syscalls'>[] = []
  const parser = createFailedCallsParser(
    { add: (_, row) => void rows.push(row) },
    {
      note: () => {},
      calls: syscallTable('x86_64'),
      absolute: (_, directoryFd, path) => (path.startsWith('/') ? path : `<${directoryFd}>/${path}`),
    },
  )
  for (const chunk of chunks) parser.push(chunk)
  return { rows, stats: parser.end() }
}

test('totals are exact, sampled paths apart from them', () => {
  const { rows, stats } = parse([golden])
  expect(stats).toEqual({ lines: 3, rows: 24, bad: 0 })
  const brief = rows.map(({ comm, call, errno, args, path, count }) =>
    [comm, call, errno, args, path, count].join(' | '),
  )
  expect(brief.slice(0, 5)).toMatchInlineSnapshot(`
    [
      "look,up | ioctl | ENOTTY | total |  | 1",
      "look,up | read | EBADF | total |  | 1",
      "lookup | access | ENOENT | total |  | 1",
      "look,up | newfstatat | ENOENT | total |  | 25",
      "look,up | access | ENOENT | total |  | 2000",
    ]
  `)
  expect(brief.slice(15)).toMatchInlineSnapshot(`
    [
      "look,up | newfstatat | ENOENT | sampled path | <-100>/relative,name | 1",
      "look,up | newfstatat | ENOENT | sampled path | /srv/data/bad�utf8 | 1",
      "look,up | newfstatat | ENOENT | sampled path | <3>/below | 1",
      "look,up | newfstatat | ENOENT | sampled path | /srv/data/new
    line | 1",
      "look,up | newfstatat | ENOENT | sampled path | /srv/data/quote"and\\back | 1",
      "look,up | access | ENOENT | sampled path | /etc/ld.so.preload | 1",
      "look,up | newfstatat | ENOENT | sampled path | /srv/data/absent-2 | 6",
      "look,up | newfstatat | ENOENT | sampled path | /srv/data/absent-1 | 7",
      "look,up | newfstatat | ENOENT | sampled path | /srv/data/absent-0 | 7",
    ]
  `)
})

test('output cut anywhere gives no wrong row', () => {
  const whole = parse([golden]).rows.map((row) => JSON.stringify(row))
  for (let end = 0; end < golden.length; end += 97) {
    const { rows } = parse([golden.subarray(0, end)])
    for (const { comm, ...row } of rows) {
      // The command of a path comes from the totals, which may be cut off.
      expect(whole).toContain(
        JSON.stringify(comm === undefined ? { comm: 'look,up', ...row } : { comm, ...row }),
      )
    }
  }
})
