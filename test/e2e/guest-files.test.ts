/** Files to and from a guest: by the disk that it shares with this host, and without that. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLedger } from '../../src/node/ledger.ts'
import vm from '../../src/plugins/provisioners/vm/index.ts'

test('what is large arrives whole, several at a time, and also when the disk hangs', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quarry-guest-files-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(directory, { recursive: true }))
  const run = `guest-files-${process.pid}`
  const ledger = stack.use(openLedger(join(directory, 'undo.jsonl'), run, () => {}))
  await ledger.record({ type: 'processes', run })
  const { nodes } = stack.use(
    await vm.provision(
      {
        run,
        group: 'server',
        count: 1,
        directory,
        definitionDirectory: directory,
        ledger,
        signal: new AbortController().signal,
        note: () => {},
      },
      vm.properties.parse({ kernel: 'cloud', memory: '384M', networks: [] }),
    ),
  )
  const [node] = nodes
  if (node?.machine === undefined) throw new Error('no guest')
  // More than a transfer has slots for, and not a whole number of them.
  const content = randomBytes((20 << 20) + 12_345)
  const file = join(directory, 'large')
  writeFileSync(file, content)
  const thereAndBack = async (name: string): Promise<void> => {
    await node.upload(file, `${name}/large`)
    await node.upload(directory, `${name}/all`)
    const back = `${directory}-${name}`
    stack.defer(() => rmSync(back, { recursive: true, force: true }))
    await node.download(name, back)
    expect(readFileSync(join(back, 'large')).equals(content)).toBe(true)
    expect(readFileSync(join(back, 'all/large')).equals(content)).toBe(true)
    rmSync(back, { recursive: true })
    await node.run(['rm', '-r', name])
  }
  await Promise.all([thereAndBack('one'), thereAndBack('two')])
  const small = join(directory, 'small')
  mkdirSync(small)
  writeFileSync(join(small, 'note'), 'kept')
  // More often than there are slots: each transfer gives its own back, also one that is ended or fails.
  for (let turn = 0; turn < 10; turn += 1) {
    await node.upload(small, 'small')
    await expect(node.upload(file, '/dev/null/x')).rejects.toThrow('/dev/null')
    await expect(node.download('/nowhere', join(directory, 'nothing'))).rejects.toThrow('/nowhere')
  }
  expect((await node.run(['cat', 'small/note'])).stdout).toBe('kept')

  await node.machine.execute('qom-set', {
    path: '/objects/limits-quarry-bulk',
    property: 'limits',
    value: { 'bps-total': 1 },
  })
  // What is let through at once at first is used up.
  for (let hangs = false; !hangs;) {
    const look = await node.run(['/proc/1/exe', 'take', '0', '1', 'true'], { input: '', timeoutMs: 2000 })
    hangs = look.timedOut
  }
  await thereAndBack('three')
})
