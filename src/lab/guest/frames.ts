/** Frames of the port `quarry.commands`, as agent.c describes them. */

/** What the controller sends. */
export const Ask = { start: 1, input: 2, signal: 3, grant: 4, stop: 5, close: 6, ping: 7, clock: 8 } as const
/** What the agent sends. */
export const Tell = { started: 1, output: 2, errors: 3, taken: 4, exit: 5, stopped: 6, pong: 7 } as const

export interface Frame {
  readonly stream: number
  readonly type: number
  readonly payload: Buffer
}

const HEADER = 12
/** Bytes that the agent takes in one frame. */
export const MOST_PAYLOAD = 64 << 10

export function encodeFrame(stream: number, type: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER + payload.length)
  frame.writeUInt32LE(payload.length, 0)
  frame.writeUInt32LE(stream, 4)
  frame.writeUInt32LE(type, 8)
  frame.set(payload, HEADER)
  return frame
}

/** Numbers of 32 bits, as payloads hold them. */
export function words(...numbers: readonly number[]): Buffer {
  const payload = Buffer.allocUnsafe(numbers.length * 4)
  for (const [index, number] of numbers.entries()) payload.writeUInt32LE(number, index * 4)
  return payload
}

/** Puts chunks, which may end anywhere, together to frames. */
export class FrameReader {
  #left: Buffer = Buffer.alloc(0)

  take(chunk: Buffer): Frame[] {
    const frames: Frame[] = []
    const bytes = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk])
    let at = 0
    while (bytes.length - at >= HEADER) {
      const end = at + HEADER + bytes.readUInt32LE(at)
      if (end > bytes.length) break
      frames.push({
        stream: bytes.readUInt32LE(at + 4),
        type: bytes.readUInt32LE(at + 8),
        payload: bytes.subarray(at + HEADER, end),
      })
      at = end
    }
    this.#left = bytes.subarray(at)
    return frames
  }
}
