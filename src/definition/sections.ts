/** The top level of a definition. */
import { MACHINE_DIED, type Definition } from '../model/definition.ts'
import { SHOWS_NOTHING, huntSection, showsNothing, type HuntSection } from '../plugin/hunt-section.ts'
import type { LoadContext } from './context.ts'
import { checkDeferred } from './deferred.ts'
import { readEnsemble } from './ensemble.ts'
import { readEvidence } from './evidence.ts'
import { givenField, readFields, readList, readPositiveDuration, readText } from './fields.ts'
import { readLocalFiles } from './local-files.ts'
import { readObserve } from './observe.ts'
import { parseProperties } from './properties.ts'
import { checkNames, type Names } from './references.ts'
import { readSymptoms } from './symptoms.ts'
import type { Tree } from './tree.ts'
import { readWorkload, type Workload } from './workload.ts'

export const topLevelKeys = [
  'description',
  'plugins',
  'ensemble',
  'workload',
  'observe',
  'symptoms',
  'evidence',
  'hunt',
  'schedule',
  'timeout',
]

const DAY_MS = 86_400_000
const noWorkload: Workload = { phases: [], checkers: [], artifactCheckers: [] }

/** Everything but what is about the file as a whole. */
export function readSections(
  context: LoadContext,
  tree: Tree,
  requireWorkload: boolean,
): Omit<Definition, 'file' | 'parameters' | 'text'> {
  const { report } = context
  const fields = readFields(report, tree, 'the definition', topLevelKeys)
  const [description, plugins, ensemble, workload, observe, symptoms, evidence, hunt, schedule, timeout] =
    topLevelKeys.map((key) => givenField(fields, key))
  if (workload === undefined && requireWorkload && tree.type === 'map') {
    report(tree, 'the definition needs a `workload`', 'without one, `quarry watch` observes what is there')
  }
  const groups = readEnsemble(context, ensemble)
  // They have been loaded before: what they add is in the registry.
  for (const item of plugins === undefined ? [] : readList(report, plugins, '`plugins`')) {
    readText(report, item, 'a plug-in')
  }
  const names: Names = { groups, modules: new Set(), symptoms: new Set([...keysOf(symptoms), MACHINE_DIED]) }
  const work = workload === undefined ? noWorkload : readWorkload(context, workload, names)
  const observed = readObserve(context, observe, groups)
  const [probes, samplers] = ['probes', 'samplers'].map((key) => writtenIn(observe, key))
  const isWhole = samplers?.type !== 'list' || samplers.items.length === observed.samplers.length
  const known = { probeNames: keysOf(probes), samplers: isWhole ? observed.samplers : undefined }
  const local = readLocalFiles(context, ensemble)
  for (const section of [ensemble, workload, observe, evidence]) {
    if (section !== undefined) checkDeferred(context, section, { groups, localFiles: local.localFiles })
  }
  const descriptionText = description && readText(report, description, '`description`')
  const scheduleText = schedule && readText(report, schedule, '`schedule`')
  const timeoutMs = timeout && readPositiveDuration(report, timeout, '`timeout`')
  const hunted = hunt && parseProperties(report, huntSection, hunt, '`hunt`', hunt)
  const specs = symptoms === undefined ? [] : readSymptoms(context, symptoms, known)
  if (hunt !== undefined && hunted !== undefined) {
    checkNames(report, names, { schema: huntSection, what: '`hunt`' }, hunt, hunt)
    const written = [symptoms, writtenIn(workload, 'checkers'), writtenIn(workload, 'artifact_checkers')]
    const judging = { symptoms: specs, ...work, groups: groups.specs() }
    if (
      written.every((tree) => keysOf(tree).length === 0) &&
      showsNothing(hunted.value as HuntSection, judging)
    )
      report(hunt, SHOWS_NOTHING.problem, SHOWS_NOTHING.remedy)
  }
  return {
    ...(descriptionText === undefined ? {} : { description: descriptionText }),
    groups: groups.specs(),
    ...local,
    ...work,
    observe: observed,
    symptoms: specs,
    evidence: readEvidence(context, evidence),
    // A watch goes on until someone ends it.
    timeoutMs: timeoutMs ?? (requireWorkload ? DAY_MS : Number.POSITIVE_INFINITY),
    ...(hunted === undefined ? {} : { hunt: hunted.value }),
    ...(scheduleText === undefined ? {} : { schedule: scheduleText }),
  }
}

/** Names as written, also of entries that turned out to be wrong: a reference to one of those is right. */
const keysOf = (tree: Tree | undefined): string[] => (tree?.type === 'map' ? [...tree.entries.keys()] : [])

const writtenIn = (section: Tree | undefined, key: string): Tree | undefined =>
  section?.type === 'map' ? section.entries.get(key)?.value : undefined
