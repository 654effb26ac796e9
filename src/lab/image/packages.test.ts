/** Whatever looks at a node, or makes it sick, finds its programs in every guest. */
import { expect, test } from 'vitest'
import { components } from '../../plugins/index.ts'
import { BASE_PACKAGES } from './packages.ts'

/** Essential in Debian: there without being asked for. */
const ESSENTIAL = ['bash', 'coreutils', 'util-linux']

/** Not in every image, each with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'default-jdk-headless': 'a system with a Java virtual machine brings it: 200 MB for all others',
  faketime: 'a guest has a clock of its own to set',
  gcc: 'two faults compile a program on the node: 150 MB for all others, and `packages: [gcc, libc6-dev]` brings it',
  'kubernetes-client': 'it runs beside Quarry, not on a node',
}

test('the base image has the packages that components need of a node', () => {
  const needed = new Map<string, string[]>()
  for (const component of components) {
    // A provisioner makes nodes: it runs beside Quarry.
    if (component.kind === 'provisioner') continue
    for (const need of component.needs) {
      if (need.type !== 'tool') continue
      needed.set(need.package, [...(needed.get(need.package) ?? []), `${component.kind} ${component.id}`])
    }
  }
  expect(needed.keys()).toContain('bpftrace')
  const present = new Set([...BASE_PACKAGES, ...ESSENTIAL])
  const absent = [...needed].filter(([name]) => !present.has(name))
  expect(absent.filter(([name]) => !Object.hasOwn(LEFT_OUT, name))).toEqual([])
  expect(Object.keys(LEFT_OUT).filter((name) => !needed.has(name))).toEqual([])
})
