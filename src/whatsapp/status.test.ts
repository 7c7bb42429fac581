import { describe, expect, test } from 'vitest'
import { advance, rankOf, statusOfAttempts, statusTold } from './status.ts'
import type { Attempt, SendStatus } from './status.ts'

const TOLD = ['sent', 'delivered', 'read', 'played', 'failed'] as const
const told = (name: (typeof TOLD)[number]): SendStatus => statusTold(name.toUpperCase() as Uppercase<typeof name>)

/** All sequences of these words, of every length up to a limit: every order, every repeat, every omission. */
function* sequences<T>(words: readonly T[], length: number): Generator<T[]> {
  yield []
  if (length === 0) return
  for (const first of words) for (const rest of sequences(words, length - 1)) yield [first, ...rest]
}

describe('one attempt', () => {
  test('ends in one state, whatever came in whatever order, however often', () => {
    const ends = new Map<string, SendStatus>()
    let count = 0
    for (const words of sequences(TOLD, 6)) {
      const end = words.map(told).reduce(advance, 'SENDING')
      const facts = [...new Set(words)].sort().join()
      expect(ends.get(facts) ?? end, words.join()).toBe(end)
      ends.set(facts, end)
      count += 1
    }
    expect(count).toBeGreaterThan(19_000)
    expect(ends.size).toBe(2 ** TOLD.length)
  })

  test('never goes back', () => {
    for (const words of sequences(TOLD, 5)) {
      let at: SendStatus = 'SENDING'
      for (const word of words) {
        const next = advance(at, told(word))
        expect(rankOf(next)).toBeGreaterThanOrEqual(rankOf(at))
        at = next
      }
    }
  })

  test.each<[string[], SendStatus]>([
    [[], 'SENDING'],
    [['sent'], 'SENT'],
    [['failed', 'sent'], 'FAILED'],
    [['sent', 'failed'], 'FAILED'],
    [['failed', 'delivered'], 'DELIVERED'],
    [['read', 'failed', 'delivered', 'sent'], 'READ'],
    [['read'], 'READ'],
    [['played', 'delivered'], 'READ'],
  ])('after %j is %s', (words, status) => {
    expect((words as (typeof TOLD)[number][]).map(told).reduce(advance, 'SENDING')).toBe(status)
  })
})

describe('several attempts', () => {
  test.each<[string, Attempt[], SendStatus]>([
    ['none yet', [], 'SENDING'],
    ['a retry counts from its beginning', [{ number: 1, status: 'FAILED' }, { number: 2, status: 'SENDING' }], 'SENDING'],
    ['what failed before does not spoil it', [{ number: 2, status: 'SENT' }, { number: 1, status: 'FAILED' }], 'SENT'],
    ['the first arrived after all', [{ number: 1, status: 'DELIVERED' }, { number: 2, status: 'FAILED' }], 'DELIVERED'],
    ['both arrived', [{ number: 1, status: 'READ' }, { number: 2, status: 'DELIVERED' }], 'READ'],
    ['the last failed too', [{ number: 1, status: 'SENT' }, { number: 2, status: 'FAILED' }], 'FAILED'],
  ])('%s', (_what, attempts, status) => {
    expect(statusOfAttempts(attempts)).toBe(status)
    expect(statusOfAttempts(attempts.toReversed())).toBe(status)
  })
})
