/** Executing a definition from the command line: progress while it goes on, a summary when it has ended. */
import { run } from '../engine/run.ts'
import type { Definition } from '../model/definition.ts'
import type { RunResult } from '../model/run.ts'
import { exitCodes } from '../model/verdict.ts'
import type { Registry } from '../plugin/registry.ts'
import { writePerformanceReport } from '../report/performance/write.ts'
import { writeCaseFiles } from '../report/write.ts'
import type { CommandContext } from './command.ts'
import { liveProgress } from './progress/live.ts'
import { plainProgress } from './progress/plain.ts'
import { readSecrets } from './secrets.ts'
import { summaryOf } from './summary.ts'

export interface ExecuteOptions {
  readonly registry: Registry
  readonly root: string
  /** File of secrets, if there is one. */
  readonly secrets: string | undefined
  readonly watch: boolean
  /** Climbs the ladder once, at the beginning. */
  readonly capture: boolean
  /** Shown instead of the live view when standard error is a terminal. */
  readonly plain: boolean
}

/** Runs it, prints the result and gives the exit code. */
export async function execute(
  definition: Definition,
  options: ExecuteOptions,
  context: CommandContext,
): Promise<number> {
  const { registry, root, watch, capture, plain } = options
  const secrets = readSecrets(options.secrets)
  let result: RunResult
  {
    using progress =
      process.stderr.isTTY && !plain ? liveProgress(process.stderr) : plainProgress(context.progress)
    const report = (directory: string): Promise<void> => writeCaseFiles(directory)
    const { signal } = context
    result = await run(definition, {
      registry,
      root,
      watch,
      capture,
      secrets,
      report,
      performance: writePerformanceReport,
      signal,
      progress: progress.take,
    })
  }
  if (context.json) context.printJson(result)
  else context.print(summaryOf(result))
  return exitCodes[result.verdict]
}
