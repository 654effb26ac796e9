/** The first file system of a guest: the agent, and the modules without which the kernel sees neither disks nor ports. */
import { readFileSync } from 'node:fs'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError } from '../../base/errors.ts'
import { runProcess } from '../../base/process.ts'
import { cached, contentKey } from '../cache.ts'
import { bootModules } from '../image/boot-modules.ts'
import type { Kernel } from '../kernels/kernel.ts'

const sources = ['agent.c', 'bulk.c', 'agent.h'].map(
  (name) => new URL(`../guest/${name}`, import.meta.url).pathname,
)

/** Path of the initial file system for a kernel, made when there is none; `key` differs whenever its content does. */
export async function initrdFor(
  kernel: Kernel,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly key: string }> {
  const agent = await builtAgent(signal)
  const key = contentKey([agent.key, kernel.key])
  const directory = await cached({
    kind: 'initrds',
    key,
    signal,
    make: async (place) => {
      const tree = join(place, 'tree')
      await mkdir(join(tree, 'modules'), { recursive: true })
      await copyFile(agent.path, join(tree, 'init'))
      const modules = kernel.modules === undefined ? [] : await bootModules(modulesOf(kernel.modules, kernel))
      for (const { name, content } of modules) await writeFile(join(tree, 'modules', name), content)
      await writeFile(join(tree, 'modules/order'), modules.map(({ name }) => `${name}\n`).join(''))
      await must(
        'sh',
        ['-c', 'cd "$1" && find . | cpio -o -H newc --quiet >"$2"', 'sh', tree, join(place, 'initrd')],
        signal,
      )
      await rm(tree, { recursive: true })
    },
  })
  return { path: join(directory, 'initrd'), key }
}

/** lib/modules/RELEASE in the directory of a kernel. */
export const modulesOf = (directory: string, { release }: Kernel): string =>
  join(directory, 'lib/modules', release)

/** The agent for this machine's kind of processor: linked to nothing, for it runs before there is anything. */
async function builtAgent(signal: AbortSignal): Promise<{ readonly path: string; readonly key: string }> {
  const compiler = await must('cc', ['--version'], signal)
  const key = contentKey([...sources.map((path) => readFileSync(path)), compiler])
  const directory = await cached({
    kind: 'agents',
    key,
    signal,
    make: async (place) => {
      const programs = sources.filter((path) => path.endsWith('.c'))
      await must('cc', ['-O2', '-static', '-s', '-o', join(place, 'agent'), ...programs], signal)
    },
  })
  return { path: join(directory, 'agent'), key }
}

async function must(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const { ok, stdout, stderr } = await runProcess([program, ...args], { signal, env: { LC_ALL: 'C' } })
  if (ok) return stdout
  throw new EnvironmentError(`cannot make what a guest boots with: ${stderr.trim().slice(-500)}`, {
    code: 'QUARRY_INITRD',
    remedy: 'apt-get install -y gcc libc6-dev cpio',
  })
}
