/** The `evidence` section: the reference, the ladder, and what it may do. */
import { references, type Definition, type EvidenceSpec } from '../model/definition.ts'
import { tiers, type Tier } from '../model/tier.ts'
import type { LoadContext } from './context.ts'
import { oneOrMany, readChoice, readDuration, readFields, readList, readPositiveDuration } from './fields.ts'
import { readUses } from './observe.ts'
import { quote } from './problems/quote.ts'
import { describe, type Entry, type Tree } from './tree.ts'

export const evidenceKeys = ['reference', 'ladder', 'allow', 'window', 'rungTimeout', 'targets']
export const referenceKeys = ['from', 'after']

const DEFAULTS: EvidenceSpec = {
  reference: 'healthy-window',
  referenceAfterMs: 10_000,
  ladder: 'default',
  allow: ['read', 'sample', 'trace', 'stop'],
  windowMs: 4000,
  rungTimeoutMs: 60_000,
  targets: [],
}

export function readEvidence(context: LoadContext, tree: Tree | undefined): Definition['evidence'] {
  if (tree === undefined) return DEFAULTS
  const { report } = context
  const fields = readFields(report, tree, '`evidence`', evidenceKeys)
  const [reference, ladder, allow, window, rungTimeout, targets] = evidenceKeys.map(
    (key) => fields.get(key)?.value,
  )
  const allowed = allow === undefined ? DEFAULTS.allow : readAllow(context, allow)
  return {
    ...readReference(context, reference),
    ladder: ladder === undefined ? 'default' : readLadder(context, ladder, allowed),
    allow: allowed,
    windowMs: (window && readPositiveDuration(report, window, '`window`')) ?? DEFAULTS.windowMs,
    rungTimeoutMs:
      (rungTimeout && readPositiveDuration(report, rungTimeout, '`rungTimeout`')) ?? DEFAULTS.rungTimeoutMs,
    targets: targets === undefined ? [] : readTargets(context, targets),
  }
}

type ReferenceSpec = Pick<EvidenceSpec, 'reference' | 'referenceAfterMs'>

function readReference({ report }: LoadContext, tree: Tree | undefined): ReferenceSpec {
  const isMap = tree?.type === 'map'
  const fields = isMap ? readFields(report, tree, '`reference`', referenceKeys) : new Map<string, Entry>()
  const from = isMap ? fields.get('from')?.value : tree
  const after = fields.get('after')?.value
  const afterMs = after && readDuration(report, after, '`after` of `reference`')
  return {
    reference: (from && readChoice(report, from, '`reference`', references)) ?? DEFAULTS.reference,
    referenceAfterMs: afterMs ?? DEFAULTS.referenceAfterMs,
  }
}

function readLadder(context: LoadContext, tree: Tree, allowed: readonly Tier[]): EvidenceSpec['ladder'] {
  if (tree.type === 'scalar') {
    if (tree.text !== 'default') {
      context.report(tree, `\`ladder\` must be \`default\` or a list of collectors, not ${quote(tree.text)}`)
    }
    return 'default'
  }
  if (tree.type === 'list' && tree.items.length === 0) context.report(tree, '`ladder` has no rungs')
  const rungs = readUses(context, 'collector', tree)
  for (const { component } of rungs) {
    const tier = context.registry.get('collector', component)?.tier
    if (tier === undefined || allowed.includes(tier)) continue
    context.report(
      tree,
      `\`allow\` does not let the ladder climb to ${quote(component)}`,
      `add \`${tier}\` to \`allow\``,
    )
  }
  return rungs
}

/** The list as it stands; one that names only `change` adds that to the others. */
function readAllow({ report }: LoadContext, tree: Tree): Tier[] {
  if (oneOrMany(tree).length === 0) report(tree, '`allow` is empty', `expected some of ${tiers.join(', ')}`)
  const named = oneOrMany(tree).flatMap((item) => readChoice(report, item, '`allow`', tiers) ?? [])
  return tiers.filter(
    (tier) => named.includes(tier) || (tier !== 'change' && named.every((name) => name === 'change')),
  )
}

function readTargets({ report }: LoadContext, tree: Tree): (number | string)[] {
  const targets: (number | string)[] = []
  for (const item of readList(report, tree, '`targets`')) {
    if (item.type !== 'scalar' || item.value === null || item.text.trim() === '') {
      report(item, `a target must be a process id or a regular expression, not ${describe(item)}`)
    } else if (typeof item.value === 'number' && Number.isInteger(item.value) && item.value > 0) {
      targets.push(item.value)
    } else if (isPattern(item.text)) {
      targets.push(item.text)
    } else {
      report(item, `${quote(item.text)} is no regular expression`, 'it is matched against command lines')
    }
  }
  return targets
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}
