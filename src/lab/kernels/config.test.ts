import { expect, test } from 'vitest'
import { UserError } from '../../base/errors.ts'
import { assignmentsOf, checkConfig, configText } from './config.ts'

const fragment = (text: string, path = 'lab.config'): { path: string; text: string } => ({ path, text })

test('the last word on an option holds, and comments change nothing', () => {
  const first = fragment('# why\nCONFIG_SWAP=y\nCONFIG_HZ=250\n')
  const second = fragment('# CONFIG_SWAP is not set\n', 'more.config')
  expect(configText(assignmentsOf([first, second]))).toBe('# CONFIG_SWAP is not set\nCONFIG_HZ=250\n')
})

test('a line that is no option is told with its place', () => {
  expect(() => assignmentsOf([fragment('CONFIG_A=y\nSWAP=y\n')])).toThrow(UserError)
  expect(problemsOf(() => assignmentsOf([fragment('CONFIG_A=y\nSWAP=y\n')]))).toEqual([
    {
      file: 'lab.config',
      line: 2,
      column: 1,
      message: "`SWAP=y` is no line of a kernel's configuration",
      hint: 'such as `CONFIG_EXT4_FS=y` or `# CONFIG_SWAP is not set`',
    },
  ])
})

const kconfig = `
config EXT4_FS
	tristate "The Extended 4 (ext4) filesystem"
	depends on BLOCK
	select JBD2

config JBD2
	tristate
`

test('an option that the kernel does not keep is told, with the reason', () => {
  const wanted = assignmentsOf([
    fragment('CONFIG_EXT4_FS=y\nCONFIG_JBD2=y\nCONFIG_EXT4_SF=y\nCONFIG_HZ=250\n# CONFIG_NONE is not set\n'),
  ])
  const problems = problemsOf(() => checkConfig(wanted, 'CONFIG_HZ=100\n', () => [kconfig]))
  expect(problems.map(({ line, message, hint }) => `${line}: ${message}; ${hint}`)).toEqual([
    '1: the kernel does not keep CONFIG_EXT4_FS=y: it is not set; it depends on BLOCK',
    '2: the kernel does not keep CONFIG_JBD2=y: it is not set; it cannot be set by hand: other options select it',
    '3: the kernel does not keep CONFIG_EXT4_SF=y: it is not set; this source has no option CONFIG_EXT4_SF; did you mean CONFIG_EXT4_FS?',
    '4: the kernel does not keep CONFIG_HZ=250: it is `100`; this source has no option CONFIG_HZ',
  ])
})

test('a configuration that keeps all is fine', () => {
  const wanted = assignmentsOf([fragment('CONFIG_A=y\n# CONFIG_B is not set\n')])
  checkConfig(wanted, 'CONFIG_A=y\n# CONFIG_C is not set\n', () => [])
})

function problemsOf(act: () => unknown): UserError['problems'] {
  try {
    act()
  } catch (error) {
    if (error instanceof UserError) return error.problems
  }
  throw new Error('nothing was wrong')
}
