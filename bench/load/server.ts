/** Answers every request on a connection with the same few bytes, and reads nothing of it but its end; prints its port. */
import { createServer } from 'node:net'

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
const END = Buffer.from('\r\n\r\n')

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  // Neither peer sends a request before it has the answer to the last one.
  socket.on('data', (chunk) => {
    if (chunk.subarray(-END.length).equals(END)) socket.write(ANSWER)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.stdout.write(`${address?.port}\n`)
})
