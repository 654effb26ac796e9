import { expect, test } from 'vitest'
import type { SocketState } from '../case/sockets.ts'
import { separating, serves, type Feature } from './features.ts'

const socket = (protocol: string, local: string, state = 'LISTEN', remote = ''): SocketState => ({
  node: 'server/0',
  protocol,
  state,
  local,
  remote,
  inode: 1n,
  pid: 1,
  fd: 1,
  comm: 'server',
  least: 0,
  last: 0,
  most: 0,
  looks: 1,
  from: 0n,
  to: 0n,
})

test.each([
  ['tcp', '0.0.0.0:80', '127.0.0.1:80', true],
  ['tcp', '*:80', 'localhost:80', true],
  ['tcp6', '[::]:80', '127.0.0.1:80', true],
  ['tcp', '127.0.0.1:80', '127.0.0.1:80', true],
  ['tcp', '127.0.0.1%lo:80', '127.0.0.1:80', true],
  ['tcp', '10.0.0.1:80', '127.0.0.1:80', false],
  ['tcp', '0.0.0.0:8080', '127.0.0.1:80', false],
  ['unix', '/run/app.sock', '/run/app.sock', true],
  ['unix', '/run/other.sock', '/run/app.sock', false],
])('%s %s serves %s: %s', (protocol, local, address, expected) => {
  expect(serves(socket(protocol, local), protocol === 'unix' ? 'unix' : 'tcp', address)).toBe(expected)
})

test('a connection is not its listener', () => {
  expect(serves(socket('tcp', '127.0.0.1:80', 'ESTAB', '127.0.0.1:5'), 'tcp', '127.0.0.1:80')).toBe(false)
  expect(serves(socket('udp', '0.0.0.0:161', 'UNCONN', '0.0.0.0:*'), 'udp', '127.0.0.1:161')).toBe(true)
  expect(serves(socket('udp', '127.0.0.1:161', 'ESTAB', '127.0.0.1:5'), 'udp', '127.0.0.1:161')).toBe(false)
})

test('the feature nearest to the mechanism is told', () => {
  const feature = (depth: number, text: string): Feature => ({ depth, text, about: [], subject: {} })
  const dead = [
    new Map([
      ['epoll', feature(1, 'epoll')],
      ['stream', feature(5, 'stream')],
      ['tcp', feature(6, 'tcp')],
    ]),
    new Map([
      ['epoll', feature(1, 'epoll')],
      ['stream', feature(5, 'stream')],
      ['unix', feature(6, 'unix')],
    ]),
  ]
  expect(separating(dead, [new Map([['datagram', feature(5, 'datagram')]])])?.text).toBe('epoll')
  expect(separating(dead, [new Map([['epoll', feature(1, 'epoll')]])])?.text).toBe('stream')
  expect(
    separating(dead, [
      new Map([
        ['epoll', feature(1, '')],
        ['stream', feature(5, '')],
      ]),
    ]),
  ).toBeUndefined()
  expect(separating([], [])).toBeUndefined()
})
