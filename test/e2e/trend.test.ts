/** A trend over runs of one's own: what changed on the host and in the parameters stands beside the change point. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Trend } from '../../src/model/trend.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
/** A package database that the real dpkg-query reads: upgrading a package of the host is no test's business. */
let packages: string
beforeEach(() => {
  packages = mkdtempSync(join(tmpdir(), 'quarry-dpkg-'))
  for (const name of ['info', 'updates']) mkdirSync(join(packages, name))
  place = workplace({ DPKG_ADMINDIR: packages })
})
afterEach(() => {
  place[Symbol.dispose]()
  rmSync(packages, { recursive: true, force: true })
})

const MINUTES = 60_000

const definition = `commit: c0
code: 0
---
ensemble:
  client: {node.count: 1, provisioner: local}
observe:
  every: 200ms
  samplers: []
  probes: {alive: {command: 'true', every: 200ms}}
symptoms:
  dead: {when: 'probe_success{probe="alive"} == 0'}
evidence: {reference: {from: healthy-window, after: 0s}, ladder: [facts]}
workload:
  phases:
    - work: {module: bash, properties: {script: 'sleep 1; exit {{code}} # {{commit}}'}}
  checkers:
    ok: {checker: nofail}
`

function install(version: string): void {
  const fields = { Package: 'libc6', Status: 'install ok installed', Architecture: 'amd64', Version: version }
  const lines = Object.entries({ ...fields, Maintainer: 'test', Description: 'test' })
  writeFileSync(join(packages, 'status'), `${lines.map(([name, value]) => `${name}: ${value}`).join('\n')}\n`)
}

test(
  'where runs began to fail, the package that changed there stands before the commit that changes every night',
  { timeout: 10 * MINUTES },
  async () => {
    const file = place.write('nightly.yaml', definition)
    const night = async (number: number): Promise<void> => {
      const words = ['-p', `commit=c${number}`, '-p', `code=${number > 6 ? 1 : 0}`]
      const { result } = await place.run(file, '--as-is', ...words)
      expect(result.verdict).toBe(number > 6 ? 'fail' : 'pass')
    }
    install('2.36-9')
    for (const first of [1, 3, 5]) await Promise.all([night(first), night(first + 1)])
    install('2.36-9+deb12u1')
    for (const first of [7, 9, 11]) await Promise.all([night(first), night(first + 1)])

    const page = join(place.path, 'trend.html')
    const ended = await place.quarry('trend', file, '--level', '5', '-o', page, '--json')
    const { series, answer, points } = jsonOf<Trend>(ended)
    expect(ended.exitCode).toBe(1)
    expect(points).toHaveLength(12)
    const [change, ...others] = series.find(({ name }) => name === 'pass rate')?.changes ?? []
    expect(others).toEqual([])
    expect(change).toMatchObject({ index: 6, direction: 'worse', counts: true })
    const beside = (name: string) => change?.companions.find((one) => one.name === name)
    const library = { before: '2.36-9', after: '2.36-9+deb12u1', index: 6, here: 1, everywhere: 1 }
    expect(beside('package.libc6')).toMatchObject(library)
    expect(beside('commit')?.everywhere).toBe(11)
    // What seldom changes comes first.
    const order = change?.companions.map(({ everywhere }) => everywhere) ?? []
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(answer).toMatch(/pass rate went down by 100 % .*, where (package\.libc6|code) changed from/)
    for (const same of ['host', 'quarry', 'kernel.release']) expect(beside(same)).toBe(undefined)
    const { 'kernel.release': kernel, 'kernel of the host': ofHost } = points[0]?.attributes ?? {}
    expect(kernel).toMatch(/^\d+\./)
    expect(ofHost).toBe(kernel)
    expect(readFileSync(page, 'utf8')).toContain('package.libc6: 2.36-9 → 2.36-9+deb12u1')
    const text = await place.quarry('trend', file, '--level', '5')
    expect(text.stdout).toContain('package.libc6: 2.36-9 → 2.36-9+deb12u1')
  },
)
