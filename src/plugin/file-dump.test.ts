import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parseAll, recordRows } from '../../test/harness/row-recorder.ts'
import { localFiles } from '../node/local-files.ts'
import { dumpFiles, dumpLink, dumpOf, dumpParser } from './file-dump.ts'

const directory = mkdtempSync(join(tmpdir(), 'file-dump-'))
afterAll(() => rmSync(directory, { recursive: true }))

function parse(dump: string | Uint8Array, size?: number) {
  const files: [string, string][] = []
  const parser = dumpParser(recordRows(), () => ({
    file(path, text) {
      files.push([path, text])
      return !text.startsWith('bad')
    },
  }))
  return { stats: parseAll(parser, dump, size), files }
}

const contents = { a: 'one\ntwo\n', b: '', c: 'x\0y\0', 'd:e f': '\n\nthird: 1\n' }
const paths = Object.entries(contents).map(([name, content]) => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
})

test('is byte for byte what grep prints', () => {
  const dump = dumpFiles(localFiles(), [...paths, join(directory, 'absent')])
  expect(dump).toBe(execFileSync('grep', ['-asHZ', '', ...paths], { encoding: 'utf8' }))
})

test('gives the files back without their last newline', () => {
  const dump = dumpFiles(localFiles(), paths)
  const files = [
    [paths[0], 'one\ntwo'],
    [paths[2], 'x\0y\0'],
    [paths[3], '\n\nthird: 1'],
  ]
  for (const size of [1, 7, 4096]) {
    expect(parse(dump, size)).toEqual({ stats: { lines: 6, rows: 0, bad: 0 }, files })
  }
})

test('a link is one line, as by find', () => {
  const link = join(directory, 'link')
  symlinkSync('some where\nelse', link)
  expect(dumpLink(localFiles(), link)).toBe(`${link}\0some where\\nelse\n`)
  expect(dumpLink(localFiles(), join(directory, 'absent'))).toBe('')
})

test('what is no dump is bad lines, and the rest is kept', () => {
  const hostile = `nonsense\n/no/separator\n${dumpOf('/x', '1')}\0\n${dumpOf('/y', 'bad')}${dumpOf('@z', '2')}/cut\0of`
  expect(parse(hostile)).toEqual({
    stats: { lines: 7, rows: 0, bad: 5 },
    files: [
      ['/x', '1'],
      ['/y', 'bad'],
      ['@z', '2'],
    ],
  })
})
