import { expect, test } from 'vitest'
import { freeSubnets, subnetOf } from './subnet.ts'

test('a run has the whole range for benchmarks to choose from, beginning at a place of its own', () => {
  const one = freeSubnets('run-1', [])
  expect(one).toHaveLength(512)
  expect(new Set(one.map(({ cidr }) => cidr)).size).toBe(512)
  expect(one.every(({ cidr }) => /^198\.1[89]\.\d{1,3}\.0\/24$/.test(cidr))).toBe(true)
  expect(freeSubnets('run-2', [])[0]).not.toEqual(one[0])
})

test('what overlaps with a network that is in use is left out', () => {
  const left = (...taken: string[]): number => freeSubnets('run-1', taken).length
  expect(left('198.18.7.0/24')).toBe(511)
  expect(left('198.18.7.9')).toBe(511)
  expect(left('198.18.7.250/30', '198.18.7.9/32')).toBe(511)
  expect(left('198.18.0.1/16')).toBe(256)
  expect(left('198.16.0.0/14')).toBe(0)
  expect(left('192.0.2.0/24', '198.20.0.0/16', '10.0.0.0/8')).toBe(512)
})

test('routes to everywhere, and what is no network, leave it alone', () => {
  expect(freeSubnets('run-1', ['0.0.0.0/0', '128.0.0.0/1', 'default', '', '999'])).toHaveLength(512)
})

test('its hosts', () => {
  const subnet = freeSubnets('run-1', []).find(({ cidr }) => cidr === '198.19.255.0/24')
  expect([subnet?.host(1), subnet?.host(254)]).toEqual(['198.19.255.1', '198.19.255.254'])
  expect(() => subnet?.host(255)).toThrow('has no host 255')
})

test('one is found again by its name', () => {
  const [subnet] = freeSubnets('run-1', [])
  const again = subnetOf(subnet?.cidr ?? '')
  expect([again.cidr, again.host(2)]).toEqual([subnet?.cidr, subnet?.host(2)])
  for (const other of ['198.18.0.0/16', '198.18.0.1', 'nothing'])
    expect(() => subnetOf(other)).toThrow(RangeError)
})
