import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findMatches, readQuery, snippetOf } from './search-words.ts'

describe('what was typed into the box', () => {
  test.each([
    ['roses garden', [{ not: false, any: [{ words: 'roses', whole: false }] }, { not: false, any: [{ words: 'garden', whole: false }] }]],
    ['"roses in" -gnomes', [{ not: false, any: [{ words: 'roses in', whole: true }] }, { not: true, any: [{ words: 'gnomes', whole: true }] }]],
    ['a OR b OR c', [{ not: false, any: ['a', 'b', 'c'].map((words) => ({ words, whole: false })) }]],
    ['-"not this" "never closed', [{ not: true, any: [{ words: 'not this', whole: true }] }, { not: false, any: [{ words: 'never closed', whole: false }] }]],
    ['„roses in“', [{ not: false, any: [{ words: 'roses in', whole: true }] }]],
    ['OR -', [{ not: false, any: [{ words: '-', whole: false }] }]],
  ])('%s', (query, terms) => {
    expect(readQuery(query)).toEqual(terms)
  })

  test('any text is a search', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (query) => { readQuery(query) }))
  })
})

describe('what is shown of a text', () => {
  test('a text without spaces is cut between characters as people count them', () => {
    const family = '👨‍👩‍👧'
    const { snippet } = snippetOf(family.repeat(60), [])
    expect(snippet.replaceAll(family, '')).toBe(' …')
  })

  test('any text and search give ranges within the snippet, in order, that hold what was looked for', () => {
    const word = fc.constantFrom('rose', 'Rosé', 'garden', '🌹', '東京', 'Straße', ' ', '\n', ', ', 'the', '-', 'x'.repeat(50))
    fc.assert(
      fc.property(fc.array(word, { maxLength: 200 }), fc.array(fc.constantFrom('ros', '"the garden"', '東', '-the', 'strass', 'OR', '"'), { maxLength: 5 }), (words, query) => {
        const text = words.join(' ')
        const terms = readQuery(query.join(' '))
        const { snippet, highlights } = snippetOf(text, terms)
        expect(snippet.isWellFormed()).toBe(true)
        let last = 0
        for (const { start, end } of highlights) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(snippet.length)
          expect(findMatches(snippet.slice(start, end), terms)).not.toEqual([])
          last = end
        }
        expect(highlights.length > 0).toBe(findMatches(text, terms).length > 0)
      }),
    )
  })
})
