/** Reads precedent files: those that come with Quarry, then the user's own, which may replace one of the same id. */
import { readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { parse } from 'yaml'
import { messageOf, UserError, type Problem } from '../../base/errors.ts'
import { precedentSchema, type Precedent } from './model.ts'

const OWN_DIRECTORY = import.meta.dirname
/** A signature is a page of text; more is a mistake. */
const MOST_BYTES = 64 * 1024

/** Directories in the order in which they are read; `QUARRY_PRECEDENTS` lists more, separated as PATH is. */
export function precedentDirectories(environment: NodeJS.ProcessEnv = process.env): string[] {
  const configured = (environment['QUARRY_PRECEDENTS'] ?? '').split(delimiter).filter((path) => path !== '')
  const config = environment['XDG_CONFIG_HOME'] ?? join(homedir(), '.config')
  return [join(OWN_DIRECTORY, '..', 'precedents'), join(config, 'quarry', 'precedents'), ...configured]
}

/** All precedents; a directory that does not exist has none. Throws one UserError with every problem of every file. */
export async function loadPrecedents(
  directories: readonly string[] = precedentDirectories(),
): Promise<Precedent[]> {
  const byId = new Map<string, Precedent>()
  const problems: Problem[] = []
  for (const directory of directories) {
    const names = await readdir(directory).catch(() => [])
    for (const name of names.filter((one) => /\.ya?ml$/.test(one)).sort()) {
      const file = join(directory, name)
      const read = await readPrecedent(file)
      if ('problems' in read) problems.push(...read.problems)
      else byId.set(read.precedent.id, read.precedent)
    }
  }
  if (problems.length > 0)
    throw new UserError(
      `${problems.length === 1 ? 'a precedent file is' : 'precedent files are'} not valid`,
      {
        code: 'QUARRY_PRECEDENT',
        problems,
      },
    )
  return [...byId.values()]
}

async function readPrecedent(file: string): Promise<{ precedent: Precedent } | { problems: Problem[] }> {
  const problem = (message: string): { problems: Problem[] } => ({
    problems: [{ file, line: 1, column: 1, message }],
  })
  try {
    const text = await readFile(file, 'utf8')
    if (text.length > MOST_BYTES) return problem(`is larger than ${MOST_BYTES} bytes`)
    // maxAliasCount: a page of aliases must not become a gigabyte.
    const result = precedentSchema.safeParse(parse(text, { maxAliasCount: 10 }))
    if (result.success) return { precedent: result.data }
    return {
      problems: result.error.issues.map(({ path, message }) => ({
        file,
        line: 1,
        column: 1,
        message: `${path.join('.') || 'file'}: ${message}`,
      })),
    }
  } catch (error) {
    return problem(messageOf(error))
  }
}
