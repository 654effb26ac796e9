/** Whether the processor runs guests itself (KVM) or QEMU translates their code (TCG): tried, and not assumed. */
import { accessSync, constants } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sleep } from '../../base/abort.ts'
import { startProcess } from '../../base/process.ts'
import { cached, contentKey } from '../cache.ts'

export type Accelerator = 'kvm' | 'tcg'

/** A kernel that has not come to its first process by then never will, ms. */
const PATIENCE_MS = 10_000
/** What Linux prints when it starts it. */
const STARTED = /Run \S+ as init process/

/**
 * KVM where a kernel boots under it, and TCG otherwise. Some hosts have a /dev/kvm under which guests hang: so a kernel is
 * booted once, and what came of it is kept until this host boots again.
 */
export async function workingAccelerator(
  kernel: string,
  initrd: string,
  signal: AbortSignal,
): Promise<Accelerator> {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
  } catch {
    return 'tcg'
  }
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
  const directory = await cached({
    kind: 'accelerators',
    key: contentKey([boot]),
    signal,
    make: async (place) => {
      const works = await boots(kernel, initrd, signal)
      await writeFile(join(place, 'accelerator'), works ? 'kvm' : 'tcg')
    },
  })
  return (await readFile(join(directory, 'accelerator'), 'utf8')) === 'kvm' ? 'kvm' : 'tcg'
}

async function boots(kernel: string, initrd: string, signal: AbortSignal): Promise<boolean> {
  const machine = ['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-machine', 'q35']
  const boot = ['-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0 panic=-1', '-serial', 'stdio']
  await using running = await startProcess(
    ['qemu-system-x86_64', '-accel', 'kvm', '-cpu', 'host', '-m', '256', ...machine, ...boot],
    { signal, maxBytes: 1 << 16, graceMs: 500 },
  )
  const seen = async (): Promise<boolean> => {
    let text = ''
    for await (const chunk of running.stdout) {
      text = (text + Buffer.from(chunk).toString('latin1')).slice(-4096)
      if (STARTED.test(text)) return true
    }
    return false
  }
  return await Promise.race([seen(), sleep(PATIENCE_MS, signal).then(() => false)])
}
