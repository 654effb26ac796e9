/** What a report of the kernel means for a diagnosis. */
import type { ReportKind } from '../../base/kernel-reports/report.ts'
import type { FindingKind, Layer } from '../../model/finding.ts'

export interface Meaning {
  /** The question that it answers: what contradicts itself, what is past its deadline, who does it. */
  readonly answers: Extract<FindingKind, 'invariant' | 'overdue' | 'attribution'>
  readonly layer: Layer
  /** Probability that a healthy host reports such a thing in the minutes of a run. */
  readonly chance: number
  /** Orders reports; larger is graver. */
  readonly gravity: number
  /** Whether it is wrong though no symptom shows. */
  readonly standsAlone: boolean
}

const broken = (gravity: number, chance = 0.001): Meaning => ({
  answers: 'invariant',
  layer: 'kernel',
  chance,
  gravity,
  standsAlone: true,
})
const late = (gravity: number): Meaning => ({ ...broken(gravity), answers: 'overdue' })

/** Drivers warn on many a healthy host, and programs of the load may be meant to crash. */
const OFTEN = 0.02

export const meanings: Readonly<Record<ReportKind, Meaning>> = {
  panic: broken(100),
  reboot: broken(95),
  oops: broken(90),
  'stack-overflow': broken(88),
  bug: broken(86),
  'list-corruption': broken(85),
  kasan: broken(84),
  kfence: broken(84),
  kmsan: broken(80),
  'bad-page': broken(80),
  refcount: broken(78),
  'hard-lockup': broken(76),
  'soft-lockup': broken(74),
  'rcu-stall': late(72),
  'hung-task': late(70),
  'workqueue-lockup': late(68),
  'out-of-memory': { ...broken(66), answers: 'attribution', layer: 'memory' },
  'machine-check': { ...broken(64), layer: 'host' },
  'io-error': { ...broken(62), layer: 'storage' },
  'file-system': { ...broken(60), layer: 'storage' },
  'device-leak': { ...late(50), layer: 'network' },
  'atomic-sleep': broken(48),
  lockdep: broken(46),
  kcsan: broken(44),
  ubsan: broken(42),
  'memory-leak': { ...broken(40), layer: 'memory' },
  warning: broken(38, OFTEN),
  'allocation-failure': { ...broken(36, OFTEN), layer: 'memory' },
  'user-fault': { ...broken(20, OFTEN), layer: 'process', standsAlone: false },
}
