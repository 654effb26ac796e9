/** With a source of a few files, in whose makefile are the targets of the kernel's that are used. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { buildKernel } from './build.ts'
import type { KernelRecipe } from './description.ts'
import { cachedKernels } from './kernel.ts'

const makefile = `
objects = a.o b.o
.PHONY: tinyconfig olddefconfig bzImage kernelrelease image_name
tinyconfig:
	echo CONFIG_TINY=y > .config
olddefconfig:
	grep -v CONFIG_DROPPED .config > .config.new; mv .config.new .config
%.o: %.c
	@echo '  CC      $@'
	@echo $@ >> compiled
	gcc -c $< -o $@
	@echo done > .$@.cmd
vmlinux: $(objects)
	ld -r $^ -o $@
	nm $@ > System.map
bzImage: vmlinux
	cp vmlinux image
kernelrelease:
	@echo 9.9$(LOCALVERSION)
image_name:
	@echo image
`
const { signal } = new AbortController()
let directory: string
let source: string
const told = vi.fn<(sentence: string) => void>()

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-build-test-'))
  vi.stubEnv('QUARRY_CACHE', directory)
  source = join(directory, 'kernel-sources/linux-source-9.9_9.9.1-1/linux-source-9.9')
  await mkdir(source, { recursive: true })
  await writeFile(join(source, 'Makefile'), makefile)
  await writeFile(join(source, 'Kconfig'), 'config DROPPED\n\tbool "dropped"\n\tdepends on MOON\n')
  for (const name of ['a', 'b']) {
    await writeFile(join(source, `${name}.c`), `int ${name};\n`)
    await utimes(join(source, `${name}.c`), 1e9, 1e9)
  }
  told.mockClear()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true })
})

const patch = (name: string, to: string): { path: string; text: string } => ({
  path: `${name}.patch`,
  text: `--- a/${name}.c\n+++ b/${name}.c\n@@ -1 +1 @@\n-int ${name};\n+${to}\n`,
})
const recipe = (parts: Partial<KernelRecipe> = {}): KernelRecipe => ({
  name: 'small',
  source: 'linux-source-9.9',
  base: 'tinyconfig',
  config: [{ path: 'lab.config', text: 'CONFIG_LAB=y\n' }],
  patches: [],
  ...parts,
})
const build = (parts?: Partial<KernelRecipe>): ReturnType<typeof buildKernel> =>
  buildKernel(recipe(parts), { signal, progress: told })
const tree = async (): Promise<string> => {
  const { readdir } = await import('node:fs/promises')
  const names = await readdir(join(directory, 'kernel-trees'))
  return join(directory, 'kernel-trees', names.find((name) => name.startsWith('linux-source')) ?? '')
}
/** Which objects were compiled since this was last asked. */
async function compiled(): Promise<string[]> {
  const file = join(await tree(), 'compiled')
  if (!existsSync(file)) return []
  const names = (await readFile(file, 'utf8')).trim().split('\n')
  await rm(file)
  return names.toSorted()
}

test('a kernel is built, described and not built again', async () => {
  const kernel = await build()
  expect(kernel.release).toMatch(/^9\.9-[0-9a-f]{8}$/)
  expect(await readFile(kernel.config, 'utf8')).toBe('CONFIG_TINY=y\nCONFIG_LAB=y\n')
  expect(await readFile(kernel.symbols ?? '', 'utf8')).toContain(' a\n')
  expect(existsSync(kernel.image) && existsSync(kernel.vmlinux ?? '')).toBe(true)
  expect(await compiled()).toEqual(['a.o', 'b.o'])
  const comment = { path: 'other.config', text: '# the same again\nCONFIG_LAB=y\n' }
  expect(await build({ name: 'again', config: [comment] })).toEqual({ ...kernel, name: 'again' })
  expect(await compiled()).toEqual([])
  expect((await cachedKernels()).map(({ name, release }) => [name, release])).toEqual([
    ['small', kernel.release],
  ])
})

test('only what a patch touches is compiled, when it comes and when it goes', async () => {
  const plain = await build()
  await compiled()
  const a = await build({ patches: [patch('a', 'long a;')] })
  expect(a.release).not.toBe(plain.release)
  expect(await compiled()).toEqual(['a.o'])
  await build({ patches: [patch('a', 'long a;'), patch('b', 'long b;')] })
  expect(await compiled()).toEqual(['b.o'])
  await build({ patches: [patch('b', 'long b;')] })
  expect(await compiled()).toEqual(['a.o'])
  expect(await readFile(join(source, 'a.c'), 'utf8')).toBe('int a;\n')
  expect((await stat(join(source, 'a.c'))).mtimeMs).toBe(1e12)
})

test('an option that is not kept, a patch that does not apply and code that does not compile are told', async () => {
  const dropped = { path: 'more.config', text: 'CONFIG_DROPPED=y\n' }
  await expect(build({ config: [dropped] })).rejects.toMatchObject({
    problems: [
      {
        file: 'more.config',
        line: 1,
        column: 1,
        message: 'the kernel does not keep CONFIG_DROPPED=y: it is not set',
        hint: 'it depends on MOON',
      },
    ],
  })
  await expect(build({ patches: [patch('a', 'x'), patch('a', 'y')] })).rejects.toThrow(
    'a.patch does not apply',
  )
  await expect(build({ patches: [patch('a', 'wrong')] })).rejects.toThrow(/does not build: a\.c:1.*error/)
  await build({ patches: [patch('a', 'char a;')] })
})

test('what a killed build left half done is made again', async () => {
  await build()
  await compiled()
  const place = await tree()
  await writeFile(join(place, 'a.o'), 'half')
  // As kill -9 leaves it: newer than what it is made from, and than the note on how it was made.
  const later = Date.now() / 1000 + 5
  await utimes(join(place, 'a.o'), later, later)
  await utimes(join(place, '.b.o.cmd'), 1.1e9, 1.1e9)
  await utimes(join(place, 'b.o'), 1.1e9, 1.1e9)
  await writeFile(join(place, '.quarry/building'), '')
  await rm(join(directory, 'kernels'), { recursive: true })
  await build()
  expect(await compiled()).toEqual(['a.o'])
})

test('two that build in one tree do it one after another', async () => {
  const [a, b] = await Promise.all([
    build({ patches: [patch('a', 'long a;')] }),
    build({ patches: [patch('b', 'long b;')] }),
  ])
  expect(a.release).not.toBe(b.release)
  const symbols = async (kernel: typeof a): Promise<number> => (await readFile(kernel.vmlinux ?? '')).length
  expect(await symbols(a)).toBeGreaterThan(0)
  expect(told).toHaveBeenCalledWith(expect.stringContaining('waiting for process'))
})
