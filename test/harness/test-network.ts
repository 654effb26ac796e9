/** A network namespace of a test's own, behind a cable from this host that can be cut without a word to either side. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export interface TestNetwork extends AsyncDisposable {
  /** Where this host reaches it. */
  readonly address: string
  /** Words in front of a command that has to run there. */
  readonly enter: readonly string[]
  /** Drops every packet, either way. */
  drop(): void
  /** Lets them through again. */
  restore(): void
}

/** Of TEST-NET-2 (RFC 5737), which nobody routes. */
const HERE = '198.51.100.1'
const THERE = '198.51.100.2'

/** Makes it; needs root. The namespace and the cable go with the process that holds them. */
export async function testNetwork(): Promise<TestNetwork> {
  const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' })
  const pid = holder.pid ?? 0
  const ended = once(holder, 'exit')
  const own = readlinkSync('/proc/self/ns/net')
  while (readlinkSync(`/proc/${pid}/ns/net`) === own) await delay(5)
  const enter = ['nsenter', `--target=${pid}`, '--net', '--']
  const inside = (...words: string[]): void => {
    const [program = '', ...args] = [...enter, ...words]
    execFileSync(program, args)
  }
  const link = `quarry-t${pid}`
  execFileSync('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)])
  execFileSync('ip', ['address', 'add', `${HERE}/30`, 'dev', link])
  execFileSync('ip', ['link', 'set', link, 'up'])
  inside('ip', 'link', 'set', 'lo', 'up')
  inside('ip', 'address', 'add', `${THERE}/30`, 'dev', 'eth0')
  inside('ip', 'link', 'set', 'eth0', 'up')
  const chain = (hook: string): string =>
    `chain ${hook} { type filter hook ${hook} priority 0; policy drop; };`
  return {
    address: THERE,
    enter,
    drop: () => inside('nft', `table inet cut { ${chain('input')} ${chain('output')} }`),
    restore: () => inside('nft', 'delete table inet cut'),
    [Symbol.asyncDispose]: async () => {
      holder.kill('SIGKILL')
      await ended
    },
  }
}
