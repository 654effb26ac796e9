/** Where an ssh node is, and the words that take OpenSSH there: the user's own configuration decides all the rest. */
import type { SshDestination } from '../plugin/undo.ts'

/**
 * Never a question to a terminal; a connection that says nothing for 15 s is lost: ssh asks after 5 s and 10 s, and gives
 * up when it would ask for the third time (server_alive_check in clientloop.c).
 */
const ALWAYS = ['BatchMode=yes', 'ServerAliveInterval=5', 'ServerAliveCountMax=2', 'ConnectTimeout=20']

/** Arguments for ssh, the destination last, without a command. */
export function sshArguments(host: SshDestination, options: readonly string[] = []): string[] {
  const { destination, port, user, identity, config, strictHostKeyChecking } = host
  const strict = strictHostKeyChecking === undefined ? [] : [`StrictHostKeyChecking=${strictHostKeyChecking}`]
  return [
    ...(config === undefined ? [] : ['-F', config]),
    '-T',
    ...[...options, ...ALWAYS, ...strict].flatMap((option) => ['-o', option]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(identity === undefined ? [] : ['-i', identity]),
    '--',
    destination,
  ]
}

/** What a person types to try the same. */
export function sshCommandLine(host: SshDestination): string {
  const { destination, port, user, identity, config } = host
  const words = [
    ...(config === undefined ? [] : ['-F', config]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(identity === undefined ? [] : ['-i', identity]),
    destination,
  ]
  return `ssh ${words.join(' ')}`
}

/** Whether ssh would take it for a destination, and neither ssh nor a shell for anything else. */
export const isDestination = (text: string): boolean =>
  /^[^\s\p{C}'"`$&|;<>()\\-][^\s\p{C}'"`$&|;<>()\\]*$/u.test(text)

/**
 * A command line for the login shell of the other side, whichever that is, that has sh run a script. It is not secret:
 * it is seen by `ps` on both sides.
 */
export function scriptLine(script: string, marks: Readonly<Record<string, string>> = {}): string {
  const encoded = Buffer.from(script).toString('base64')
  return `${prefix(marks)} sh -c 'eval "$(printf %s "$0" | base64 -d)"' ${encoded}`
}

/** The same for a script that comes on standard input, after a line with its length; what follows is its input. */
export const hiddenScriptLine = (marks: Readonly<Record<string, string>>): string =>
  `${prefix(marks)} sh -c 'IFS= read -r n; eval "$(head -c "$n")"'`

/** What `hiddenScriptLine` reads. */
export const hiddenScript = (script: string): string => `${Buffer.byteLength(script)}\n${script}`

const prefix = (marks: Readonly<Record<string, string>>): string =>
  ['exec env', ...Object.entries(marks).map(([name, value]) => `${name}=${value}`)].join(' ')
