/** How a script is handed to its interpreter. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Node } from '../../plugin/node.ts'

export interface Invocation {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Longer than a kernel takes as one word of an environment (MAX_ARG_STRLEN in include/uapi/linux/binfmts.h), with its name. */
const LONGEST = 131_000

/**
 * A script for a shell is in the environment, which other users cannot read, as they can a command line: it may hold a
 * secret. One for another interpreter, or one that is too long, is put into a file that only its owner can read.
 */
export async function invocationOf(script: string, node: Node): Promise<Invocation> {
  const [, interpreter = 'bash', flags = ''] = /^#!\s*(\S+)[ \t]*([^\n]*)/.exec(script) ?? []
  const shell = /(?:^|\/)(bash|sh|dash)$/.exec(interpreter)?.[1]
  if (shell !== undefined && Buffer.byteLength(script) < LONGEST) {
    const options = shell === 'bash' ? ['-o', 'pipefail'] : []
    const given = flags.split(/\s+/).filter((flag) => flag !== '')
    const run = 'QUARRY_SCRIPT_TEXT=$QUARRY_SCRIPT; unset QUARRY_SCRIPT; eval "$QUARRY_SCRIPT_TEXT"'
    return { command: [shell, ...options, ...given, '-c', run, shell], env: { QUARRY_SCRIPT: script } }
  }
  const path = join(node.scratch, `.script-${randomBytes(6).toString('hex')}`)
  await node.writeFile(path, script)
  await node.run(['chmod', '700', path])
  const command = shell === undefined ? [path] : [shell, '-o', 'pipefail', path]
  return { command, env: {} }
}
