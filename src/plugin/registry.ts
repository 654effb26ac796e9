/** The components that there are, by kind and id. */
import type { Component, ComponentKind } from './define.ts'

export type ComponentOf<K extends ComponentKind> = Extract<Component, { kind: K }>

export interface Registry {
  get<K extends ComponentKind>(kind: K, id: string): ComponentOf<K> | undefined
  /** In the order of the list. */
  all<K extends ComponentKind>(kind: K): readonly ComponentOf<K>[]
}

/** Throws when two components of one kind have the same id. */
export function createRegistry(components: readonly Component[]): Registry {
  const byKey = new Map<string, Component>()
  for (const component of components) {
    const key = `${component.kind} ${component.id}`
    if (byKey.has(key)) throw new Error(`two components are called ${key}`)
    byKey.set(key, component)
  }
  const all = <K extends ComponentKind>(kind: K): readonly ComponentOf<K>[] =>
    components.filter((component): component is ComponentOf<K> => component.kind === kind)
  return {
    get: (kind, id) => all(kind).find((component) => component.id === id),
    all,
  }
}
