/** Patches: what they touch, and what the touched files are to hold. The tree that is built is not involved. */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { EnvironmentError, UserError } from '../../base/errors.ts'
import { runProcess } from '../../base/process.ts'
import type { InputFile } from './description.ts'

/** What a patch says, without the words before it: they change nothing of the kernel. */
export function bodyOf({ text }: InputFile): string {
  const start = text.search(/^(?:diff --git |--- \S)/m)
  return start < 0 ? '' : text.slice(start)
}

/** Files that a patch changes, makes or removes, relative to the source. Throws a UserError when it is no patch. */
export function touchedBy(patch: InputFile): string[] {
  const names = new Set<string>()
  for (const [, before = '', after = ''] of bodyOf(patch).matchAll(/^--- (\S+).*\n\+\+\+ (\S+)/gm)) {
    const name = stripped(after === '/dev/null' ? before : after)
    if (name === undefined) {
      throw new UserError(`${patch.path}: the file ${after} is not inside the source`, {
        code: 'QUARRY_PATCH',
      })
    }
    names.add(name)
  }
  if (names.size > 0) return [...names]
  throw new UserError(`${patch.path} is no patch: it has no lines \`--- a/file\` and \`+++ b/file\``, {
    code: 'QUARRY_PATCH',
    remedy: 'make one with git diff, or diff -u a/file b/file',
  })
}

/** Without its first folder, as `patch -p1` has it. */
function stripped(name: string): string | undefined {
  const path = name.split('/').slice(1)
  return path.length === 0 || path.includes('..') || name.startsWith('/') ? undefined : path.join('/')
}

/**
 * What the files that the patches touch are to hold: by name, `undefined` for one that shall not be there. The patches
 * are applied to copies in `workplace`, which is emptied. Throws a UserError that names patch, file and hunk.
 */
export async function patchedFiles(
  source: string,
  patches: readonly InputFile[],
  workplace: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Buffer | undefined>> {
  const names = new Set(patches.flatMap(touchedBy))
  await rm(workplace, { recursive: true, force: true })
  await mkdir(workplace, { recursive: true })
  for (const name of names) {
    if (!existsSync(join(source, name))) continue
    await mkdir(dirname(join(workplace, name)), { recursive: true })
    await copyFile(join(source, name), join(workplace, name))
  }
  for (const patch of patches) await apply(patch, workplace, signal)
  const files = new Map<string, Buffer | undefined>()
  for (const name of names) {
    const file = join(workplace, name)
    files.set(name, existsSync(file) ? await readFile(file) : undefined)
  }
  await rm(workplace, { recursive: true })
  return files
}

async function apply(patch: InputFile, directory: string, signal: AbortSignal): Promise<void> {
  const command = ['patch', '-p1', '--batch', '--forward', '--no-backup-if-mismatch', '--reject-file=-']
  const result = await runProcess(command, {
    cwd: directory,
    input: bodyOf(patch),
    env: { LC_ALL: 'C' },
    signal,
  })
  if (result.ok) return
  if (result.exitCode === 127) {
    throw new EnvironmentError('the program patch is not installed', { remedy: 'apt-get install -y patch' })
  }
  const lines = result.stdout.split('\n')
  const reasons: string[] = []
  let file = ''
  for (const line of lines) {
    file = /^(?:patching|checking) file (.*)$/.exec(line)?.[1] ?? file
    const hunk = /^Hunk #(\d+) (?:FAILED|ignored) at (\d+)/.exec(line)
    if (hunk !== null) reasons.push(`hunk ${hunk[1]} does not fit ${file}, line ${hunk[2]}`)
    else if (/previously applied/.test(line)) reasons.push(`${file || 'a file'} has this change already`)
    else if (/^(?:can't find file|.*malformed patch|.*No such file)/.test(line)) reasons.push(line.trim())
  }
  const why = reasons.length > 0 ? reasons.join('; ') : result.stderr.trim() || lines.join(' ').trim()
  throw new UserError(`${basename(patch.path)} does not apply: ${why}`, {
    code: 'QUARRY_PATCH',
    remedy:
      'make the patch anew against the source in the cache; others before it in the list may change the same lines',
  })
}
