import { takeRoom } from '../../../lab/capacity.ts'
import { imageNeeds } from '../../../lab/image/build.ts'
import { defineProvisioner } from '../../../plugin/define.ts'
import { bootables } from './bootables.ts'
import { startGuest, templateOf, type Guests } from './guests.ts'
import { plugIn } from './networks.ts'
import { properties } from './properties.ts'

export default defineProvisioner({
  id: 'vm',
  summary:
    'virtual machines of QEMU: each node boots a kernel of its own, with disks and network cards that can be made sick',
  needs: [
    { type: 'tool', name: 'qemu-system-x86_64', package: 'qemu-system-x86' },
    { type: 'tool', name: 'cc', package: 'gcc' },
    { type: 'file', path: '/usr/include/stdio.h', remedy: 'apt-get install -y libc6-dev' },
    { type: 'tool', name: 'cpio', package: 'cpio' },
    ...imageNeeds,
  ],
  properties,
  provision: async (context, given) => {
    const { count, signal } = context
    await using stack = new AsyncDisposableStack()
    const things = await bootables(context, given)
    const claim = { memoryMiB: Math.floor(given.memory / 2 ** 20), cpus: given.cpus }
    const claims = Array.from({ length: count }, () => claim)
    stack.use(await takeRoom(claims, (sentence) => context.note(sentence), signal))
    const networks = stack.use(await plugIn(context, given.networks))
    const guests: Guests = { context, given, things, networks }
    const template = await templateOf(guests)
    const started = await Promise.allSettled(
      claims.map((_, ordinal) => startGuest(guests, ordinal, template)),
    )
    stack.defer(async () => {
      await Promise.all(
        started.flatMap((one) => (one.status === 'fulfilled' ? [one.value[Symbol.asyncDispose]()] : [])),
      )
    })
    const nodes = started.map((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value.node
    })
    stack.use(await networks.tellNames(nodes))
    const owned = stack.move()
    return { nodes, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  },
})
