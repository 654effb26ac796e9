/** Every component is a value: what it is, what it needs, its properties as a zod schema, and its code. */
import type { z } from 'zod'
import type { CheckerPlugin } from './checker.ts'
import type { CollectorPlugin } from './collector.ts'
import type { ModulePlugin } from './module.ts'
import type { Need } from './need.ts'
import type { ProbePlugin } from './probe.ts'
import type { ProvisionerPlugin } from './provisioner.ts'
import type { SamplerPlugin } from './sampler.ts'

/** What all components declare. The folder of a component is named after its id. */
export interface Definable<P> {
  readonly id: string
  /** One line for the reference. */
  readonly summary: string
  readonly needs: readonly Need[]
  /** A strict object schema: unknown keys are errors; `describe()` each property, it becomes the reference. */
  readonly properties: z.ZodType<P>
}

export type Component =
  | ({ readonly kind: 'provisioner' } & ProvisionerPlugin)
  | ({ readonly kind: 'module' } & ModulePlugin)
  | ({ readonly kind: 'checker' } & CheckerPlugin)
  | ({ readonly kind: 'sampler' } & SamplerPlugin)
  | ({ readonly kind: 'probe' } & ProbePlugin)
  | ({ readonly kind: 'collector' } & CollectorPlugin)

export type ComponentKind = Component['kind']

/** In the order in which the reference has them. */
export const componentKinds = [
  'provisioner',
  'module',
  'checker',
  'sampler',
  'probe',
  'collector',
] as const satisfies readonly ComponentKind[]

// A component is kept with its property type forgotten: its own schema has parsed whatever its code is handed.
export const defineProvisioner = <P>(plugin: ProvisionerPlugin<P>) =>
  ({ kind: 'provisioner', ...plugin }) as unknown as Component & { kind: 'provisioner' }
export const defineModule = <P>(plugin: ModulePlugin<P>) =>
  ({ kind: 'module', ...plugin }) as unknown as Component & { kind: 'module' }
export const defineChecker = <P>(plugin: CheckerPlugin<P>) =>
  ({ kind: 'checker', ...plugin }) as unknown as Component & { kind: 'checker' }
export const defineSampler = <P>(plugin: SamplerPlugin<P>) =>
  ({ kind: 'sampler', ...plugin }) as unknown as Component & { kind: 'sampler' }
export const defineProbe = <P>(plugin: ProbePlugin<P>) =>
  ({ kind: 'probe', ...plugin }) as unknown as Component & { kind: 'probe' }
export const defineCollector = <P>(plugin: CollectorPlugin<P>) =>
  ({ kind: 'collector', ...plugin }) as unknown as Component & { kind: 'collector' }
