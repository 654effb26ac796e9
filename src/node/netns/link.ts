/** The interface of this host through which it reaches the nodes of a run. */
import { createHash } from 'node:crypto'

/** Its name: 15 characters, which is as long as a name can be (IFNAMSIZ), and different for each run. */
export const linkOf = (run: string): string =>
  `quarry-${createHash('sha256').update(run).digest('hex').slice(0, 8)}`
