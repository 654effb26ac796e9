/** The agent that reads small files on a machine that ssh reaches: a process there, and named pipes to its ssh here. */
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import { EnvironmentError, messageOf } from '../base/errors.ts'
import type { Agent, AgentHost } from './agent-channel.ts'
import type { SshConnection } from './ssh-connection.ts'
import { scriptLine } from './ssh-destination.ts'

/** `name` tells its pipes in the connection's directory from those of others. */
export function sshAgent(
  connection: SshConnection,
  script: string,
  name: string,
  marks: Readonly<Record<string, string>>,
): AgentHost {
  const { host, gone } = connection
  let count = 0
  return {
    gone,
    isAlive: () => connection.isAlive(),
    isAliveNow: () => connection.isAliveNow(),
    lost: (doing) => connection.lost(doing),
    silent: () =>
      new EnvironmentError(`the files of ${host.destination} cannot be read: nothing there answers`, {
        code: 'QUARRY_SSH_SILENT',
        remedy: 'is the host short of memory or of processors? The next look tries anew',
      }),
    launch: () => {
      count += 1
      return launch(connection, scriptLine(script, marks), join(connection.directory, `${name}-${count}`))
    },
  }
}

function launch(connection: SshConnection, line: string, path: string): Agent {
  const [requests, answers] = [`${path}-requests`, `${path}-answers`]
  try {
    execFileSync('mkfifo', ['-m', '600', requests, answers], { stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (error) {
    throw new EnvironmentError(`cannot make named pipes: ${messageOf(error)}`)
  }
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants
  // In this order nothing waits for the other end, and the end of the agent is seen as the end of the answers.
  const theirInput = openSync(requests, O_RDONLY | O_NONBLOCK)
  const output = openSync(requests, O_WRONLY | O_NONBLOCK)
  const input = openSync(answers, O_RDONLY | O_NONBLOCK)
  const theirOutput = openSync(answers, O_WRONLY)
  const closeOurs = (): void => {
    closeSync(input)
    closeSync(output)
  }
  try {
    const child = connection.open(line, [theirInput, theirOutput, 'ignore'])
    return {
      input,
      output,
      [Symbol.dispose]: () => {
        child.kill('SIGKILL')
        closeOurs()
      },
    }
  } catch (error) {
    closeOurs()
    throw error
  } finally {
    closeSync(theirInput)
    closeSync(theirOutput)
  }
}
