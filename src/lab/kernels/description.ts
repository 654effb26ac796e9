/** A description of a kernel to build: a small YAML file that names its source, its configuration and its patches. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, relative, resolve } from 'node:path'
import { z } from 'zod'
import { UserError, messageOf } from '../../base/errors.ts'
import { hintFor } from '../../base/nearest.ts'
import { lineTable } from '../../definition/position.ts'
import { createProblems } from '../../definition/problems/problems.ts'
import { parseProperties } from '../../definition/properties.ts'
import { follow } from '../../definition/tree.ts'
import { parseYaml } from '../../definition/yaml.ts'

/** What the file may say. */
export const kernelDescription = z.strictObject({
  source: z
    .string()
    .regex(/^linux-source-[\w.+-]+$/, 'must be a package of Debian such as linux-source-6.1')
    .describe('Debian package that holds the source.'),
  base: z
    .enum(['tinyconfig', 'defconfig', 'debian'])
    .default('tinyconfig')
    .describe(
      "What the fragments are put on: the kernel's own smallest or usual configuration, or Debian's for the cloud.",
    ),
  config: z
    .array(z.string())
    .default([])
    .describe('Fragments of a configuration: files, relative to this one.'),
  patches: z
    .array(z.string())
    .default([])
    .describe('Patches in the order in which they are applied (patch -p1): files, relative to this one.'),
})

/** `stack.yaml@locks.patch`: the kernel of a description with its patches up to this one. */
const UP_TO = /^(?<file>.*\.ya?ml)@(?<patch>.+)$/
/** Instead of a patch: before the first. */
const NO_PATCH = 'none'

/** Whether a text names a description, and not a kernel of Debian. */
export const namesDescription = (text: string): boolean => /\.ya?ml(?:@.+)?$/.test(text)

/** A file that goes into a kernel. */
export interface InputFile {
  readonly path: string
  readonly text: string
}

/** All that a kernel is made from but its source and its compiler. */
export interface KernelRecipe {
  /** `hrtick-bug` for `hrtick-bug.yaml`, `stack@locks.patch` for a part of its patches. */
  readonly name: string
  readonly source: string
  readonly base: z.infer<typeof kernelDescription>['base']
  readonly config: readonly InputFile[]
  readonly patches: readonly InputFile[]
}

/**
 * Reads a description and the files that it names. Throws a UserError with every problem, each at its place.
 * @param named the file; behind it may stand `@` and the last patch that is applied, or `none`
 */
export async function readRecipe(
  named: string,
  added: { readonly config: readonly string[]; readonly patches: readonly string[] } = {
    config: [],
    patches: [],
  },
): Promise<KernelRecipe> {
  const { file = named, patch: last } = (existsSync(named) ? undefined : UP_TO.exec(named)?.groups) ?? {}
  const text = await readInput(file)
  const problems = createProblems()
  const lines = lineTable(file, text)
  const report: Parameters<typeof parseYaml>[1] = (at, message, hint) =>
    problems.add(lines.at(at.start), message, hint)
  const tree = parseYaml(text, report)
  if (tree === undefined && problems.count === 0) {
    problems.add(lines.at(0), 'the description of the kernel is empty', 'such as `source: linux-source-6.1`')
  }
  const parsed =
    tree === undefined ? undefined : parseProperties(report, kernelDescription, tree, 'the kernel', tree)
  const checked = parsed === undefined ? undefined : kernelDescription.safeParse(parsed.value)
  if (tree !== undefined && checked?.success === false && problems.count === 0) {
    report(tree, 'a reference such as `<<file:...>>` stands for nothing here', 'write the value itself')
  }
  if (tree !== undefined && checked?.success === true && problems.count === 0) {
    const at = (path: string): string => resolve(dirname(file), path)
    const read = async (key: 'config' | 'patches', given: readonly string[]): Promise<InputFile[]> => {
      const files: InputFile[] = []
      for (const [index, path] of given.entries()) {
        try {
          files.push(await inputFile(at(path)))
        } catch (error) {
          report(follow(tree, [key, index]).tree, messageOf(error))
        }
      }
      for (const path of added[key]) files.push(await inputFile(resolve(path)))
      return files
    }
    const { source, base, patches: all } = checked.data
    const count =
      last === undefined
        ? all.length
        : last === NO_PATCH
          ? 0
          : 1 + all.findIndex((patch) => at(patch) === at(last))
    if (last !== undefined && last !== NO_PATCH && count === 0) {
      report(
        follow(tree, ['patches']).tree,
        `there is no patch ${JSON.stringify(last)}`,
        hintFor(last, [NO_PATCH, ...all]),
      )
    }
    const config = await read('config', checked.data.config)
    const patches = await read('patches', all.slice(0, count))
    if (problems.count === 0) {
      const name = basename(file, extname(file))
      return { name: last === undefined ? name : `${name}@${last}`, source, base, config, patches }
    }
  }
  const count = problems.count === 1 ? 'a problem' : `${problems.count} problems`
  throw new UserError(`${file} has ${count}`, { code: 'QUARRY_KERNEL', problems: problems.list() })
}

/**
 * The kernels that the patches of a description make one after another, as a definition names them: first without any.
 * Throws as `readRecipe` does, and a UserError when there are none.
 * @param series the description, relative to `directory`
 */
export async function kernelsOfSeries(series: string, directory: string): Promise<readonly string[]> {
  const file = resolve(directory, series)
  const { patches } = await readRecipe(file)
  if (patches.length === 0) throw new UserError(`${file} has no patches: there is nothing to choose from`)
  const names = patches.map(({ path }) => relative(dirname(file), path))
  return [NO_PATCH, ...names].map((name) => `${series}@${name}`)
}

const inputFile = async (path: string): Promise<InputFile> => ({ path, text: await readInput(path) })

async function readInput(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${messageOf(error)}`, { code: 'QUARRY_NO_FILE', cause: error })
  }
}
