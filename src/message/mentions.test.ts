import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { profileFaults } from '../user/domain.ts'
import { mentionedNames } from './mentions.ts'

const aUsername = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,30}[A-Za-z0-9_]$/)
/** What may stand before an @ without making it an e-mail address, and what may follow a name without going on with it. */
const before = fc.constantFrom('', ' ', '\n', '(', '"', ', ', '/', '@', '. ', '你好', '👋', '...')
const after = fc.constantFrom('', ' ', '.', '...', '-', '.-. ', ', ', '!', '?', ')', "'s", ':', '\n', '你好', '👋', '@', '/x')

describe('a text names', () => {
  test.each([
    ['hello @bob', ['bob']],
    ['@bob', ['bob']],
    ['@BOB and @bob', ['bob']],
    ['ask @bob.smith-jones_2.', ['bob.smith-jones_2']],
    ['@bob- @carol... @dan.-.', ['bob', 'carol', 'dan']],
    ['(@bob), "@carol"; @dan_', ['bob', 'carol', 'dan_']],
    ['你好@bob你好', ['bob']],
    ['@bob@carol', ['bob']],
    [`@${'a'.repeat(32)}`, ['a'.repeat(32)]],
  ])('in %j the users %j', (text, names) => {
    expect(mentionedNames(text)).toEqual(names)
  })

  test.each([
    'bob',
    '@',
    '@ bob',
    '@b',
    '@_bob',
    '@.bob',
    'bob@example.com',
    'Bob.Smith+news@example.com',
    'bob_@example.com',
    'josé@example.com',
    '@josé',
    `@${'a'.repeat(33)}`,
    '@\u0430lice',
    '＠bob',
  ])('in %j nobody', (text) => {
    expect(mentionedNames(text)).toEqual([])
  })

  test('every username by its whole, whatever surrounds it', () => {
    fc.assert(
      fc.property(before, aUsername, after, (head, name, tail) => {
        expect(mentionedNames(`${head}@${name}${tail}`)).toEqual([name.toLowerCase()])
      }),
      { numRuns: 1000 },
    )
  })

  test('each user once, in the order in which they first come', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('bob', 'Bob', 'carol', 'dan.d', 'eve_'), { maxLength: 20 }), (names) => {
        expect(mentionedNames(names.map((name) => `@${name}`).join(' '))).toEqual([...new Set(names.map((name) => name.toLowerCase()))])
      }),
    )
  })

  test('by an e-mail address nobody', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._%+-]{0,20}[A-Za-z0-9_%+-]$/), fc.domain(), (local, domain) => {
        expect(mentionedNames(`write to ${local}@${domain}`)).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  test('whatever it is, only names that a user could have, as they stand there', () => {
    const pieces = fc.array(fc.oneof(fc.constantFrom('@', '.', '-', '_', 'a', 'B', '9', ' ', 'é', '好'), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 40 })
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('')
        for (const name of mentionedNames(text)) {
          expect(profileFaults({ username: name })).toEqual([])
          expect(text.toLowerCase()).toContain(`@${name}`)
        }
      }),
      { numRuns: 500 },
    )
  })
})

test.each([['@'.repeat(10_000)], [`@${'a'.repeat(9999)}`], [`@ab${'-'.repeat(9990)}c`], ['@a-'.repeat(3333)], [`@ab${'-.'.repeat(20)}c`.repeat(220)]])('a text that is made to be slow is read at once: %#', (text) => {
  const began = performance.now()
  mentionedNames(text)
  expect(performance.now() - began).toBeLessThan(500)
})
