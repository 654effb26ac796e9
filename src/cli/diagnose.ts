import { diagnoseRun } from '../engine/diagnose-run.ts'
import { resultOf } from '../engine/run.ts'
import { exitCodes } from '../model/verdict.ts'
import { writeCaseFiles } from '../report/write.ts'
import { defaultRunsRoot, findRun, readRunRecord } from '../store/run-directory.ts'
import { runFiles } from '../store/run-files.ts'
import { defineCommand } from './command.ts'
import { summaryOf } from './summary.ts'

export const command = defineCommand({
  arguments: { run: { summary: 'run directory, id, beginning of an id, or `last`' } },
  options: { runs: { value: 'directory', summary: 'where run directories are; ./runs, or QUARRY_RUNS' } },
  details: `Evidence to findings again: after an upgrade, with new precedents, or for a run whose process was killed.
Rewrites findings.json and the case file; the evidence is not touched.`,
  run: async ({ run, runs }, context) => {
    const directory = await findRun(run, runs ?? defaultRunsRoot())
    const record = await readRunRecord(directory)
    const result = resultOf(record, directory, await diagnoseRun(directory, record))
    const files = runFiles(directory, (error) => {
      throw error
    })
    files.write('findings.json', `${JSON.stringify(result, null, 2)}\n`)
    await writeCaseFiles(directory)
    if (context.json) context.printJson(result)
    else context.print(summaryOf(result))
    return exitCodes[result.verdict]
  },
})
