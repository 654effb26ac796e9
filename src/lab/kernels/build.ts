/** Builds a kernel out of a source, a configuration and patches, unless it has been built before. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { appendFile, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatDuration } from '../../base/duration.ts'
import { runProcess } from '../../base/process.ts'
import { cached, contentKey } from '../cache.ts'
import { compile, countSteps, makeQuietly, type MakeOptions } from './compile.ts'
import { assignmentsOf, checkConfig, configText } from './config.ts'
import { fetchDebianKernel, findDebianKernel } from './debian.ts'
import type { KernelRecipe } from './description.ts'
import { describeKernel, KERNELS, kernelFiles, readKernel, type Kernel } from './kernel.ts'
import type { KernelOptions } from './options.ts'
import { bodyOf, patchedFiles, touchedBy } from './patches.ts'
import { kernelSource } from './source.ts'
import { btfNeed, buildNeeds, requireNeeds } from './tools.ts'
import { openTree } from './tree.ts'

/** Changes when the same recipe is made into something else than before. */
const EDITION = '1'

/**
 * The kernel of a recipe. Throws a UserError for a patch that does not apply, an option that is not kept, or code that
 * does not compile; an EnvironmentError for tools that are missing.
 */
export async function buildKernel(recipe: KernelRecipe, options: KernelOptions): Promise<Kernel> {
  const assignments = assignmentsOf(recipe.config)
  for (const patch of recipe.patches) touchedBy(patch)
  const wantsBtf = assignments.some(
    ({ option, value }) => option === 'CONFIG_DEBUG_INFO_BTF' && value === 'y',
  )
  await requireNeeds(
    wantsBtf ? [...buildNeeds, btfNeed] : buildNeeds,
    `cannot build the kernel ${recipe.name}`,
  )
  const source = await kernelSource(recipe.source, options)
  const config = { base: await baseOf(recipe, options), text: configText(assignments) }
  const configKey = contentKey([config.base.key, config.text])
  const compiler = await compilerVersion(options.signal)
  const content = contentKey([EDITION, source.key, configKey, compiler, ...recipe.patches.map(bodyOf)])
  const place = await cached({
    kind: KERNELS,
    key: `${recipe.source.replace('linux-source-', '')}_${content}`,
    signal: options.signal,
    make: async (directory) => {
      const startedMs = performance.now()
      options.progress(`building the kernel ${recipe.name}`)
      const suffix = `-${content.slice(0, 8)}`
      await using tree = await openTree(source, configKey, options)
      const make = { ...options, directory: tree.directory, suffix }
      const workplace = join(directory, 'patched')
      await tree.setFiles(await patchedFiles(source.directory, recipe.patches, workplace, options.signal))
      options.progress('configuring')
      const release = await tree.building(async () => {
        const choices = recipe.patches.filter((patch) => touchedBy(patch).some(isKconfig)).map(bodyOf)
        await tree.configured(contentKey([configKey, compiler, ...choices]), () =>
          configure(config, assignments, make),
        )
        return compileTree(tree.isNew, make)
      })
      await takeBuilt(tree.directory, directory, release, make)
      await describeKernel(directory, { name: recipe.name, release })
      options.progress(`built ${release} in ${formatDuration(performance.now() - startedMs)}`)
    },
  })
  return { ...(await readKernel(place)), name: recipe.name }
}

interface Base {
  /** Differs whenever the configuration does. */
  readonly key: string
  /** Text of a `.config`; without it `target` of the makefile makes one. */
  readonly text?: string
  readonly target?: string
}

async function baseOf({ base, source }: KernelRecipe, options: KernelOptions): Promise<Base> {
  if (base !== 'debian') return { key: base, target: base }
  const series = source.replace('linux-source-', '')
  const kernel = await fetchDebianKernel(await findDebianKernel(series, options.signal), options)
  const text = await readFile(kernel.config, 'utf8')
  // Debian signs modules with keys that are not ours, and its debug information takes longer than all the rest.
  const ours = [
    '# CONFIG_SECURITY_LOCKDOWN_LSM is not set',
    '# CONFIG_MODULE_SIG is not set',
    'CONFIG_SYSTEM_TRUSTED_KEYS=""',
    'CONFIG_SYSTEM_REVOCATION_KEYS=""',
    'CONFIG_DEBUG_INFO_NONE=y',
    '# CONFIG_DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT is not set',
    '',
  ]
  const whole = `${text}\n${ours.join('\n')}`
  return { key: contentKey([whole]), text: whole }
}

async function compilerVersion(signal: AbortSignal): Promise<string> {
  const { stdout } = await runProcess(['gcc', '--version'], { signal, env: { LC_ALL: 'C' } })
  return stdout.split('\n')[0] ?? ''
}

/** Writes the tree's `.config`, and sees that it says what was wanted. */
async function configure(
  config: { readonly base: Base; readonly text: string },
  assignments: ReturnType<typeof assignmentsOf>,
  make: MakeOptions,
): Promise<void> {
  const { base, text } = config
  const file = join(make.directory, '.config')
  await rm(file, { force: true })
  if (base.text !== undefined) await writeFile(file, base.text)
  if (base.target !== undefined) await makeQuietly([base.target], make)
  await appendFile(file, text)
  await makeQuietly(['olddefconfig'], make)
  checkConfig(assignments, await readFile(file, 'utf8'), () => kconfigsBelow(make.directory))
}

/** Whether a file of the source says which options there are. */
const isKconfig = (path: string): boolean => /(?:^|\/)Kconfig[^/]*$/.test(path)

function kconfigsBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => isKconfig(path) && !path.startsWith('scripts/kconfig/tests'))
    .map((path) => readFileSync(join(directory, path), 'utf8'))
}

async function compileTree(isNew: boolean, make: MakeOptions): Promise<string> {
  const config = await readFile(join(make.directory, '.config'), 'utf8')
  const targets = ['bzImage', ...(/^CONFIG_\w+=m$/m.test(config) ? ['modules'] : [])]
  await compile(targets, isNew ? await countSteps(targets, make) : undefined, make)
  return (await makeQuietly(['kernelrelease'], make)).trim()
}

async function takeBuilt(tree: string, directory: string, release: string, make: MakeOptions): Promise<void> {
  const image = (await makeQuietly(['image_name'], make)).trim()
  await copyFile(join(tree, image), join(directory, kernelFiles.image))
  await copyFile(join(tree, '.config'), join(directory, kernelFiles.config))
  await copyFile(join(tree, 'System.map'), join(directory, kernelFiles.symbols))
  await copyFile(join(tree, 'vmlinux'), join(directory, kernelFiles.vmlinux))
  if (
    !existsSync(join(tree, 'modules.order')) ||
    (await readFile(join(tree, 'modules.order'), 'utf8')) === ''
  )
    return
  await mkdir(join(directory, 'lib/modules'), { recursive: true })
  await makeQuietly([`INSTALL_MOD_PATH=${directory}`, 'INSTALL_MOD_STRIP=1', 'modules_install'], make)
  for (const link of ['build', 'source']) {
    await rm(join(directory, 'lib/modules', release, link), { force: true })
  }
}
