/** What a virtual machine is made of, as words of QEMU's command line. */
import type { Accelerator } from './accelerator.ts'

/** A limit of a disk, as QEMU throttles it: beyond `rate` only while there is credit for a burst. */
export interface Throttle {
  /** Bytes, or requests, per second in the long run. */
  readonly rate: number
  /** Per second during a burst. */
  readonly burst?: number
  /** How long a burst lasts at most, s. */
  readonly burstSeconds?: number
}

export interface DiskLimits {
  readonly bytes?: Throttle
  readonly bytesRead?: Throttle
  readonly bytesWritten?: Throttle
  readonly requests?: Throttle
  readonly reads?: Throttle
  readonly writes?: Throttle
}

/** A file as a disk. */
export interface Disk {
  /** Its serial number, by which the guest finds it; at most 20 characters. */
  readonly name: string
  readonly path: string
  /** Shared with others, and never written to. */
  readonly isShared: boolean
  readonly limits?: DiskLimits
}

/** A network card, plugged into a TAP interface of the network namespace that QEMU runs in. */
export interface NetworkCard {
  readonly name: string
  readonly tap: string
  readonly hardwareAddress: string
}

/** What must be the same in a guest and in a snapshot that it goes on from. */
export interface Hardware {
  readonly accelerator: Accelerator
  readonly cpus: number
  readonly memoryMiB: number
  readonly kernel: string
  readonly initrd: string
  readonly kernelArguments: readonly string[]
  readonly disks: readonly Disk[]
  readonly cards: readonly NetworkCard[]
}

/** Where one machine talks to this host. */
export interface Place {
  /** A private directory for sockets and pipes; its path is short, for a socket's may have 107 bytes. */
  readonly directory: string
  /** The file that gets what the kernel and the firmware print. */
  readonly console: string
}

export const sockets = { commands: 'commands', files: 'files', monitor: 'monitor', console: 'console' } as const

/** Where the memory of a machine comes from: of its own, a file that it fills, or a copy of such a file. */
export type Memory =
  | { readonly type: 'own' }
  | { readonly type: 'template'; readonly file: string }
  | { readonly type: 'copy'; readonly file: string }

/** Code that TCG has translated is kept in so many MiB; its own choice would be up to a gigabyte for each machine. */
const TRANSLATED_MIB = 128

/** The words of a command that starts the machine. */
export function qemuCommand(hardware: Hardware, memory: Memory, { directory, console }: Place): string[] {
  const { accelerator, cpus, memoryMiB, kernel, initrd, kernelArguments, disks, cards } = hardware
  const at = (name: string): string => `${directory}/${name}`
  const words = (text: string): string[] => text.split(' ')
  return [
    ...words('qemu-system-x86_64 -nodefaults -no-user-config -display none'),
    // A guest that ends is looked at before it is thrown away.
    ...words('-action reboot=shutdown,shutdown=pause,panic=pause'),
    ...words(`-accel ${accelerator === 'kvm' ? 'kvm' : `tcg,thread=multi,tb-size=${TRANSLATED_MIB}`}`),
    ...words(`-cpu ${accelerator === 'kvm' ? 'host' : 'max'} -smp ${cpus} -m ${memoryMiB}`),
    ...words('-machine q35,memory-backend=ram -device virtio-serial-pci -device virtio-rng-pci'),
    ...option('object', memoryBackend(memory, memoryMiB)),
    ...option('kernel', kernel),
    ...option('initrd', initrd),
    ...option('append', kernelArguments.join(' ')),
    ...option(
      'chardev',
      `socket,id=console,path=${escaped(at(sockets.console))},server=on,wait=off,logfile=${escaped(console)},logappend=on`,
    ),
    ...option('serial', 'chardev:console'),
    ...option('qmp', `unix:${escaped(at(sockets.monitor))},server=on,wait=off`),
    ...port('commands', `socket,id=commands,path=${escaped(at(sockets.commands))},server=on,wait=off`),
    ...port('files', `pipe,id=files,path=${escaped(at(sockets.files))}`),
    ...disks.flatMap(diskWords),
    ...cards.flatMap(cardWords),
    ...(memory.type === 'copy' ? ['-incoming', 'defer'] : []),
  ]
}

const option = (name: string, value: string): readonly string[] => [`-${name}`, value]

function memoryBackend(memory: Memory, memoryMiB: number): string {
  if (memory.type === 'own') return `memory-backend-ram,id=ram,size=${memoryMiB}M`
  const share = memory.type === 'template' ? 'on' : 'off'
  return `memory-backend-file,id=ram,size=${memoryMiB}M,mem-path=${escaped(memory.file)},share=${share}`
}

const port = (name: string, backend: string): readonly string[] => [
  ...option('chardev', backend),
  ...option('device', `virtserialport,chardev=${name},name=quarry.${name}`),
]

function diskWords({ name, path, isShared, limits }: Disk): string[] {
  const options = isShared ? 'read-only=on,locking=off' : 'read-only=off,discard=unmap'
  const readOnly = isShared ? ',read-only=on' : ''
  return [
    ...option('object', ['throttle-group', `id=limits-${name}`, ...throttleWords(limits ?? {})].join(',')),
    ...option('blockdev', `driver=file,node-name=file-${name},filename=${escaped(path)},${options}`),
    ...option('blockdev', `driver=raw,node-name=raw-${name},file=file-${name}${readOnly}`),
    ...option(
      'blockdev',
      `driver=throttle,node-name=disk-${name},throttle-group=limits-${name},file=raw-${name}${readOnly}`,
    ),
    ...option('device', `virtio-blk-pci,drive=disk-${name},id=${name},serial=${name}`),
  ]
}

const LIMITS = {
  bytes: 'bps-total',
  bytesRead: 'bps-read',
  bytesWritten: 'bps-write',
  requests: 'iops-total',
  reads: 'iops-read',
  writes: 'iops-write',
} as const satisfies Record<keyof DiskLimits, string>

function throttleWords(limits: DiskLimits): string[] {
  return Object.entries(LIMITS).flatMap(([key, name]) => {
    const limit = limits[key as keyof DiskLimits]
    if (limit === undefined) return []
    const { rate, burst, burstSeconds } = limit
    return [
      `x-${name}=${rate}`,
      ...(burst === undefined ? [] : [`x-${name}-max=${burst}`]),
      ...(burstSeconds === undefined ? [] : [`x-${name}-max-length=${burstSeconds}`]),
    ]
  })
}

const cardWords = ({ name, tap, hardwareAddress }: NetworkCard): string[] => [
  ...option('netdev', `tap,id=net-${name},ifname=${tap},script=no,downscript=no`),
  ...option('device', `virtio-net-pci,netdev=net-${name},id=${name},mac=${hardwareAddress},romfile=`),
]

/** A comma stands for itself when there are two. */
const escaped = (text: string): string => text.replaceAll(',', ',,')
