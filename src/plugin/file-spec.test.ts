import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fileSpec, fileSpecs, makeFile } from './file-spec.ts'

const directory = mkdtempSync(join(tmpdir(), 'quarry-file-spec-'))
afterAll(() => rmSync(directory, { recursive: true }))
const { signal } = new AbortController()

const made = async (given: object): Promise<string> =>
  readFileSync(await makeFile(fileSpec.parse(given), directory, signal), 'utf8')
const complaint = (given: object): string => fileSpec.safeParse(given).error?.issues[0]?.message ?? ''

test('files by what is in them; what is there already is left as it is', async () => {
  expect(await made({ path: '/a/text', data: 'hello' })).toBe('hello')
  expect(await made({ path: 'a/text', data: 'other' })).toBe('hello')
  expect(await made({ path: 'bytes', base64: 'aGVs\nbG8=' })).toBe('hello')
  expect(await made({ path: 'y', yaml: { list: [1, 'two'] } })).toBe('list:\n  - 1\n  - two\n')
  expect(await made({ path: 'j', json: { list: [1] } })).toBe('{\n  "list": [\n    1\n  ]\n}\n')
})

test('files that a command makes, in the directory of the definition', async () => {
  writeFileSync(join(directory, 'source'), 'hello')
  const spec = fileSpec.parse({ path: 'made/it', command: 'tr a-z A-Z <source >"$QUARRY_FILE"' })
  expect(readFileSync(await makeFile(spec, directory, signal, directory), 'utf8')).toBe('HELLO')
  const fails = (command: string): Promise<string> =>
    makeFile(fileSpec.parse({ path: 'none', command }), directory, signal, directory)
  await expect(fails('echo why >&2; false')).rejects.toThrow('the command that makes none failed: why')
  await expect(fails('true')).rejects.toThrow('it made no file "$QUARRY_FILE"')
  expect(complaint({ path: 'a', command: ' ' })).toBe('is empty')
})

test('what is no file spec', () => {
  expect(complaint({ path: 'a' })).toMatch(/exactly one of .* not none/)
  expect(complaint({ path: 'a', data: 'x', json: 1 })).toMatch(/not data and json/)
  expect(complaint({ path: 'a/../../b', data: 'x' })).toMatch(/must not lead out/)
  expect(complaint({ path: '/', data: 'x' })).toMatch(/needs a path/)
  expect(complaint({ path: 'a', base64: 'a===' })).toMatch(/not base64/)
  expect(complaint({ path: 'a', url: 'file:///etc/passwd' })).toMatch(/no http or https/)
  const twice = [
    { path: 'a', data: 'x' },
    { path: '/a', data: 'y' },
  ]
  expect(fileSpecs.safeParse(twice).error?.issues[0]?.message).toBe('another file has the path a')
})

test('names of repositories are short forms of addresses', () => {
  const repository = (repo: string): object => fileSpec.parse({ path: 'src', git: { repo } })
  expect(repository('tool')).toMatchObject({ path: 'src/tool', repo: 'git@github.com:riptano/tool.git' })
  expect(repository('acme/tool')).toMatchObject({ path: 'src/tool', repo: 'git@github.com:acme/tool.git' })
  expect(repository('https://example.org/a/tool')).toMatchObject({ repo: 'https://example.org/a/tool.git' })
})

test('a clone: of the default branch, of another one, of a commit; one that cannot be had says why', async () => {
  const work = join(directory, 'work')
  const bare = join(directory, 'origin.git')
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', work, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...words])
      .toString()
      .trim()
  mkdirSync(work)
  git('init', '--quiet', '--initial-branch=main')
  const commit = (text: string): string => {
    writeFileSync(join(work, 'file'), text)
    git('add', 'file')
    git('commit', '--quiet', '-m', text)
    return git('rev-parse', 'HEAD')
  }
  const first = commit('first')
  commit('second')
  git('checkout', '--quiet', '-b', 'side')
  commit('third')
  git('checkout', '--quiet', 'main')
  execFileSync('git', ['clone', '--quiet', '--bare', work, bare])
  const cloned = async (path: string, branch?: string): Promise<string> => {
    const spec = fileSpec.parse({
      path,
      git: { repo: `file://${bare}`, ...(branch === undefined ? {} : { branch }) },
    })
    return readFileSync(join(await makeFile(spec, directory, signal), 'file'), 'utf8')
  }
  expect(await cloned('one')).toBe('second')
  expect(await cloned('two', 'side')).toBe('third')
  expect(await cloned('three', first)).toBe('first')
  await expect(cloned('four', 'no-such-branch')).rejects.toMatchObject({
    message: expect.stringMatching(/cannot clone .*no-such-branch/),
    remedy: expect.stringContaining('git clone --branch no-such-branch'),
  })
})

test('a file from a server, and one that the server does not have', async () => {
  const server = createServer((socket) => {
    socket.once('data', (request) => {
      const found = request.toString().startsWith('GET /there ')
      socket.end(`HTTP/1.1 ${found ? '200 OK' : '404 Not Found'}\r\nConnection: close\r\n\r\nfetched`)
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    expect(await made({ path: 'there', url: `http://127.0.0.1:${port}/there` })).toBe('fetched')
    await expect(made({ path: 'gone', url: `http://127.0.0.1:${port}/gone` })).rejects.toThrow('status 404')
  } finally {
    server.close()
  }
})
