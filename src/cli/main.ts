/** The command line: finds the verb, parses its words, runs it, and turns whatever was thrown into an exit code. */
import { writeFileSync } from 'node:fs'
import { quarryVersion } from '../engine/version.ts'
import { exitCodes } from '../model/verdict.ts'
import { createRegistry } from '../plugin/registry.ts'
import type { CommandContext } from './command.ts'
import { explain, type Explanation } from './explain.ts'
import { endWithParent } from './parent.ts'
import type { Invocation } from './program.ts'

async function main(words: readonly string[]): Promise<number> {
  // Set by ./quarry for this process; systems under test shall not see it.
  delete process.env['NODE_COMPILE_CACHE']
  survivePipes()
  nameProcess()
  const json = words.includes('--json')
  const abort = abortOnSignals()
  endWithParent(abort)
  try {
    if (words[0] === '--version' && words.length === 1) {
      process.stdout.write(`${quarryVersion}\n`)
      return exitCodes.pass
    }
    // Commander takes longer than all of the above.
    const { buildProgram } = await import('./program.ts')
    let invocation: Invocation | undefined
    const program = await buildProgram(words, (chosen) => (invocation = chosen))
    await program.parseAsync(words, { from: 'user' })
    if (invocation === undefined) return exitCodes.pass
    return await invocation.command.run(invocation.values, createContext(json, abort.signal))
  } catch (error) {
    // Commander has printed the help, or what is wrong with the words.
    if (isCommanderError(error)) {
      if (error.exitCode === 0) return exitCodes.pass
      if (json) printError({ code: 'QUARRY_USAGE', message: error.message })
      return exitCodes.usage
    }
    const { exitCode, text, object } = explain(error, abort.signal)
    process.stderr.write(`${text}\n`)
    if (json) printError(object)
    return exitCode
  }
}

const printError = (error: Explanation['object']): void =>
  void process.stdout.write(`${JSON.stringify({ error }, null, 2)}\n`)

const isCommanderError = (error: unknown): error is Error & { readonly exitCode: number } =>
  error instanceof Error && error.name === 'CommanderError'

function createContext(json: boolean, signal: AbortSignal): CommandContext {
  return {
    json,
    signal,
    registry: async () => createRegistry((await import('../plugins/index.ts')).components),
    print: (text) => void process.stdout.write(`${text}\n`),
    printJson: (value) => void process.stdout.write(`${JSON.stringify(value, plainInteger, 2)}\n`),
    progress: (line) => void process.stderr.write(`${line}\n`),
  }
}

const plainInteger = (_key: string, value: unknown): unknown => {
  if (typeof value !== 'bigint') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

/** In process lists, and in the evidence, where diagnosis knows the observer by it. `process.title` would hide the words typed. */
function nameProcess(): void {
  try {
    writeFileSync('/proc/self/comm', 'quarry')
  } catch {
    // Then it is called after Node's main thread.
  }
}

/** A reader that has gone, as in `quarry ... | head`, is no error and must not end a run. */
function survivePipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
    })
  }
}

function abortOnSignals(): AbortController {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        process.stderr.write('ended at once; `quarry sweep` undoes what is left\n')
        process.exit(exitCodes.unknown)
      }
      controller.abort(new Error(name === 'SIGINT' ? 'aborted by the user' : `aborted by ${name}`))
    })
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error) => {
      const { text, exitCode } = explain(error, controller.signal)
      process.stderr.write(`${text}\n`)
      process.exit(exitCode)
    })
  }
  return controller
}

process.exitCode = await main(process.argv.slice(2))
// Whatever a command forgot to close must not keep the terminal waiting; what was printed is on its way first.
for (const stream of [process.stdout, process.stderr]) {
  if (!stream.writable || stream.writableLength === 0) continue
  await new Promise((resolve) => {
    for (const event of ['drain', 'error', 'close']) stream.once(event, resolve)
  })
}
// A write that was refused, as on a full disk, is told in the next turn.
await new Promise((resolve) => setImmediate(resolve))
process.exit()
