/** `quarry/plugin`, the name by which plug-ins outside this repository import what they need. */
import { registerHooks } from 'node:module'

let isRegistered = false

/** Makes it ours in this process, wherever it is imported from. */
export function resolveOwnName(): void {
  if (isRegistered) return
  isRegistered = true
  const own = new URL('public.ts', import.meta.url).href
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'quarry/plugin' ? { url: own, shortCircuit: true } : next(specifier, context),
  })
}
