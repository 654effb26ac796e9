import { defaultRunsRoot } from '../store/run-directory.ts'
import { defineCommand, parameterOption } from './command.ts'
import { readDefinition } from './definition-file.ts'
import { execute } from './execute.ts'
import { installNeeded } from './install.ts'
import { secretsOption } from './secrets.ts'

export const command = defineCommand({
  arguments: { definition: { summary: 'YAML file; - is standard input' } },
  options: {
    parameter: parameterOption,
    runs: { value: 'directory', summary: 'where run directories go; ./runs, or QUARRY_RUNS' },
    asIs: { summary: 'install nothing: go without the collectors whose tools are missing' },
    secrets: secretsOption,
    plain: { summary: 'plain lines of progress, also on a terminal' },
  },
  details: `Executes a definition once: provisions, runs the workload, climbs the ladder when a symptom shows,
diagnoses, and writes a case file. As root on Debian, the packages of missing tools are installed first.
The first Ctrl-C aborts, collects and reports; the second ends at once (see \`quarry sweep\`).`,
  run: async ({ definition: file, parameter, runs, secrets, asIs, plain }, context) => {
    const { definition, registry } = await readDefinition({
      file,
      parameters: parameter,
      registry: await context.registry(),
      signal: context.signal,
    })
    if (!asIs) await installNeeded(definition, registry, context)
    const root = runs ?? defaultRunsRoot()
    return await execute(
      definition,
      { registry, root, secrets, watch: false, capture: false, plain },
      context,
    )
  },
})
