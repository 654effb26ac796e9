/** What the references of a definition stand for, while a run goes on. */
import { join } from 'node:path'
import type { z } from 'zod'
import { UserError } from '../base/errors.ts'
import { resolveProperties } from '../definition/resolve.ts'
import type { ComponentUse, Definition } from '../model/definition.ts'
import { providerKey, type Reference } from '../model/reference.ts'
import type { Providers } from '../plugin/provider.ts'
import type { RunDirectory } from '../store/run-directory.ts'
import type { Secrets } from './secrets.ts'

export interface References {
  /** Properties of a component with all references resolved. Throws a UserError when one stands for nothing. */
  propertiesOf(plugin: { readonly properties: z.ZodType }, use: ComponentUse): unknown
}

/** Where the local files of a definition are made: with the artifacts of a group, if it has the list of them. */
export const managedFiles = (directory: RunDirectory, { localFilesGroup: group }: Definition): string =>
  directory.file(...(group === undefined ? [] : ['nodes', group]), 'managed_files')

export interface ReferenceSources {
  /** Directory of the local files, on the controller. */
  readonly localFiles: string
  readonly secrets: Secrets
  /** What there is on a node at this moment. */
  providers(group: string, ordinal: number): Providers
}

export function openReferences(sources: ReferenceSources): References {
  const resolve = ({ type, key }: Reference): string => {
    if (type === 'file') return join(sources.localFiles, key)
    if (type === 'secret') return sources.secrets.get(key)
    const parts = providerKey(key)
    if (parts === undefined) throw new UserError(`<<${type}:${key}>> is no reference`)
    // A provider that is not there yet gives nothing, as in Fallout: whoever starts it may come later.
    const info = sources.providers(parts.group, Number(parts.ordinal))[parts.provider]
    if (info === undefined) return ''
    const value = info[parts.info]
    if (value !== undefined) return value
    const known = Object.keys(info).join(', ')
    throw new UserError(`<<provider:${key}>>: ${parts.provider} has no ${parts.info}; it has ${known}`)
  }
  return {
    propertiesOf: (plugin, use) =>
      use.unresolved === undefined
        ? use.properties
        : resolveProperties(plugin.properties, use.unresolved, `${use.component} \`${use.name}\``, resolve),
  }
}
