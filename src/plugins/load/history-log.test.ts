import { expect, test } from 'vitest'
import { OperationError, type PlannedOperation } from './client.ts'
import { openHistoryLog } from './history-log.ts'

const planned = (f: 'read' | 'write' | 'cas'): PlannedOperation => ({
  kind: f,
  subject: { f, key: 'k', value: f === 'cas' ? ['a', 'b'] : f === 'read' ? null : 'v' },
  run: () => Promise.reject(new Error('not here')),
})
const told = (log: ReturnType<typeof openHistoryLog>): unknown[] =>
  log.take().map(([kind, , { f, client, value }]) => [kind, f, client, value])

test('a read has what was read, a change what was asked for', () => {
  const log = openHistoryLog(2, 4)
  log.observe(0, planned('read'))({ outcome: 'ok', value: 'seen' })
  log.observe(1, planned('read'))({ outcome: 'ok', value: undefined })
  log.observe(0, planned('write'))({ outcome: 'ok' })
  log.observe(0, planned('cas'))({ outcome: 'mismatch' })
  expect(told(log)).toEqual([
    ['invoke', 'read', 2, null],
    ['ok', 'read', 2, 'seen'],
    ['invoke', 'read', 3, null],
    ['ok', 'read', 3, null],
    ['invoke', 'write', 2, 'v'],
    ['ok', 'write', 2, 'v'],
    ['invoke', 'cas', 2, ['a', 'b']],
    ['fail', 'cas', 2, ['a', 'b']],
  ])
  expect(log.take()).toEqual([])
})

test('a change in doubt ends the life of its client; one that was not made does not, nor does a read', () => {
  const log = openHistoryLog(0, 10)
  const doubtful = new OperationError('timeout', 'no answer')
  const refused = new OperationError('ECONNREFUSED', 'refused', { isIndeterminate: false })
  log.observe(1, planned('read'))({ outcome: 'timeout', error: doubtful })
  log.observe(1, planned('write'))({ outcome: 'error', error: refused })
  log.observe(1, planned('write'))({ outcome: 'timeout', error: doubtful })
  log.observe(1, planned('cas'))({ outcome: 'error', error: doubtful })
  log.observe(1, planned('write'))({ outcome: 'ok' })
  expect(told(log).map((one) => (one as unknown[]).slice(0, 3))).toEqual([
    ['invoke', 'read', 1],
    ['fail', 'read', 1],
    ['invoke', 'write', 1],
    ['fail', 'write', 1],
    ['invoke', 'write', 1],
    ['info', 'write', 1],
    ['invoke', 'cas', 11],
    ['info', 'cas', 11],
    ['invoke', 'write', 21],
    ['ok', 'write', 21],
  ])
})
