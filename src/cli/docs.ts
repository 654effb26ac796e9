/** `quarry docs`: the reference, as generated from the components that this Quarry has. */
import { UserError } from '../base/errors.ts'
import { defineCommand } from './command.ts'
import { referencePages } from './reference/pages.ts'

/** `quarry docs`. */
export const command = defineCommand({
  arguments: { page: { summary: 'print only this page, such as `collectors`', optional: true } },
  options: {},
  details: 'Without a page all are printed, as Markdown. The same text is below docs/reference/.',
  async run({ page }, context) {
    const all = await referencePages(await context.registry())
    const pages = all.filter(({ name }) => (page === undefined ? name !== 'README' : name === page))
    if (pages.length === 0) {
      const names = all.map(({ name }) => name).filter((name) => name !== 'README')
      throw new UserError(`there is no page called ${page}; there are ${names.join(', ')}`)
    }
    if (context.json) context.printJson({ pages })
    else for (const { text } of pages) context.print(text.trimEnd())
    return 0
  },
})
