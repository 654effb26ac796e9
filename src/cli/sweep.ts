import { sweep, sweepKept } from '../engine/sweep.ts'
import { exitCodes } from '../model/verdict.ts'
import { keptGroups } from '../store/kept-groups.ts'
import { defineCommand } from './command.ts'

export const command = defineCommand({
  arguments: {},
  options: { kept: { summary: 'also take down the node groups that runs kept for later ones' } },
  details: `Undoes whatever runs left behind whose process is gone (kill -9, a crash, a lost terminal): processes,
mounts, files, stopped targets, trace switches. Runs that are alive are left alone. Doing it twice does no harm.
Node groups that a definition keeps (mark_for_reuse, runlevel.final) stand until --kept.`,
  run: async ({ kept: also }, context) => {
    const swept = [...(await sweep()), ...(also ? await sweepKept() : [])]
    const kept = keptGroups()
    if (context.json) context.printJson({ runs: swept, kept })
    else if (swept.length === 0) context.print('nothing to sweep: every run has ended by itself')
    for (const { run, status, sentences } of context.json ? [] : swept) {
      context.print(`${run}: ${status === 'alive' ? 'still runs; left alone' : status}`)
      for (const sentence of sentences) context.print(`  ${sentence}`)
    }
    for (const { cluster, group, provisioner, level, since } of context.json ? [] : kept) {
      context.print(
        `${cluster}: ${group} on ${provisioner} kept at ${level} since ${since}; --kept takes it down`,
      )
    }
    return swept.some(({ status }) => status === 'failed') ? exitCodes.fail : exitCodes.pass
  },
})
