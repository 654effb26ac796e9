/** Root file systems of guests, built from Debian's packages by the tools that users have; small ones. */
import { mkdtemp, mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProcess, startProcess } from '../../src/base/process.ts'
import { hostSuite } from '../../src/lab/image/apt-sources.ts'
import { buildImage, TREE } from '../../src/lab/image/build.ts'

const { signal } = new AbortController()
let directory: string
let suite: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-test-image-'))
  suite = await hostSuite()
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const place = async (name: string): Promise<string> => {
  await mkdir(join(directory, name))
  return join(directory, name)
}

/** Names in a directory of an image. */
async function listed(image: string, path: string): Promise<string[]> {
  const { stdout } = await runProcess(['debugfs', '-R', `ls -p ${path}`, image])
  const names = stdout.split('\n').map((line) => line.split('/')[5] ?? '')
  return names.filter((name) => !['', '.', '..', 'lost+found'].includes(name)).toSorted()
}

const installed = async (made: string): Promise<string[]> =>
  (await readFile(join(made, 'packages'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')

test('an image holds its packages and nothing of this host, and others begin with its tree', async () => {
  const steps: string[] = []
  const base = await place('base')
  const progress = (step: string): void => void steps.push(step)
  await buildImage({ directory: base, suite, packages: ['iproute2'], signal, progress })

  const image = join(base, 'root.ext4')
  expect((await readdir(base)).toSorted()).toEqual(['packages', 'root.ext4', TREE])
  expect((await runProcess(['e2fsck', '-fn', image])).exitCode).toBe(0)
  expect(await listed(image, '/')).toEqual(expect.arrayContaining(['etc', 'lab', 'usr', 'var']))
  for (const path of ['/proc', '/sys', '/dev', '/tmp', '/mnt', '/lab']) {
    expect([path, await listed(image, path)]).toEqual([path, []])
  }
  expect(await listed(image, '/etc')).not.toContain('resolv.conf')
  expect(await listed(image, '/etc/apt/sources.list.d')).toEqual([])
  expect(await listed(image, '/usr/share/doc')).toEqual([])
  expect(await installed(base)).toEqual(expect.arrayContaining(['bash', 'iproute2']))
  expect(steps).toContain('writing the file system')

  const more = await place('more')
  const tree = join(base, TREE)
  await buildImage({ directory: more, suite, base: tree, packages: ['netcat-openbsd'], signal, progress })
  expect(await installed(more)).toEqual(expect.arrayContaining(['iproute2', 'netcat-openbsd']))
  expect(await readdir(more)).not.toContain(TREE)

  const unknown = buildImage({
    directory: await place('unknown'),
    suite,
    base: tree,
    packages: ['no-such-package'],
    signal,
    progress,
  })
  await expect(unknown).rejects.toMatchObject({
    name: 'EnvironmentError',
    message: expect.stringContaining('Unable to locate package no-such-package'),
    remedy: 'apt-cache search no-such-package shows how the package is called',
  })
})

/** Whether a process, of whatever mount namespace, has something mounted in the directory. */
const isMounted = (path: string): boolean =>
  readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return readFileSync(`/proc/${pid}/mounts`, 'utf8').includes(path)
    } catch {
      return false
    }
  })

test('a build that is killed leaves neither processes nor mounts', async () => {
  const killed = await place('killed')
  const module = new URL('../../src/lab/image/build.ts', import.meta.url).href
  const script = `
import { buildImage } from '${module}'
const { signal } = new AbortController()
const options = { directory: '${killed}', suite: '${suite}', packages: ['iproute2'], signal }
await buildImage({ ...options, progress: console.log })`
  const command = [process.execPath, '--input-type=module', '--eval', script]
  await using building = await startProcess(command, { signal })
  let said = ''
  for await (const chunk of building.stdout) {
    said += Buffer.from(chunk).toString()
    if (said.includes('extracting')) break
  }
  expect(isMounted(killed)).toBe(true)
  process.kill(building.pid, 'SIGKILL')
  await expect.poll(() => isMounted(killed), { timeout: 60_000 }).toBe(false)
  await rm(killed, { recursive: true })
})
