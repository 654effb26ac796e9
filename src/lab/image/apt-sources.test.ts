import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseIndexTargets } from './apt-sources.ts'

const text = readFileSync(join(import.meta.dirname, 'fixtures/indextargets-bookworm.txt'), 'utf8')
const debian = 'http://deb.debian.org/debian/'
const security = 'http://deb.debian.org/debian-security/'
const keys = '/usr/share/keyrings/debian-archive-keyring.gpg'

test('a suite comes from the archives that this host has for it', () => {
  expect(parseIndexTargets(text, 'bookworm')).toEqual([
    { uri: debian, release: 'bookworm', component: 'main' },
    { uri: debian, release: 'bookworm-updates', component: 'main' },
    { uri: security, release: 'bookworm-security', component: 'main' },
  ])
  expect(parseIndexTargets(text, 'trixie')).toEqual([])
})

test('a suite may be called stable in the sources, and others than Debian do not count', () => {
  const stable = text.replaceAll('Release: bookworm', 'Release: stable')
  expect(parseIndexTargets(stable, 'bookworm').map(({ release }) => release)).toContain('stable')
  expect(parseIndexTargets(text.replaceAll('Origin: Debian', 'Origin: Others'), 'bookworm')).toEqual([])
})

test('archives whose lists were never fetched have no origin and no codename', () => {
  const bare = text.replaceAll(/^(?:Origin|Codename|Label|Suite|Version): .*\n/gm, '')
  expect(parseIndexTargets(bare, 'bookworm')).toHaveLength(3)
})

test('keys are those that the sources name, in either format', () => {
  const file = '/etc/apt/sources.list.d/debian.sources'
  const stanzas = `
Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: ${keys}

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Components: main
`
  const lines = `# comment
deb [arch=amd64 signed-by=${keys}] http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian-security bookworm-security main
`
  for (const content of [stanzas, lines]) {
    const sources = parseIndexTargets(text, 'bookworm', new Map([[file, content]]))
    expect(sources.map(({ signedBy }) => signedBy)).toEqual([keys, keys, undefined])
  }
})
