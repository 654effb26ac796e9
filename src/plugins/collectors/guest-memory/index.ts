import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import { defineCollector } from '../../../plugin/define.ts'

export default defineCollector({
  id: 'guest-memory',
  summary: 'The memory of a guest as an ELF core, for crash(8) or gdb, with its kernel beside it',
  shows: 'everything, to whoever has the debug symbols of the kernel',
  needs: [{ type: 'machine' }],
  // The guest stands still meanwhile; its clock goes on.
  tier: 'stop',
  tables: [],
  inDefaultLadder: false,
  onReference: false,
  fromOutside: true,
  properties: z.strictObject({}),
  async collect(context) {
    const { machine, name } = context.node
    if (machine === undefined) throw new EnvironmentError(`${name} is no virtual machine`)
    // On the file system of the run: a file for temporary files may be as large as the memory, and in memory itself.
    const file = `${machine.console}.memory`
    try {
      await machine.execute('dump-guest-memory', { paging: false, protocol: `file:${file}` })
      await context.ingest('memory.elf', createReadStream(file))
    } finally {
      await rm(file, { force: true })
    }
  },
})
