/** A program that a test cannot do without is one that `quarry doctor --install --for-tests` brings. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testNeeds } from './test-needs.ts'

const root = join(import.meta.dirname, '../..')
const programs = new Set(
  testNeeds
    .flatMap(({ needs }) => needs)
    .flatMap((need) => (need.type === 'tool' ? [need.name.split('/').at(-1) ?? ''] : [])),
)

test('what a test starts by its path is installed', () => {
  const files = globSync(['src/**/*.test.ts', 'test/**/*.ts'], { cwd: root })
  const started = files.flatMap((file) =>
    Array.from(
      readFileSync(join(root, file), 'utf8').matchAll(
        /(?:binary = |executablePath: |spawn\()'\/usr\/s?bin\/(?<name>[^']+)'/g,
      ),
      ({ groups }) => ({ file, name: groups?.['name'] ?? '' }),
    ),
  )
  expect(started.map(({ name }) => name)).toContain('snmpd')
  expect(started.filter(({ name }) => !programs.has(name))).toEqual([])
})
