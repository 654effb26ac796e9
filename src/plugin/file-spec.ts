/** Files by their content or their origin: the schema of a file spec, and making the file. */
import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, normalize, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'yaml'
import { z } from 'zod'
import { throwIfAborted } from '../base/abort.ts'
import { EnvironmentError, hasCode, UserError } from '../base/errors.ts'
import { openHttp } from '../base/http.ts'
import { runProcess } from '../base/process.ts'
import type { FileSpec } from '../model/file-spec.ts'

const kinds = ['data', 'base64', 'yaml', 'json', 'url', 'git', 'command'] as const

/** What stands in a definition: `path`, and exactly one of the others. */
const written = z.strictObject({
  path: z.string().default('').describe('where it goes; for a git repository the directory above it'),
  data: z.string().optional().describe('the text of the file'),
  base64: z.string().optional().describe('its bytes in base64'),
  yaml: z.unknown().optional().describe('a value that is written as YAML'),
  json: z.unknown().optional().describe('a value that is written as JSON'),
  url: z.string().optional().describe('an http or https address that it is fetched from'),
  git: z
    .strictObject({
      repo: z.string().min(1).describe('address of the repository, or `owner/name` on GitHub'),
      branch: z
        .string()
        .min(1)
        .optional()
        .describe('branch, tag or commit; its default branch when left out'),
    })
    .optional()
    .describe('a repository that is cloned below `path`'),
  command: z
    .string()
    .regex(/\S/, { error: 'is empty' })
    .optional()
    .describe(
      'command line for bash that makes it, on this host and in the directory of the definition; the file is "$QUARRY_FILE"',
    ),
})

/** Parses one file spec; problems say what is wrong with it. */
export const fileSpec = written.transform((given, context): FileSpec => {
  const fail = (message: string, path: string[] = []): never => {
    context.addIssue({ code: 'custom', message, path })
    return z.NEVER
  }
  const found = kinds.filter((kind) => given[kind] !== undefined)
  const [kind, second] = found
  if (kind === undefined || second !== undefined) {
    const what = found.length === 0 ? 'none' : found.join(' and ')
    return fail(`a file has exactly one of ${kinds.join(', ')}, not ${what}`)
  }
  const path = normalize(given.path.replace(/^\/+/, '')).replace(/\/$/, '')
  if (path === '..' || path.startsWith('../'))
    return fail('a path must not lead out of its directory', ['path'])
  if (path === '.' && kind !== 'git') return fail('a file needs a path', ['path'])
  const at = { path: path === '.' ? '' : path }
  const { data = '', base64 = '', url = '', git = { repo: '' }, command = '' } = given
  switch (kind) {
    case 'data':
      return { ...at, type: 'data', data }
    case 'base64':
      if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(base64) || base64.replaceAll(/\s/g, '').length % 4 !== 0) {
        return fail('this is not base64', ['base64'])
      }
      return { ...at, type: 'base64', data: base64 }
    case 'yaml':
    case 'json':
      return { ...at, type: kind, value: given[kind] }
    case 'url':
      if (!/^https?:\/\//.test(url) || !URL.canParse(url))
        return fail('this is no http or https address', ['url'])
      return { ...at, type: 'url', url }
    case 'command':
      return { ...at, type: 'command', command }
    case 'git': {
      const { repo, branch } = git
      const spec = {
        type: 'git' as const,
        repo: repositoryOf(repo),
        ...(branch === undefined ? {} : { branch }),
      }
      // A clone is a directory below the path: references name files in it by their whole path.
      return { path: join(at.path, basename(spec.repo, '.git')), ...spec }
    }
  }
})

/** Several; no two of them may be the same file. */
export const fileSpecs = z.array(fileSpec).superRefine((specs, context) => {
  for (const [index, { path }] of specs.entries()) {
    if (specs.findIndex((other) => other.path === path) === index) continue
    context.addIssue({ code: 'custom', message: `another file has the path ${path}`, path: [index, 'path'] })
  }
})

/** Short forms as Fallout has them: `owner/name` is one on GitHub, a word alone one of the owner `riptano`. */
function repositoryOf(repo: string): string {
  if (/^[\w.-]+$/.test(repo)) return `git@github.com:riptano/${repo}.git`
  if (/^[\w-][\w.-]*\/[\w.-]+$/.test(repo)) return `git@github.com:${repo.replace(/\.git$/, '')}.git`
  return repo.endsWith('.git') ? repo : `${repo}.git`
}

const FETCH_MS = 10 * 60_000
const MOST_BYTES = 4 * 2 ** 30

/**
 * Makes the file, or the clone, below a directory of the controller, and gives its path. What is there is left as it is.
 * Commands run in `home`, the directory of the definition.
 */
export async function makeFile(
  spec: FileSpec,
  directory: string,
  signal: AbortSignal,
  home = '.',
): Promise<string> {
  const path = join(directory, spec.path)
  await mkdir(dirname(path), { recursive: true })
  const write = (content: string | Uint8Array): Promise<void> =>
    writeFile(path, content, { flag: 'wx' }).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error
    })
  switch (spec.type) {
    case 'data':
      await write(spec.data)
      break
    case 'base64':
      await write(Buffer.from(spec.data, 'base64'))
      break
    case 'yaml':
      await write(stringify(spec.value))
      break
    case 'json':
      await write(`${JSON.stringify(spec.value, null, 2)}\n`)
      break
    case 'url':
      await download(spec.url, path, signal)
      break
    case 'git':
      await clone(spec, path, signal)
      break
    case 'command':
      if (!existsSync(path)) await makeByCommand(spec.command, path, signal, home)
  }
  return path
}

async function makeByCommand(
  command: string,
  path: string,
  signal: AbortSignal,
  home: string,
): Promise<void> {
  const result = await runProcess(['bash', '-o', 'pipefail', '-c', command], {
    cwd: home,
    env: { QUARRY_FILE: resolve(path) },
    signal,
    timeoutMs: FETCH_MS,
  })
  throwIfAborted(signal)
  const end = result.timedOut ? 'it took too long' : result.stderr.trim().split('\n').slice(-5).join('; ')
  const why = result.ok ? (existsSync(path) ? undefined : 'it made no file "$QUARRY_FILE"') : end
  if (why === undefined) return
  throw new UserError(`the command that makes ${basename(path)} failed: ${why}`, {
    code: 'QUARRY_FILE_COMMAND',
    remedy: `try it in ${home}: QUARRY_FILE=/tmp/${basename(path)} bash -c '${command.trim().replaceAll("'", `'\\''`)}'`,
  })
}

async function download(url: string, path: string, signal: AbortSignal): Promise<void> {
  using answer = await openHttp({ url, timeoutMs: FETCH_MS, maxBytes: MOST_BYTES, signal })
  if (answer.status !== 200) {
    throw new UserError(`${url}: the answer has status ${answer.status}`, { remedy: `curl -sSI ${url}` })
  }
  try {
    await pipeline(Readable.from(answer.body), createWriteStream(path, { flags: 'wx' }), { signal })
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

async function clone(
  { repo, branch }: Extract<FileSpec, { type: 'git' }>,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const isHash = branch !== undefined && /^[0-9a-f]{7,40}$/.test(branch)
  const shallow = isHash ? [] : ['--depth=1', ...(branch === undefined ? [] : ['--branch', branch])]
  // Nobody is there to answer when it asks for a password.
  const options = { signal, timeoutMs: FETCH_MS, env: { GIT_TERMINAL_PROMPT: '0' } }
  const steps = [
    ['git', 'clone', '--quiet', ...shallow, '--', repo, path],
    ...(isHash ? [['git', '-C', path, 'checkout', '--quiet', '--detach', branch]] : []),
  ]
  for (const command of steps) {
    const result = await runProcess(command, options)
    if (result.ok) continue
    const why = result.timedOut ? 'it took too long' : result.stderr.trim().split('\n').slice(-3).join('; ')
    throw new EnvironmentError(`cannot clone ${repo}: ${why}`, {
      code: 'QUARRY_GIT',
      remedy: `try it: git clone ${branch === undefined || isHash ? '' : `--branch ${branch} `}${repo}`,
    })
  }
}
