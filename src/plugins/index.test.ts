import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createRegistry } from '../plugin/registry.ts'
import { components } from './index.ts'

/** `<kind>s/<id>` of every folder that holds a component. */
const folders = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((path) => /^[^/]+\/[^/]+\/index\.ts$/.test(path))
  .map((path) => path.slice(0, -'/index.ts'.length))
  .toSorted()

describe('the list of components', () => {
  test('has every folder, under its own name', () => {
    expect(components.map(({ kind, id }) => `${kind}s/${id}`).toSorted()).toEqual(folders)
  })

  test('has no two of a kind with the same id', () => {
    expect(() => createRegistry(components)).not.toThrow()
  })

  test.each(components.map((component) => [`${component.kind} ${component.id}`, component] as const))(
    '%s says what it is and what its properties mean',
    (_name, { summary, properties }) => {
      expect(summary).toMatch(/^\S.*[^.\s]$/)
      const schema = z.toJSONSchema(properties, { io: 'input', unrepresentable: 'any' })
      const members = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
      for (const member of members as (typeof schema)[]) {
        // A misspelt key must be an error, and every key stands in the reference.
        if (member.properties !== undefined) expect(member.additionalProperties).toBe(false)
        for (const [key, property] of Object.entries(member.properties ?? {})) {
          expect([key, typeof property === 'object' && property.description]).toEqual([
            key,
            expect.any(String),
          ])
        }
      }
    },
  )
})
