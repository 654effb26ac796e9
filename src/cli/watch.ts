import { defaultRunsRoot } from '../store/run-directory.ts'
import { defineCommand, parameterOption } from './command.ts'
import { readDefinition } from './definition-file.ts'
import { execute } from './execute.ts'
import { secretsOption } from './secrets.ts'

export const command = defineCommand({
  arguments: { definition: { summary: 'YAML file whose workload, if any, runs beside the world' } },
  options: {
    parameter: parameterOption,
    runs: { value: 'directory', summary: 'where run directories go; ./runs, or QUARRY_RUNS' },
    secrets: secretsOption,
    plain: { summary: 'plain lines of progress, also on a terminal' },
  },
  details: `A run whose workload is the world: it observes until Ctrl-C, or until a symptom that says \`stop\` shows.
Nothing is ever installed on a watched host: \`quarry doctor\` tells what its collectors lack.`,
  run: async ({ definition: file, parameter, runs, secrets, plain }, context) => {
    const { definition, registry } = await readDefinition({
      file,
      parameters: parameter,
      registry: await context.registry(),
      requireWorkload: false,
      signal: context.signal,
    })
    const root = runs ?? defaultRunsRoot()
    return await execute(definition, { registry, root, secrets, watch: true, capture: false, plain }, context)
  },
})
