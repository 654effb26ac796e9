/** Profiles for speedscope (https://www.speedscope.app/file-format-schema.json): each side of each state. */
import type { CaseData } from '../case-data.ts'
import { sideNames } from '../profile.ts'
import type { WeightedStack } from '../profile.ts'
import { visibleJson, visibleLine } from '../text.ts'

/** The file as JSON text; each side is a sampled profile with the command as its outermost frame. */
export function speedscopeJson({ record, profiles }: CaseData): string {
  const frames: { name: string }[] = []
  const index = new Map<string, number>()
  const frameOf = (name: string): number => {
    const known = index.get(name)
    if (known !== undefined) return known
    index.set(name, frames.length)
    frames.push({ name: visibleLine(name) })
    return frames.length - 1
  }
  const sampled = (name: string, stacks: readonly WeightedStack[]) => ({
    type: 'sampled',
    name,
    unit: stacks[0]?.unit === 'ns' ? 'nanoseconds' : 'none',
    startValue: 0,
    endValue: stacks.reduce((sum, { weight }) => sum + weight, 0),
    samples: stacks.map((stack) => [stack.comm, ...stack.frames].map(frameOf)),
    weights: stacks.map(({ weight }) => weight),
  })
  return `${visibleJson({
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name: record.id,
    exporter: `quarry@${record.quarry}`,
    activeProfileIndex: 0,
    profiles: profiles.flatMap((profile) =>
      sideNames
        .filter((side) => profile[side].length > 0)
        .map((side) => sampled(`${side}, ${profile.state}`, profile[side])),
    ),
    shared: { frames },
  })}\n`
}
