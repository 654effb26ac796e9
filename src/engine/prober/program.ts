/** The prober: opens probes in the network that it is started in, and tries them when asked. It ends with its input. */
import { writeFileSync } from 'node:fs'
import { messageOf } from '../../base/errors.ts'
import { linesOf } from '../../base/lines.ts'
import { resolveOwnName } from '../../plugin/own-name.ts'
import type { Component } from '../../plugin/define.ts'
import type { Probe, ProbeResult } from '../../plugin/probe.ts'
import type { Answer, Question } from './messages.ts'

const probes = new Map<number, Probe>()
const attempts = new Map<number, AbortController>()

async function open(question: Extract<Question, { type: 'open' }>): Promise<void> {
  const { id, module, component, name, environment, timeoutMs, properties } = question
  const { default: exported } = (await import(module)) as { readonly default: Component | Component[] }
  const plugin = [exported].flat().find((one) => one.kind === 'probe' && one.id === component)
  if (plugin?.kind !== 'probe' || plugin.module === undefined) {
    throw new Error(`${module} exports no probe ${component} that tries from a network`)
  }
  probes.set(id, await plugin.open({ name, environment, timeoutMs }, properties))
}

async function attempt(id: number, probe: Probe | undefined): Promise<ProbeResult> {
  if (probe === undefined) throw new Error('it was not opened')
  const controller = new AbortController()
  attempts.set(id, controller)
  try {
    return await probe.attempt(controller.signal)
  } finally {
    attempts.delete(id)
  }
}

async function answer(question: Question): Promise<void> {
  const { id } = question
  const say = (rest: Omit<Answer, 'id'>): void =>
    void process.stdout.write(`${JSON.stringify({ id, ...rest } satisfies Answer)}\n`)
  try {
    switch (question.type) {
      case 'open':
        await open(question)
        say({})
        break
      case 'attempt':
        say({ result: await attempt(id, probes.get(question.probe)) })
        break
      case 'abort':
        attempts.get(id)?.abort(new Error(question.reason))
    }
  } catch (error) {
    say({ error: messageOf(error) })
  }
}

// By this name the evidence knows who only observes.
writeFileSync('/proc/self/comm', 'quarry')
resolveOwnName()
for await (const lines of linesOf(process.stdin, Number.POSITIVE_INFINITY)) {
  for (const line of lines) void answer(JSON.parse(line) as Question)
}
for (const probe of probes.values()) await probe.close?.()
process.exit()
