/** Reads what the program on a node tells. */
import { StringDecoder } from 'node:string_decoder'
import type { LoadMessage } from './messages.ts'

/** Messages, one on each line; a last line that was cut off is left out. */
export async function* messagesOf(output: AsyncIterable<Uint8Array>): AsyncGenerator<LoadMessage> {
  const decoder = new StringDecoder('utf8')
  let pending = ''
  for await (const chunk of output) {
    const lines = (pending + decoder.write(Buffer.from(chunk))).split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as LoadMessage
  }
}
