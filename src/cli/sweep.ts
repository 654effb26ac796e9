import { sweep } from '../engine/sweep.ts'
import { exitCodes } from '../model/verdict.ts'
import { defineCommand } from './command.ts'

export const command = defineCommand({
  arguments: {},
  options: {},
  details: `Undoes whatever runs left behind whose process is gone (kill -9, a crash, a lost terminal): processes,
mounts, files, stopped targets, trace switches. Runs that are alive are left alone. Doing it twice does no harm.`,
  run: async (_values, context) => {
    const swept = await sweep()
    if (context.json) context.printJson({ runs: swept })
    else if (swept.length === 0) context.print('nothing to sweep: every run has ended by itself')
    for (const { run, status, sentences } of context.json ? [] : swept) {
      context.print(`${run}: ${status === 'alive' ? 'still runs; left alone' : status}`)
      for (const sentence of sentences) context.print(`  ${sentence}`)
    }
    return swept.some(({ status }) => status === 'failed') ? exitCodes.fail : exitCodes.pass
  },
})
