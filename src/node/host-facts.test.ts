import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { hostFacts } from './host-facts.ts'
import { localNode } from './local.ts'
import type { FileView, Node } from '../plugin/node.ts'

test('tells the facts of this host', async () => {
  const facts = await hostFacts(
    localNode({ run: 'facts-test', group: 'local', ordinal: 0, scratch: tmpdir() }),
  )
  const value = (name: string): string => facts.find((fact) => fact.name === name)?.value ?? ''
  expect(value('kernel')).toMatch(/^\d+\.\d+/)
  expect(value('processors')).toMatch(/^[1-9]/)
  expect(value('memory')).toMatch(/^[\d.]+ GiB$/)
  // Whatever is wrong says what it costs or how to change it.
  expect(facts.filter(({ ok, note }) => ok === false && note === undefined)).toEqual([])
})

test('a host that shows nothing gives facts all the same, each with what it costs', async () => {
  const nothing: FileView = {
    text: () => undefined,
    list: () => [],
    link: () => undefined,
    count: () => undefined,
  }
  const node = localNode({ run: 'facts-test', group: 'local', ordinal: 0, scratch: tmpdir() })
  const bare: Node = { ...node, files: nothing, readFile: () => Promise.reject(new Error('denied')) }
  const facts = await hostFacts(bare)
  expect(facts.map(({ name, value, note }) => `${name}: ${value}${note === undefined ? '' : `; ${note}`}`))
    .toMatchInlineSnapshot(`
    [
      "kernel: unknown",
      "distribution: unknown; not Debian, so tools are named and not installed",
      "processors: unknown",
      "memory: unknown",
      "clock source: unknown",
      "privileges: not root; most collectors need root: sudo ./quarry ...",
      "perf_event_paranoid: no perf events; no profiles on this kernel",
      "ptrace_scope: not restricted",
      "tracefs: no; this kernel was built without tracing",
      "BTF: no; bpftrace cannot read kernel structures",
      "kprobes: no; bpftrace and ftrace have only tracepoints",
      "pressure (PSI): no; use a kernel with CONFIG_PSI=y",
      "cgroups: none",
      "timer list: no; timers cannot be listed; run as root",
      "slab statistics: no; kernel caches cannot be told apart; run as root",
      "KVM: no; virtual machines are emulated, about ten times slower",
    ]
  `)
})
