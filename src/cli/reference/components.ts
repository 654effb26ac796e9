/** Reference pages of components, one for each kind. */
import { nounOf, type Component, type ComponentKind } from '../../plugin/define.ts'
import type { Need } from '../../plugin/need.ts'
import type { Registry } from '../../plugin/registry.ts'
import { code, markdownTable, paragraphs, sentence } from './markdown.ts'
import { propertiesTable } from './properties.ts'

const introductions: Readonly<Record<ComponentKind, string>> = {
  provisioner: 'Where the nodes of an ensemble come from: `ensemble: {server: {provisioner: ID}}`.',
  manager:
    'Put a system on the nodes of a group and take it off again: `ensemble: {server: {configuration_manager: ID}}`.',
  module: 'Steps of the workload: `workload: {phases: [NAME: {module: ID, properties: ...}]}`.',
  checker:
    'Judge a run by its operation history and symptoms: `workload: {checkers: {NAME: {checker: ID}}}`.',
  'artifact-checker':
    'Judge the files that a run left: `workload: {artifact_checkers: {NAME: {artifact_checker: ID}}}`.',
  sampler: 'Read metrics at a fixed pace: `observe: {samplers: [ID]}`.',
  probe:
    'Try a system from outside, as a client would: `observe: {probes: {NAME: {ID: ..., group: GROUP}}}`; from the first node of that group, or, without `group`, from the controller (`command` and `log`: from the first client).',
  collector:
    'Rungs of the ladder, which is climbed from the least to the most intrusive tier: `evidence: {ladder: [ID]}`.',
}

/** Everything there is to know of the components of a kind without reading their code. */
export function componentsPage(registry: Registry, kind: ComponentKind): string {
  const components: readonly Component[] = registry.all(kind)
  const contents = components.map(({ id, summary }) => [`[${id}](#${id})`, summary])
  return paragraphs([
    `# ${sentenceCase(nounOf(kind))}s`,
    introductions[kind],
    markdownTable(['id', 'what it is'], contents),
    ...components.flatMap((component) => [
      `## ${component.id}`,
      sentence(component.summary),
      needs(component.needs),
      ...particulars(component),
      propertiesTable(component.properties),
    ]),
  ])
}

function needs(list: readonly Need[]): string | undefined {
  return list.length === 0 ? undefined : `Needs ${list.map(describeNeed).join('; ')}.`
}

function describeNeed(need: Need): string {
  switch (need.type) {
    case 'tool':
      return `the program ${code(need.name)} (Debian package ${code(need.package)})`
    case 'program':
      return `the program ${code(need.name)} (not in Debian)`
    case 'root':
      return 'root'
    case 'capability':
      return `the capability ${code(need.name)}`
    case 'file':
      return `the file ${code(need.path)}`
    case 'tracefs':
      return 'tracefs'
    case 'tracepoint':
      return `the tracepoint ${code(need.name)}`
    case 'kernel':
      return `a kernel with ${code(need.option)}`
    case 'machine':
      return 'a node that is a virtual machine'
    case 'target':
      return need.what === 'jvm' ? 'a Java virtual machine among the targets' : 'a target'
  }
}

function particulars(component: Component): (string | undefined)[] {
  switch (component.kind) {
    case 'module':
      return [component.lifetime === 'dynamic' ? undefined : `Its lifetime is ${code(component.lifetime)}.`]
    case 'sampler':
      return [
        component.metrics.length === 0
          ? undefined
          : markdownTable(
              ['metric', 'type', 'unit', 'labels', 'meaning'],
              component.metrics.map(({ name, type, unit, labels, help }) => [
                code(name),
                type,
                unit,
                labels.map(code).join(', '),
                help,
              ]),
            ),
      ]
    case 'collector':
      return [
        `Tier ${code(component.tier)}. Shows ${component.shows}.`,
        `Writes ${component.tables.length === 0 ? 'no table' : component.tables.map((name) => `[${name}](tables.md#${name})`).join(', ')}.`,
        `In the default ladder: ${yes(component.inDefaultLadder)}. Climbed on the reference too: ${yes(component.onReference)}.`,
      ]
    case 'manager':
      return [
        component.provides.length === 0 ? undefined : `Provides ${component.provides.map(code).join(', ')}.`,
        component.requires.length === 0 ? undefined : `Requires ${component.requires.map(code).join(', ')}.`,
      ]
    case 'provisioner':
    case 'artifact-checker':
    case 'checker':
    case 'probe':
      return []
  }
}

const sentenceCase = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const yes = (value: boolean): string => (value ? 'yes' : 'no')
