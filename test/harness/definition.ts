/** Loads a text with all real components and PromQL, and prints its problems as a terminal would. */
import { formatProblem } from '../../src/base/errors.ts'
import { parsePromql, selectorsOf } from '../../src/evidence/promql/index.ts'
import { createRegistry } from '../../src/plugin/registry.ts'
import { components } from '../../src/plugins/index.ts'
import { loadDefinition, type Loaded, type LoadInput } from '../../src/definition/load.ts'

export const registry = createRegistry(components)

export function load(text: string, options: Partial<Omit<LoadInput, 'text'>> = {}): Loaded {
  return loadDefinition({
    file: 'd.yaml',
    text,
    parameters: {},
    registry,
    validatePromql: (promql) => {
      const parsed = parsePromql(promql)
      return 'problems' in parsed ? parsed.problems : []
    },
    selectorsOf: (promql) => {
      const parsed = parsePromql(promql)
      return 'expr' in parsed ? selectorsOf(parsed.expr) : []
    },
    ...options,
  })
}

/** All problems, one on each line. */
export const problemsOf = (text: string, options?: Partial<Omit<LoadInput, 'text'>>): string =>
  load(text, options).problems.map(formatProblem).join('\n')
