import { compare } from '../engine/compare.ts'
import { openSide, parseSide } from '../engine/side.ts'
import type { Side } from '../engine/side.ts'
import { exitCodes } from '../model/verdict.ts'
import { writeCaseFiles } from '../report/write.ts'
import { defaultRunsRoot, findRun } from '../store/run-directory.ts'
import { defineCommand } from './command.ts'
import { summaryOf } from './summary.ts'

export const command = defineCommand({
  arguments: {
    sick: { summary: 'RUN, RUN#CAPTURE, RUN@GROUP/N or RUN~FROM..TO' },
    healthy: { summary: 'the same, of the side it is held against' },
  },
  options: { runs: { value: 'directory', summary: 'where run directories are; ./runs, or QUARRY_RUNS' } },
  details: `Sick against healthy: two runs, two captures, two nodes or two windows of time, as in

  quarry compare 20261121-0300 20261120-0300         two nights
  quarry compare last#sick-1 last#cured-1            before and after a cure
  quarry compare last@server/2 last@server/1         a node and its peer
  quarry compare last~60s..90s last~0s..30s          two windows of one run

The exit code is 1 when a difference is sure, 0 when there is none, 2 when a side has no evidence.`,
  run: async ({ sick, healthy, runs }, context) => {
    const root = runs ?? defaultRunsRoot()
    const open = async (text: string, role: 'sick' | 'reference'): Promise<Side> => {
      const words = parseSide(text)
      return await openSide(words, await findRun(words.run, root), role)
    }
    const result = await compare(
      await open(sick, 'sick'),
      await open(healthy, 'reference'),
      root,
      writeCaseFiles,
    )
    if (context.json) context.printJson(result)
    else context.print(summaryOf(result))
    return exitCodes[result.verdict]
  },
})
