import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { installCommand, installPackages } from './apt.ts'

test('what is there already is left as it is, and no policy is left behind', async () => {
  const policy = existsSync('/usr/sbin/policy-rc.d')
  const lines: string[] = []
  const result = await installPackages(['bash'], {
    progress: (line) => lines.push(line),
    signal: new AbortController().signal,
  })
  expect(result).toEqual({ installed: [], failed: [], disabled: [] })
  expect(lines[0]).toBe('apt-get install -y --no-install-recommends --no-upgrade bash')
  expect(existsSync('/usr/sbin/policy-rc.d')).toBe(policy)
})

test('an abort ends it with its reason', async () => {
  const controller = new AbortController()
  controller.abort(new Error('aborted by the user'))
  const options = { progress: () => {}, signal: controller.signal }
  await expect(installPackages(['bash'], options)).rejects.toThrow('aborted by the user')
})

test('the command for those who have to type it', () => {
  expect(installCommand(['gdb', 'strace'])).toBe('apt-get install -y gdb strace')
})
