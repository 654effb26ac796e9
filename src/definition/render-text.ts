/** Templates that are not definitions, such as manifests, rendered over plain values by the same rules. */
import { UserError } from '../base/errors.ts'
import { lineTable } from './position.ts'
import { createProblems } from './problems/problems.ts'
import { treeOf } from './resolve.ts'
import { renderTemplate } from './template.ts'

/** The rendered text. Throws a UserError that says everything that is wrong, with lines of the template. */
export function renderText(template: string, values: Readonly<Record<string, unknown>>): string {
  const problems = createProblems()
  const lines = lineTable('template', template)
  const scope = treeOf(values)
  if (scope.type !== 'map') throw new Error('the values of a template are a map')
  const rendered = renderTemplate(template, scope, ({ start }, message) => {
    problems.add(lines.at(start), message)
  })
  if (rendered !== undefined && problems.count === 0) return rendered.text
  const found = problems.list().map(({ line, column, message }) => `${line}:${column}: ${message}`)
  throw new UserError(`the template cannot be rendered: ${found.join('; ')}`, { code: 'QUARRY_TEMPLATE' })
}
