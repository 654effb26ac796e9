import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runProcess } from '../../base/process.ts'
import { unpackArchive } from './apt.ts'
import { takeKernel } from './debian.ts'
import { readKernel } from './kernel.ts'

const { signal } = new AbortController()
const release = '6.1.0-99-cloud-amd64'
let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-debian-test-'))
})
afterEach(() => rm(directory, { recursive: true }))

/** A package such as Debian's, with modules below `modules`, or none. */
async function makePackage(modules: string | undefined): Promise<string> {
  const root = join(directory, 'root')
  const files: Record<string, string> = {
    'DEBIAN/control': `Package: linux-image-${release}\nVersion: 1\nArchitecture: amd64\nMaintainer: x <x@y>\nDescription: x\n`,
    [`boot/vmlinuz-${release}`]: 'image',
    [`boot/config-${release}`]: 'CONFIG_SMP=y\n',
    [`boot/System.map-${release}`]: 'ffffffffffffffff B The real System.map is elsewhere\n',
    ...(modules === undefined ? {} : { [`${modules}/${release}/modules.builtin`]: 'kernel/fs/ext4.ko\n' }),
    ...(modules === undefined ? {} : { [`${modules}/${release}/modules.order`]: '' }),
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(root, name, '..'), { recursive: true })
    await writeFile(join(root, name), text)
  }
  const archive = join(directory, 'kernel.deb')
  const built = await runProcess(['dpkg-deb', '--root-owner-group', '-b', root, archive])
  expect(built.stderr).toBe('')
  return archive
}

test.each(['lib/modules', 'usr/lib/modules', undefined])(
  'a kernel is taken out of its package: %s',
  async (modules) => {
    const unpacked = join(directory, 'unpacked')
    const place = join(directory, 'kernel')
    await mkdir(unpacked)
    await mkdir(place)
    await unpackArchive(await makePackage(modules), unpacked, signal)
    await takeKernel(unpacked, place, release, signal)
    const kernel = await readKernel(place)
    expect(kernel).toEqual({
      name: release,
      release,
      image: join(place, 'vmlinuz'),
      config: join(place, 'config'),
      key: 'kernel',
      ...(modules === undefined ? {} : { modules: place }),
    })
    expect(await readFile(kernel.image, 'utf8')).toBe('image')
    if (modules !== undefined)
      expect(await readdir(join(place, 'lib/modules', release))).toContain('modules.dep.bin')
  },
)

test('what is no package is told', async () => {
  await writeFile(join(directory, 'bad.deb'), 'not a package')
  await expect(unpackArchive(join(directory, 'bad.deb'), directory, signal)).rejects.toThrow('dpkg-deb')
})
