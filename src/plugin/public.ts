/** What a plug-in outside this repository imports, as `quarry/plugin`. */
export { z } from 'zod'
export { abortReason, sleep, throwIfAborted, whenAborted } from '../base/abort.ts'
export { formatDuration, parseDuration } from '../base/duration.ts'
export { EnvironmentError, TargetError, UserError, messageOf } from '../base/errors.ts'
export {
  defineArtifactChecker,
  defineChecker,
  defineCollector,
  defineManager,
  defineModule,
  defineProbe,
  defineProvisioner,
  defineSampler,
} from './define.ts'
export { lineParser } from './line-parser.ts'
export { duration, nodeGroup, refersTo } from './properties.ts'
export type { ArtifactCheckContext } from './artifact-checker.ts'
export type { CheckContext, Operation } from './checker.ts'
export type { CollectContext } from './collector.ts'
export type { Component } from './define.ts'
export type { ManagerContext } from './manager.ts'
export type { MetricValue, ModuleContext } from './module.ts'
export type { Node } from './node.ts'
export type { NetworkProbeContext, ProbeContext } from './probe.ts'
export type { ProvisionContext } from './provisioner.ts'
export type { SamplerContext } from './sampler.ts'
