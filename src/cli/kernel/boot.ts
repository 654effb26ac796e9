/** `quarry kernel boot`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { UserError } from '../../base/errors.ts'
import { exitCodes } from '../../model/verdict.ts'
import { openLedger } from '../../node/ledger.ts'
import type { Node } from '../../plugin/node.ts'
import { createRunDirectory, newRunId } from '../../store/run-directory.ts'
import { defineCommand } from '../command.ts'

export const command = defineCommand({
  arguments: {
    kernel: { summary: 'a kernel of Debian, or a file that says how to build one, as the property `kernel`' },
  },
  options: {
    cpus: { value: 'number', summary: 'processors; 1' },
    memory: { value: 'size', summary: 'memory; 512M' },
    package: { value: 'name', many: true, summary: 'Debian package to have in it; may be repeated' },
    append: { value: 'text', summary: 'added to the command line of the kernel' },
    run: { value: 'script', summary: 'runs this with sh instead of a shell for you' },
    fresh: { summary: 'boot it, and do not go on from a snapshot' },
  },
  details: `A shell in a guest with that kernel, fetched or built when it is not there. The guest is thrown away
when the shell ends; its console is told then. The exit code is that of the shell.`,
  async run({ kernel, cpus, memory, package: packages, append, run: script, fresh }, context) {
    const provisioner = (await context.registry()).get('provisioner', 'vm')
    if (provisioner === undefined) throw new Error('there is no provisioner vm')
    const given = provisioner.properties.safeParse({
      kernel,
      packages,
      ...(cpus === undefined ? {} : { cpus: Number(cpus) }),
      ...(memory === undefined ? {} : { memory }),
      ...(append === undefined ? {} : { kernel_arguments: append }),
      ...(process.getuid?.() === 0 ? {} : { networks: [] }),
      start: fresh ? 'boot' : 'snapshot',
    })
    if (!given.success) {
      throw new UserError(
        given.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
      )
    }
    const { signal, progress } = context
    await using stack = new AsyncDisposableStack()
    const root = await mkdtemp(join(tmpdir(), 'quarry-boot-'))
    stack.defer(() => rm(root, { recursive: true, force: true }))
    const directory = await createRunDirectory(root, newRunId('boot', new Date()), (error) => {
      throw error
    })
    // After the ledger has been settled: what is left then is for a sweep.
    stack.defer(() => directory.close())
    const ledger = stack.use(openLedger(directory.file('undo.jsonl'), directory.id, progress))
    await directory.register()
    await ledger.record({ type: 'path', path: root })
    await ledger.record({ type: 'processes', run: directory.id })
    const guests = stack.use(
      await provisioner.provision(
        {
          run: directory.id,
          group: 'guest',
          count: 1,
          directory: directory.file('nodes'),
          definitionDirectory: process.cwd(),
          ledger,
          signal,
          note: progress,
        },
        given.data,
      ),
    )
    const [node] = guests.nodes
    if (node === undefined) throw new Error('no guest was made')
    return script === undefined ? await shell(node) : await inGuest(node, ['sh', '-c', script])
  },
})

/** A terminal in the guest at this one. */
async function shell(node: Node): Promise<number> {
  const { stdin, stdout } = process
  const { columns, rows } = stdout
  if (!stdin.isTTY) return await inGuest(node, ['sh'])
  stdin.setRawMode(true)
  try {
    const size = `stty rows ${rows} columns ${columns}`
    return await inGuest(node, ['script', '-qec', `${size}; exec bash -i`, '/dev/null'])
  } finally {
    stdin.setRawMode(false)
    stdin.unref()
  }
}

async function inGuest(node: Node, command: readonly string[]): Promise<number> {
  const input = new PassThrough()
  process.stdin.pipe(input)
  await using running = await node.spawn(command, {
    input,
    cwd: '/root',
    env: { TERM: process.env['TERM'] ?? 'dumb' },
  })
  const copy = async (from: AsyncIterable<Uint8Array>, to: NodeJS.WritableStream): Promise<void> => {
    for await (const chunk of from) to.write(chunk)
  }
  await Promise.all([copy(running.stdout, process.stdout), copy(running.stderr, process.stderr)])
  const { exitCode } = await running.done
  process.stdin.unpipe(input)
  process.stdin.pause()
  return exitCode ?? exitCodes.unknown
}
