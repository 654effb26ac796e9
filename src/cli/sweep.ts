import { formatDuration } from '../base/duration.ts'
import { sweep, sweepKept } from '../engine/sweep.ts'
import { removeUnused, type Unused } from '../lab/cache.ts'
import { guestsAboutMs } from '../lab/capacity.ts'
import { exitCodes } from '../model/verdict.ts'
import { keptGroups } from '../store/kept-groups.ts'
import { defineCommand, durationOption } from './command.ts'
import { megabytes, table } from './table.ts'

export const command = defineCommand({
  arguments: {},
  options: {
    kept: { summary: 'also take down the node groups that runs kept for later ones' },
    cache: {
      value: 'duration',
      summary:
        'also remove kernels, images and snapshots of guests that were not used for so long, such as 30d',
    },
  },
  details: `Undoes whatever runs left behind whose process is gone (kill -9, a crash, a lost terminal): processes,
mounts, files, stopped targets, trace switches. Runs that are alive are left alone. Doing it twice does no harm.
Node groups that a definition keeps (mark_for_reuse, runlevel.final) stand until --kept. What --cache removes is fetched or
built again by the run that needs it; while guests are about, what they may still need stays.`,
  run: async ({ kept: also, cache }, context) => {
    const unusedMs =
      cache === undefined ? undefined : durationOption('--cache', cache, '30d, 12h; 0 for everything')
    const swept = [...(await sweep()), ...(also ? await sweepKept() : [])]
    const kept = keptGroups()
    const sweeping = unusedMs === undefined ? undefined : await removeUnusedFor(unusedMs)
    if (context.json) context.printJson({ runs: swept, kept, ...(sweeping && { cache: sweeping.removed }) })
    else if (swept.length === 0) context.print('nothing to sweep: every run has ended by itself')
    for (const { run, status, sentences } of context.json ? [] : swept) {
      context.print(`${run}: ${status === 'alive' ? 'still runs; left alone' : status}`)
      for (const sentence of sentences) context.print(`  ${sentence}`)
    }
    for (const { cluster, group, provisioner, level, since } of context.json ? [] : kept) {
      context.print(
        `${cluster}: ${group} on ${provisioner} kept at ${level} since ${since}; --kept takes it down`,
      )
    }
    if (sweeping !== undefined && unusedMs !== undefined && !context.json)
      context.print(sweepingText(sweeping, unusedMs))
    return swept.some(({ status }) => status === 'failed') ? exitCodes.fail : exitCodes.pass
  },
})

/** What a run takes before its guests: it may build a kernel. */
const BEFORE_GUESTS_MS = 3_600_000

interface Sweeping {
  readonly removed: readonly Unused[]
  /** What was used within this time stayed, ms. */
  readonly withinMs: number
}

/** What those who have guests now may have been told of when they began stays. */
async function removeUnusedFor(milliseconds: number): Promise<Sweeping> {
  const aboutMs = await guestsAboutMs()
  const withinMs = aboutMs === undefined ? milliseconds : Math.max(milliseconds, aboutMs + BEFORE_GUESTS_MS)
  return { removed: await removeUnused(new Date(Date.now() - withinMs)), withinMs }
}

function sweepingText({ removed, withinMs }: Sweeping, askedMs: number): string {
  const why = withinMs > askedMs ? ', for guests are about' : ''
  const stays = withinMs === 0 ? '' : `; what was used within ${formatDuration(withinMs)} stays${why}`
  if (removed.length === 0) return `cache: nothing to remove${stays}`
  const bytes = removed.reduce((sum, one) => sum + one.bytes, 0)
  const rows = removed.map((one) => [
    `${one.kind}/${one.key}`,
    megabytes(one.bytes),
    `used last ${one.usedAt.toISOString().slice(0, 16).replace('T', ' ')}`,
  ])
  return `cache: ${megabytes(bytes)} removed${stays}\n${table(rows)}`
}
