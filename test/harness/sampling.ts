/** A sampler at work in a test. */
import type { ComponentOf } from '../../src/plugin/registry.ts'
import type { FileView } from '../../src/plugin/node.ts'
import { localNode } from '../../src/node/local.ts'
import { RecordedSamples } from './recorded-samples.ts'

/** Opens a sampler over these files; each `tick` gives the values that it wrote. */
export function sampling(
  plugin: ComponentOf<'sampler'>,
  files: FileView,
  properties: Readonly<Record<string, unknown>> = {},
) {
  const sink = new RecordedSamples()
  const node = localNode({ run: 'test', group: 'server', ordinal: 0, scratch: '/' })
  const parsed = plugin.properties.parse(properties)
  const sampler = plugin.open({ node, sink, signal: new AbortController().signal }, parsed)
  return {
    sink,
    close: async () => sampler.close?.(),
    tick: (): Map<string, number> => {
      sink.begin()
      void sampler.sample(files)
      return sink.values()
    },
  }
}
