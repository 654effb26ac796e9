/** A dump of the host and the targets to rows of `facts`. */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { dumpParser } from '../../../plugin/file-dump.ts'
import { namedFacts, plainFacts } from './host.ts'
import { createTargetFacts } from './target-facts.ts'

/** Parses a dump made by the functions of this folder. A fact that comes twice counts once, as it came first. */
export function factsParser(rows: RowSink): Parser {
  return dumpParser(rows, (sink) => {
    const known = new Set<string>()
    const add = (key: string, value: string | undefined): void => {
      if (value === undefined || known.has(key)) return
      known.add(key)
      sink.add('facts', { key, value: value.trim().replaceAll(/\s+/g, ' ') })
    }
    const target = createTargetFacts(add)
    return {
      file(path, text) {
        if (target.file(path, text)) return true
        const key = plainFacts[path]
        if (key !== undefined) add(key, text)
        if (path.startsWith('/proc/sys/')) {
          if (key === undefined) add(`sysctl.${path.slice('/proc/sys/'.length).replaceAll('/', '.')}`, text)
          return true
        }
        for (const [pattern, prefix] of namedFacts) {
          const match = pattern.exec(path)
          if (match === null) continue
          add(prefix + match.slice(1).join('.'), text)
          return true
        }
        if (path.startsWith('@package/')) add(`package.${path.slice('@package/'.length)}`, text)
        else if (Object.hasOwn(structured, path)) structured[path]?.(text, add)
        else return key !== undefined
        return true
      },
      end: () => target.end(),
    }
  })
}

type Add = (key: string, value: string | undefined) => void

const field = (text: string, name: string): string | undefined =>
  new RegExp(`^${name}\\s*[:=]\\s*(.*)$`, 'm').exec(text)?.[1]

const structured: Readonly<Record<string, (text: string, add: Add) => void>> = {
  '@machine': (text, add) => add('kernel.machine', text),
  '@time-daemons': (text, add) => add('time.daemons', text),
  '@mounts': (text, add) => add('mounts.count', text),
  '/proc/cpuinfo': (text, add) => {
    add('cpu.model', field(text, 'model name') ?? field(text, 'CPU part'))
    add('cpu.microcode', field(text, 'microcode'))
    add('cpu.count', String(text.match(/^processor\s*:/gm)?.length ?? 0))
    const flags = (field(text, 'flags') ?? '').split(' ')
    if (flags.length > 1) add('host.virtual', flags.includes('hypervisor') ? 'yes' : 'no')
  },
  '/proc/meminfo': (text, add) => {
    add('memory.total', field(text, 'MemTotal'))
    add('memory.swap', field(text, 'SwapTotal'))
    add('memory.huge-pages', field(text, 'HugePages_Total'))
  },
  '/proc/modules': (text, add) => {
    for (const line of text.split('\n')) {
      const [name = ''] = line.split(' ', 1)
      // Tainting modules have their letters in brackets: proprietary, out of tree, unsigned.
      if (/^[\w-]+$/.test(name)) add(`module.${name}`, `loaded ${/ (\([A-Z+-]+\))$/.exec(line)?.[1] ?? ''}`)
    }
  },
  '/proc/stat': (text, add) => {
    const [, booted] = /^btime (\d{1,12})$/m.exec(text) ?? []
    if (booted !== undefined) add('host.booted', new Date(Number(booted) * 1000).toISOString())
  },
  '/etc/os-release': (text, add) => add('os.name', field(text, 'PRETTY_NAME')?.replaceAll('"', '')),
}
