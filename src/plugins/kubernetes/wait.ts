/** Waiting until what a manifest describes is there, by one of Fallout's strategies. */
import { z } from 'zod'
import { sleep } from '../../base/abort.ts'
import { formatDuration } from '../../base/duration.ts'
import { TargetError } from '../../base/errors.ts'
import { duration } from '../../plugin/properties.ts'
import { ask, kubectlCommand, tell, type Kube, type Surroundings } from './kubectl.ts'
import { imagesIn, parsePods, type Pod } from './objects.ts'

const strategies = [
  'FIXED_DURATION',
  'WAIT_ON_MANIFEST',
  'WAIT_ON_PODS',
  'WAIT_ON_CONTAINERS',
  'WAIT_ON_IMAGE',
] as const

export const waitProperties = {
  'wait.strategy': z
    .string()
    .transform((text) => text.trim().toUpperCase())
    .pipe(z.enum(strategies))
    .describe(
      'FIXED_DURATION, WAIT_ON_MANIFEST, WAIT_ON_PODS, WAIT_ON_IMAGE or WAIT_ON_CONTAINERS, in any case: what is waited for is the time `wait.timeout`; the condition on all objects of the manifest, on pods with a label, on pods that run an image; or containers that are ready',
    ),
  'wait.condition': z
    .string()
    .min(1)
    .optional()
    .describe(
      'as `kubectl wait --for` has it, such as `condition=Ready`; for WAIT_ON_MANIFEST, WAIT_ON_PODS and WAIT_ON_IMAGE',
    ),
  'wait.timeout': duration.prefault('15m').describe('how long to wait at most'),
  'wait.pod_label': z
    .string()
    .min(1)
    .optional()
    .describe('selector of pods, such as `app=web`; for WAIT_ON_PODS'),
  'wait.container_name': z
    .string()
    .min(1)
    .optional()
    .describe('containers of this name; for WAIT_ON_CONTAINERS'),
  'wait.expected_containers': z
    .int()
    .min(-1)
    .optional()
    .describe('so many of them must be ready, -1 for at least one; for WAIT_ON_CONTAINERS'),
  'wait.image_name': z
    .string()
    .min(1)
    .optional()
    .describe(
      'part of the name of an image; for WAIT_ON_IMAGE, where all images of the manifest are meant otherwise',
    ),
}
export type Wait = z.infer<z.ZodObject<typeof waitProperties>>

const required: Readonly<Record<Wait['wait.strategy'], readonly (keyof Wait)[]>> = {
  FIXED_DURATION: [],
  WAIT_ON_MANIFEST: ['wait.condition'],
  WAIT_ON_PODS: ['wait.condition', 'wait.pod_label'],
  WAIT_ON_CONTAINERS: ['wait.container_name', 'wait.expected_containers'],
  WAIT_ON_IMAGE: ['wait.condition'],
}

/** Every property that the strategy cannot do without is a problem of its own. */
export function checkWait(given: Wait, context: z.RefinementCtx): void {
  const strategy = given['wait.strategy']
  for (const key of required[strategy]) {
    if (given[key] !== undefined) continue
    context.addIssue({ code: 'custom', message: `${strategy} needs ${key}`, path: ['wait.strategy'] })
  }
}

/** Between two looks, in ms. */
const EVERY_MS = 1000

/** Resolves when it is there; a TargetError says that it is not in time. `names` is the manifest that names the objects. */
export async function untilThere(
  kube: Kube,
  around: Surroundings,
  given: Wait & { readonly namespace?: string | undefined },
  names: string,
): Promise<void> {
  const { namespace, 'wait.timeout': timeoutMs, 'wait.condition': condition = '' } = given
  const ends = performance.now() + timeoutMs
  const podsThat = async (
    what: string,
    isMeant: (pod: Pod) => boolean,
    selector: string[],
  ): Promise<void> => {
    const command = kubectlCommand(namespace, ['get', 'pods', '--output=json', ...selector])
    const found = await until(kube, around, ends, `no pod ${what}`, command, (text) => {
      const meant = parsePods(text).filter(isMeant)
      return meant.length === 0 ? undefined : meant
    })
    const pods = found.map(({ name }) => `pod/${name}`)
    await tell(kube, around, waitCommand(namespace, condition, ends - performance.now(), pods))
  }
  switch (given['wait.strategy']) {
    case 'FIXED_DURATION':
      await sleep(timeoutMs, around.signal)
      return
    case 'WAIT_ON_MANIFEST':
      await tell(kube, around, waitCommand(namespace, condition, timeoutMs, [`--filename=${names}`]))
      return
    case 'WAIT_ON_PODS': {
      const label = given['wait.pod_label'] ?? ''
      await podsThat(`with the label ${label}`, () => true, [`--selector=${label}`])
      return
    }
    case 'WAIT_ON_IMAGE': {
      const one = given['wait.image_name']
      const get = kubectlCommand(namespace, ['get', `--filename=${names}`, '--output=json'])
      const images = one === undefined ? imagesIn(await ask(kube, around, get)) : [one]
      const runs = ({ containers }: Pod): boolean =>
        containers.some(({ image }) => images.some((wanted) => image.includes(wanted)))
      await podsThat(`that runs ${images.join(' or ')}`, runs, [])
      return
    }
    case 'WAIT_ON_CONTAINERS': {
      const { 'wait.container_name': name = '', 'wait.expected_containers': expected = -1 } = given
      const command = kubectlCommand(namespace, ['get', 'pods', '--output=json'])
      const what = `containers ${name}: not ${expected < 0 ? 'one' : expected} of them ready`
      await until(kube, around, ends, what, command, (text) => {
        const ready = parsePods(text)
          .flatMap(({ containers }) => containers)
          .filter((container) => container.name === name && container.ready).length
        return (expected < 0 ? ready > 0 : ready === expected) ? ready : undefined
      })
    }
  }
}

/** The words that wait for a condition, for a second at least. */
export const waitCommand = (
  namespace: string | undefined,
  condition: string,
  timeoutMs: number,
  what: readonly string[],
): string[] =>
  kubectlCommand(namespace, [
    'wait',
    `--for=${condition}`,
    `--timeout=${Math.max(1, Math.ceil(timeoutMs / 1000))}s`,
    ...what,
  ])

/** Asks again and again until the answer is what is wanted. An API server that does not answer is asked again, too. */
async function until<T>(
  kube: Kube,
  around: Surroundings,
  ends: number,
  what: string,
  command: readonly string[],
  pick: (answer: string) => T | undefined,
): Promise<T> {
  const began = performance.now()
  for (;;) {
    const answer = await kube.node.run(command, { signal: around.signal })
    const found = answer.ok ? pick(answer.stdout) : undefined
    if (found !== undefined) return found
    if (performance.now() > ends) {
      const why = answer.ok ? '' : `; ${answer.stderr.trim().split('\n').slice(-2).join(' ')}`
      throw new TargetError(`${what} after ${formatDuration(performance.now() - began)}${why}`, {
        code: 'QUARRY_NOT_READY',
      })
    }
    await sleep(EVERY_MS, around.signal)
  }
}
