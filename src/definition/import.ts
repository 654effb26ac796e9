/** A definition that is nothing but the address of another one: `yaml_url: https://...`. */
import type { Problem } from '../base/errors.ts'
import { limits } from './limits.ts'
import { lineTable } from './position.ts'
import { createProblems } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import { splitText } from './split.ts'
import { parseYaml } from './yaml.ts'

export interface Import {
  /** There when there are no problems. */
  readonly url?: string
  readonly problems: readonly Problem[]
}

const KEY = 'yaml_url'

/** What a text imports; undefined for an ordinary definition. Nothing is fetched. */
export function importOf(file: string, text: string): Import | undefined {
  if (text.length > limits.source) return undefined
  const { defaults, definition } = splitText(text)
  if (!definition.text.startsWith(`${KEY}: `)) return undefined
  const problems = createProblems()
  const lines = lineTable(file, text)
  const report = (offset: number, message: string, hint?: string): void =>
    problems.add(lines.at(offset), message, hint)
  if (defaults !== undefined) {
    const hint = 'the imported definition may have defaults of its own; -p sets its parameters'
    report(defaults.offset, `a definition that is imported by \`${KEY}\` takes no defaults from here`, hint)
  }
  const tree = parseYaml(definition.text, (at, message) => report(definition.offset + at.start, message))
  if (tree?.type !== 'map') return { problems: problems.list() }
  for (const { key, keyAt } of tree.entries.values()) {
    if (key !== KEY)
      report(definition.offset + keyAt.start, `beside \`${KEY}\` there must be no ${quote(key)}`)
  }
  const value = tree.entries.get(KEY)?.value
  const url = value?.type === 'scalar' ? value.text : ''
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    const hint = 'such as `https://example.org/test.yaml`'
    report(definition.offset + (value?.start ?? 0), `\`${KEY}\` must be an http or https address`, hint)
  }
  return problems.count > 0 ? { problems: problems.list() } : { url, problems: [] }
}

/** The text to load in place of the import: the fetched one, below a line that says where it is from. */
export const importedText = (url: string, text: string): string => `# Imported from ${KEY}: ${url}\n${text}`
