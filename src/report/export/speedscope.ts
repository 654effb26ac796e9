/** Profiles for speedscope (https://www.speedscope.app/file-format-schema.json): the sick and the healthy side. */
import type { CaseData } from '../case-data.ts'
import type { WeightedStack } from '../profile.ts'

/** The file as JSON text; each side is a sampled profile with the command as its outermost frame. */
export function speedscopeJson({ record, profile }: CaseData): string {
  const frames: { name: string }[] = []
  const index = new Map<string, number>()
  const frameOf = (name: string): number => {
    const known = index.get(name)
    if (known !== undefined) return known
    index.set(name, frames.length)
    frames.push({ name })
    return frames.length - 1
  }
  const side = (name: string, stacks: readonly WeightedStack[]) => {
    const weights = stacks.map(({ weight }) => weight)
    return {
      type: 'sampled',
      name,
      unit: stacks[0]?.unit === 'ns' ? 'nanoseconds' : 'none',
      startValue: 0,
      endValue: weights.reduce((sum, weight) => sum + weight, 0),
      samples: stacks.map((stack) => [stack.comm, ...stack.frames].map(frameOf)),
      weights,
    }
  }
  const profiles = [side('sick', profile.sick), side('healthy', profile.healthy)].filter(
    ({ samples }) => samples.length > 0,
  )
  return JSON.stringify({
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name: record.id,
    exporter: `quarry ${record.quarry}`,
    activeProfileIndex: 0,
    shared: { frames },
    profiles,
  })
}
