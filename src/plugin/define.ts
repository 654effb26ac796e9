/** Every component is a value: what it is, what it needs, its properties as a zod schema, and its code. */
import type { z } from 'zod'
import type { ArtifactCheckerPlugin } from './artifact-checker.ts'
import type { CheckerPlugin } from './checker.ts'
import type { CollectorPlugin } from './collector.ts'
import type { ManagerPlugin } from './manager.ts'
import type { ModulePlugin } from './module.ts'
import type { Need } from './need.ts'
import type { NetworkProbePlugin, NodeProbePlugin, ProbePlugin } from './probe.ts'
import type { ProvisionerPlugin } from './provisioner.ts'
import type { SamplerPlugin } from './sampler.ts'

/** What all components declare. The folder of a component is named after its id. */
export interface Definable<P> {
  readonly id: string
  /** One line for the reference. */
  readonly summary: string
  readonly needs: readonly Need[]
  /** What it needs on top with these properties. */
  readonly needsFor?: (properties: P) => readonly Need[]
  /** A strict object schema: unknown keys are errors; `describe()` each property, it becomes the reference. */
  readonly properties: z.ZodType<P>
}

export type Component =
  | ({ readonly kind: 'provisioner' } & ProvisionerPlugin)
  | ({ readonly kind: 'manager' } & ManagerPlugin)
  | ({ readonly kind: 'module' } & ModulePlugin)
  | ({ readonly kind: 'checker' } & CheckerPlugin)
  | ({ readonly kind: 'artifact-checker' } & ArtifactCheckerPlugin)
  | ({ readonly kind: 'sampler' } & SamplerPlugin)
  | ({ readonly kind: 'probe' } & ProbePlugin)
  | ({ readonly kind: 'collector' } & CollectorPlugin)

export type ComponentKind = Component['kind']

/** What a kind is called in messages. */
export const nounOf = (kind: ComponentKind): string =>
  kind === 'manager' ? 'configuration manager' : kind.replace('-', ' ')

/** In the order in which the reference has them. */
export const componentKinds = [
  'provisioner',
  'manager',
  'module',
  'checker',
  'artifact-checker',
  'sampler',
  'probe',
  'collector',
] as const satisfies readonly ComponentKind[]

// A component is kept with its property type forgotten: its own schema has parsed whatever its code is handed.
export const defineProvisioner = <P>(plugin: ProvisionerPlugin<P>) =>
  ({ kind: 'provisioner', ...plugin }) as unknown as Component & { kind: 'provisioner' }
export const defineManager = <P>(plugin: ManagerPlugin<P>) =>
  ({ kind: 'manager', ...plugin }) as unknown as Component & { kind: 'manager' }
export const defineModule = <P>(plugin: ModulePlugin<P>) =>
  ({ kind: 'module', ...plugin }) as unknown as Component & { kind: 'module' }
export const defineChecker = <P>(plugin: CheckerPlugin<P>) =>
  ({ kind: 'checker', ...plugin }) as unknown as Component & { kind: 'checker' }
export const defineArtifactChecker = <P>(plugin: ArtifactCheckerPlugin<P>) =>
  ({ kind: 'artifact-checker', ...plugin }) as unknown as Component & { kind: 'artifact-checker' }
export const defineSampler = <P>(plugin: SamplerPlugin<P>) =>
  ({ kind: 'sampler', ...plugin }) as unknown as Component & { kind: 'sampler' }
export const defineProbe: {
  <P>(plugin: NetworkProbePlugin<P>): Component & { kind: 'probe' }
  <P>(plugin: NodeProbePlugin<P>): Component & { kind: 'probe' }
} = <P>(plugin: ProbePlugin<P>) => ({ kind: 'probe', ...plugin }) as unknown as Component & { kind: 'probe' }
export const defineCollector = <P>(plugin: CollectorPlugin<P>) =>
  ({ kind: 'collector', ...plugin }) as unknown as Component & { kind: 'collector' }
