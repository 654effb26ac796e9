import { defineConfig } from 'vitest/config'

/**
 * Only by name, such as `--project kubernetes`: one needs a control plane that no package brings, another hundreds of
 * megabytes from Maven and minutes of both processors, the third kernels that take minutes to build.
 */
const asked = ['kubernetes', 'cassandra', 'lab']
  .filter((name) => process.argv.some((word) => word === name || word === `--project=${name}`))
  .map((name) => ({
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      fileParallelism: false,
      sequence: { groupOrder: 2 },
      testTimeout: name === 'lab' ? 3_600_000 : 600_000,
      hookTimeout: 120_000,
    },
  }))

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'tools/**/*.test.ts'],
          // They run real tools on a machine that may be busy; a hang is still told from a wait.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // Whole runs, which load the host and look at all of it: one at a time, and after the unit tests.
          fileParallelism: false,
          // They look at the real host, whose other business can spoil one look; what fails twice is wrong.
          retry: 1,
          sequence: { groupOrder: 1 },
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      ...asked,
    ],
  },
})
