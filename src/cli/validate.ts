/** `quarry validate`: every problem of a definition, without running anything. */
import { formatProblem } from '../base/errors.ts'
import { exitCodes } from '../model/verdict.ts'
import { defineCommand, parameterOption } from './command.ts'
import { checkDefinition } from './definition-file.ts'

/** `quarry validate`. */
export const command = defineCommand({
  arguments: { definition: { summary: 'the YAML file; `-` is standard input' } },
  options: { parameter: parameterOption },
  details: `Prints nothing but problems, one a line as file:line:column: message; hint.
The exit code is 0 when there are none, else 64.`,
  async run({ definition: file, parameter }, context) {
    const { problems } = await checkDefinition({
      file,
      parameters: parameter,
      registry: await context.registry(),
      signal: context.signal,
    })
    if (context.json) context.printJson({ problems })
    else for (const problem of problems) context.print(formatProblem(problem))
    return problems.length === 0 ? exitCodes.pass : exitCodes.usage
  },
})
