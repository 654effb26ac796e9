/** Faults of whole nodes. */
import { repeatProperties } from '../../plugin/repeat.ts'
import { selectionProperties } from '../../plugin/selection.ts'
import { lasting } from './until-over.ts'

/** Properties for the schema of a fault of nodes: which ones, for how long, how often. */
export const nodeFaultProperties = { ...selectionProperties('server'), ...lasting, ...repeatProperties }
