/** Runs kubectl commands, again and again for the time of a phase. */
import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { defineModule } from '../../../plugin/define.ts'
import { duration, refersTo } from '../../../plugin/properties.ts'
import { repeated, repeatProperties } from '../../../plugin/repeat.ts'
import { selectionProperties, selectNodes } from '../../../plugin/selection.ts'
import { ensureNamespace } from '../../kubernetes/deploy.ts'
import { kubeOf, namespace } from '../../kubernetes/kubectl.ts'
import { runScript } from '../../scripts/run.ts'
import { scriptOf } from './script.ts'

const command = z
  .string()
  .min(1)
  .regex(/^(?!\s*kubectl\b)/i, { error: 'must not begin with `kubectl`: that is put in front of it' })

const properties = z.strictObject({
  command: command.describe('what comes after `kubectl`; a shell reads it, so quote as in one'),
  'command.secondary': command
    .optional()
    .describe(
      'command that takes turns with it, such as one that undoes it; it is also run once at the end, whatever happened',
    ),
  namespace,
  node_group: refersTo('node group', z.string().min(1).optional()).describe('another word for `target`'),
  ...selectionProperties('server'),
  timeout: duration
    .prefault('1h')
    .describe('a command that takes longer is stopped, and has failed; 0 is no limit'),
  no_output_timeout: duration
    .prefault('13m')
    .describe(
      'a command that has said something and then nothing for so long is stopped, and has failed; 0 is no limit',
    ),
  ...repeatProperties,
})

/** Time for the last secondary command, which also runs when the run is aborted, in ms. */
const LAST_MS = 60_000

export default defineModule({
  id: 'kubectl',
  summary: 'runs a kubectl command, repeatedly; one that fails is a failed operation',
  needs: [
    { type: 'tool', name: 'kubectl', package: 'kubernetes-client' },
    { type: 'tool', name: 'bash', package: 'bash' },
  ],
  properties,
  lifetime: 'dynamic',
  defaultLifetime: 'run_to_end_of_phase',
  run: async (context, given) => {
    const target = given.node_group ?? given.target
    // It is the same cluster from every node: the first of the chosen ones speaks to it.
    const kube = kubeOf(
      selectNodes((name) => context.group(name), { ...given, target }),
      target,
    )
    await ensureNamespace(kube, context, given.namespace)
    const { command: primary, 'command.secondary': secondary } = given
    const act = async (words: string, around = context): Promise<void> => {
      around.operation('invoke', words)
      const { timeout, no_output_timeout } = given
      const script = {
        script: scriptOf(given.namespace, words),
        timeout,
        no_output_timeout,
        export_output: true,
      }
      const ending = await runScript(kube.node, around, script)
      throwIfAborted(around.signal)
      around.operation(ending.ok ? 'ok' : 'fail', ending.ok ? ending.output : ending.why)
    }
    try {
      await repeated(context, given, (iteration) =>
        act(secondary !== undefined && iteration % 2 === 0 ? secondary : primary),
      )
    } finally {
      if (secondary !== undefined) {
        await act(secondary, { ...context, lifetime: 'run_once', signal: AbortSignal.timeout(LAST_MS) })
      }
    }
  },
})
