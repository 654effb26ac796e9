/** The components that there are, by kind and id. */
import { componentKinds, nounOf, type Component, type ComponentKind } from './define.ts'

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
    if (byKey.has(key)) {
      throw new Error(`there is another ${nounOf(component.kind)} called ${component.id}`)
    }
    byKey.set(key, component)
  }
  const all = <K extends ComponentKind>(kind: K): readonly ComponentOf<K>[] =>
    components.filter((component): component is ComponentOf<K> => component.kind === kind)
  return {
    get: (kind, id) => all(kind).find((component) => component.id === id),
    all,
  }
}

/** A registry that also has these. Throws when one has the name of another of its kind. */
export const withComponents = (registry: Registry, added: readonly Component[]): Registry =>
  createRegistry([...componentKinds.flatMap((kind): readonly Component[] => registry.all(kind)), ...added])
