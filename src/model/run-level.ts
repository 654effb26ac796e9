/** How far a node group is up: Fallout's run levels, lowest first. */
export const runLevels = [
  'DESTROYED',
  'RESERVED',
  'CREATED',
  'STOPPED',
  'STARTED_SERVICES_UNCONFIGURED',
  'STARTED_SERVICES_CONFIGURED',
  'STARTED_SERVICES_RUNNING',
] as const
export type RunLevel = (typeof runLevels)[number]

/** Whether `level` is above `other`. */
export const isAbove = (level: RunLevel, other: RunLevel): boolean =>
  runLevels.indexOf(level) > runLevels.indexOf(other)
