/** Output of QEMU's `info registers -a` for x86-64, and addresses by the map of a kernel. */

export interface Processor {
  readonly cpu: number
  /** Of the instruction that it is at. */
  readonly address: bigint
  readonly inKernel: boolean
  /** It sleeps until an interrupt comes. */
  readonly isHalted: boolean
}

/** In canonical form the kernel has the upper half of the addresses. */
const KERNEL = 1n << 63n

/** Those that are whole; text that is none of QEMU's gives none. */
export function processorsOf(text: string): Processor[] {
  return text
    .split(/^CPU#/m)
    .slice(1)
    .flatMap((part) => {
      const cpu = /^(\d+)/.exec(part)?.[1]
      const rip = /\bRIP=([0-9a-f]{16})\b/.exec(part)?.[1]
      if (cpu === undefined || rip === undefined) return []
      const address = BigInt(`0x${rip}`)
      return [
        { cpu: Number(cpu), address, inKernel: address >= KERNEL, isHalted: /\bHLT=1\b/.test(part) },
      ]
    })
}

/** Finds the function that an address is in, by the text of a System.map; undefined for one before all of them. */
export function symbolTable(map: string): (address: bigint) => string | undefined {
  const functions = map
    .split('\n')
    .flatMap((line) => {
      const [, address, name] = /^([0-9a-f]{16}) [tTwW] (\S+)$/.exec(line) ?? []
      return address === undefined || name === undefined ? [] : [{ address: BigInt(`0x${address}`), name }]
    })
    .toSorted((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  return (wanted) => {
    let low = 0
    let high = functions.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((functions[middle]?.address ?? 0n) <= wanted) low = middle + 1
      else high = middle
    }
    return functions[low - 1]?.name
  }
}
