/** `quarry schema`: what a definition may hold, for editors. */
import { definitionJsonSchema } from '../definition/schema.ts'
import { defineCommand } from './command.ts'

/** `quarry schema`. */
export const command = defineCommand({
  arguments: {},
  options: {},
  details: `For an editor with a YAML language server, put this line first in a definition:

  # yaml-language-server: $schema=PATH/docs/schema/definition.schema.json`,
  async run(_values, context) {
    context.printJson(definitionJsonSchema(await context.registry()))
    return 0
  },
})
