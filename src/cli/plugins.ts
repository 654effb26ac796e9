/** Components that a user adds: modules of JavaScript or TypeScript that the definition or the environment names. */
import { registerHooks } from 'node:module'
import { delimiter, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf } from '../base/errors.ts'
import { componentKinds, nounOf, type Component } from '../plugin/define.ts'
import { resolveOwnName } from '../plugin/own-name.ts'

/** A name and the directory from which it is looked up. */
export interface PluginName {
  /** A path that begins with `.` or `/`, or the name of an npm package. */
  readonly name: string
  readonly directory: string
}

/** Plug-ins for every definition: paths or packages, with colons between them, seen from the working directory. */
export function pluginsOfEnvironment(): PluginName[] {
  const names = (process.env['QUARRY_PLUGINS'] ?? '').split(delimiter).filter((name) => name !== '')
  return names.map((name) => ({ name, directory: process.cwd() }))
}

/** The components that a plug-in exports by default, one or a list. Throws an Error whose message says what is wrong. */
export async function loadPlugin({ name, directory }: PluginName): Promise<Component[]> {
  resolveOwnName()
  resolvePackages()
  const isPath = /^[./]/.test(name)
  const specifier = isPath
    ? pathToFileURL(resolve(directory, name)).href
    : `${PACKAGE}${encodeURIComponent(directory)}/${name}`
  let module: { readonly default?: unknown }
  try {
    module = (await import(specifier)) as { readonly default?: unknown }
  } catch (error) {
    throw new Error(messageOf(error).replaceAll(`${PACKAGE}${encodeURIComponent(directory)}/`, ''), {
      cause: error,
    })
  }
  const exported = module.default
  if (exported === undefined) throw new Error('it has no default export: a component, or a list of them')
  const components: unknown[] = Array.isArray(exported) ? exported : [exported]
  return components.map((component, index) => {
    const problem = problemWith(component)
    if (problem !== undefined) throw new Error(`export ${index + 1} is no component: ${problem}`)
    return component as Component
  })
}

/** What each kind must be able to do. */
const abilities: Readonly<Record<Component['kind'], readonly string[]>> = {
  provisioner: ['provision'],
  manager: [],
  module: ['run'],
  checker: ['check'],
  'artifact-checker': ['check'],
  sampler: ['open'],
  probe: ['target', 'subject', 'open'],
  collector: ['collect'],
}

function problemWith(component: unknown): string | undefined {
  if (typeof component !== 'object' || component === null)
    return 'it is no object made by defineModule or the like'
  const given = component as Readonly<Record<string, unknown>>
  const kind = componentKinds.find((known) => known === given['kind'])
  if (kind === undefined) return 'it is not made by defineModule or the like'
  const noun = nounOf(kind)
  if (typeof given['id'] !== 'string' || !/^[a-z][\w.-]*$/.test(given['id']))
    return `a ${noun} needs an \`id\` of small letters`
  const named = `${noun} ${given['id']}`
  if (typeof given['summary'] !== 'string') return `${named} needs a \`summary\``
  if (!Array.isArray(given['needs'])) return `${named} needs \`needs\`, a list`
  const { properties } = given
  if (typeof properties !== 'object' || properties === null || !('safeParse' in properties)) {
    return `${named} needs \`properties\`, a zod schema`
  }
  const missing = abilities[kind].filter((ability) => typeof given[ability] !== 'function')
  return missing.length === 0 ? undefined : `${named} needs ${missing.map((one) => `\`${one}\``).join(', ')}`
}

const PACKAGE = 'quarry-plugin:'
let isRegistered = false

/** A package is looked up from the directory that names it. */
function resolvePackages(): void {
  if (isRegistered) return
  isRegistered = true
  registerHooks({
    resolve: (specifier, context, next) => {
      if (!specifier.startsWith(PACKAGE)) return next(specifier, context)
      const rest = specifier.slice(PACKAGE.length)
      const cut = rest.indexOf('/')
      const directory = decodeURIComponent(rest.slice(0, cut))
      return next(rest.slice(cut + 1), {
        ...context,
        parentURL: pathToFileURL(`${directory}/definition.js`).href,
      })
    },
  })
}
