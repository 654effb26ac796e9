/**
 * Machines under test that die: a kernel that panics, or a guest that nothing is heard of any more. That is a result and
 * not an error: a symptom that needs no definition, and that ends the run.
 */
import { messageOf } from '../base/errors.ts'
import { MACHINE_DIED, type SymptomSpec } from '../model/definition.ts'
import type { SymptomRecord } from '../model/run.ts'
import type { Node } from '../plugin/node.ts'
import type { Symptom } from './symptom-state.ts'

const SPEC: SymptomSpec = {
  name: MACHINE_DIED,
  when: 'a virtual machine of the run died',
  forMs: 0,
  // oxlint-disable-next-line unicorn/no-thenable -- a word of the definition
  then: ['capture', 'stop'],
  expected: false,
}

export interface Deaths {
  readonly spec: SymptomSpec
  /** Those who died so far, as a symptom shows what it is about. */
  readonly series: SymptomRecord['series']
  tell(node: Node, reason: Error): void
  /** Is called at the next death, and at once when there was one. */
  listen(listener: () => void): void
}

export function recordDeaths(): Deaths {
  const series: { labels: Record<string, string>; value: number }[] = []
  let call = (): void => {}
  return {
    spec: SPEC,
    series,
    tell: (node, reason) => {
      series.push({ labels: { node: node.name, reason: messageOf(reason) }, value: 1 })
      call()
    },
    listen: (listener) => {
      call = listener
      if (series.length > 0) call()
    },
  }
}

export const isDeath = ({ spec }: Symptom): boolean => spec === SPEC
