import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { hiddenScript, hiddenScriptLine, isDestination, scriptLine, sshArguments } from './ssh-destination.ts'

const through = (shell: string, line: string, input = ''): string =>
  // Not with what this user's own shell does at its start.
  execFileSync(shell, ['-c', line], {
    encoding: 'utf8',
    input,
    env: { PATH: process.env['PATH'] ?? '', HOME: '/' },
  })

test.for(['sh', 'bash'])(
  'a script survives the login shell %s, and has the marks in its environment',
  (shell) => {
    const script = 'printf "%s;" "$QUARRY_NODE" \'a "b" $c\' "`echo d`"; cat'
    const marks = { QUARRY_NODE: '/tmp/quarry-x' }
    const said = '/tmp/quarry-x;a "b" $c;d;'
    expect(through(shell, scriptLine(script, marks), 'input')).toBe(`${said}input`)
    expect(through(shell, hiddenScriptLine(marks), `${hiddenScript(script)}input`)).toBe(`${said}input`)
  },
)

test('the script that comes on standard input is measured in bytes', () => {
  expect(through('sh', hiddenScriptLine({}), `${hiddenScript('echo "ü€"; cat')}ß`)).toBe('ü€\nß')
})

test('ssh gives a silent connection up after 15 s, and takes no destination for an option', () => {
  const words = sshArguments({ destination: 'host', port: 22, user: 'me' })
  expect(words.join(' ')).toContain('-o ServerAliveInterval=5 -o ServerAliveCountMax=2')
  expect(words.slice(-2)).toEqual(['--', 'host'])
  const taken = ['host', 'me@host', 'ssh://me@host:22', 'fe80::1%eth0'].filter(isDestination)
  expect(taken).toHaveLength(4)
  const refused = ['', '-oProxyCommand=id', 'a b', 'a;b', '$(id)', 'a\nb', "a'b"].filter(isDestination)
  expect(refused).toEqual([])
})
