/** A probe at work in a test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localNode } from '../../src/node/local.ts'
import type { Probe, ProbeResult } from '../../src/plugin/probe.ts'
import type { ComponentOf } from '../../src/plugin/registry.ts'

export interface OpenProbe extends AsyncDisposable {
  readonly probe: Probe
  /** One attempt; the signal is one that never aborts unless given. */
  attempt(signal?: AbortSignal): Promise<ProbeResult>
}

/** Opens a probe on this host with the properties as a definition has them. */
export async function openProbe(
  plugin: ComponentOf<'probe'>,
  properties: Readonly<Record<string, unknown>>,
  timeoutMs = 5000,
): Promise<OpenProbe> {
  const scratch = mkdtempSync(join(tmpdir(), 'probe-'))
  const node = localNode({ run: 'test', group: 'server', ordinal: 0, scratch })
  const parsed = plugin.properties.parse(properties)
  const probe = await plugin.open({ name: 'test', node, environment: { GIVEN: 'yes' }, timeoutMs }, parsed)
  return {
    probe,
    attempt: (signal = new AbortController().signal) => probe.attempt(signal),
    [Symbol.asyncDispose]: async () => {
      await probe.close?.()
      rmSync(scratch, { recursive: true })
    },
  }
}

/** One attempt of a probe, without the times in it. */
export async function attemptOnce(
  plugin: ComponentOf<'probe'>,
  properties: Readonly<Record<string, unknown>>,
  timeoutMs?: number,
): Promise<Pick<ProbeResult, 'success' | 'error' | 'stage'>> {
  await using open = await openProbe(plugin, properties, timeoutMs)
  const { success, error, stage } = await open.attempt()
  return {
    success,
    ...(stage === undefined ? {} : { stage }),
    ...(error === undefined ? {} : { error: error.replace(/(?<=after )[\d.]+(us|ms|s)/, 'T') }),
  }
}
