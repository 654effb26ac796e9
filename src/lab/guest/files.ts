/** Small files of a guest: its agent's second port, seen here as two named pipes that QEMU holds open. */
import { randomBytes } from 'node:crypto'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { EnvironmentError, messageOf } from '../../base/errors.ts'
import { abortReason } from '../../base/abort.ts'
import type { AgentHost } from '../../node/agent-channel.ts'
import type { GuestConnection } from './connection.ts'

/** `path` is that of QEMU's chardev `pipe`; the guest answers what is written to `.in` on `.out`. */
export function guestFiles(path: string, guest: GuestConnection, name: string): AgentHost {
  return {
    gone: guest.gone,
    isAlive: async () => {
      await guest.ping().catch(() => {})
      return !guest.gone.aborted
    },
    isAliveNow: () => !guest.gone.aborted,
    lost: (doing) =>
      new EnvironmentError(
        `lost the guest ${name} while ${doing}: ${guest.gone.aborted ? abortReason(guest.gone).message : 'it does not answer'}`,
        { code: 'QUARRY_GUEST_LOST' },
      ),
    silent: () =>
      new EnvironmentError(`the files of the guest ${name} cannot be read: its agent does not answer`, {
        code: 'QUARRY_GUEST_SILENT',
        remedy: 'is the host short of memory or of processors? The next look tries anew',
      }),
    launch: () => {
      const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants
      let output: number | undefined
      try {
        output = openSync(`${path}.in`, O_WRONLY | O_NONBLOCK)
        const input = openSync(`${path}.out`, O_RDONLY | O_NONBLOCK)
        const descriptors = [input, output]
        // The path of a file that does not exist comes back in the answer, and never in that to anybody else.
        const mark = `k\t/quarry/greeting-${randomBytes(8).toString('hex')}`
        writeSync(output, `\n${mark}\n\n`)
        return {
          input,
          output,
          greeting: Buffer.from(`-1\t${mark}\n`),
          [Symbol.dispose]: () => {
            for (const descriptor of descriptors) closeSync(descriptor)
          },
        }
      } catch (error) {
        if (output !== undefined) closeSync(output)
        throw new EnvironmentError(`cannot reach the guest ${name}: ${messageOf(error)}`, {
          code: 'QUARRY_GUEST_LOST',
        })
      }
    },
  }
}
