/** The version of this Quarry, from package.json. */
import manifest from '../../package.json' with { type: 'json' }

export const quarryVersion: string = manifest.version
