import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emojiOf } from './emoji.ts'

const RGI_EMOJI = new RegExp('^\\p{RGI_Emoji}$', 'v')
const SELECTOR = '\uFE0F'
const TONES = ['🏻', '🏼', '🏽', '🏾', '🏿']

/** Nearly every emoji there is: tried out, and a few that nobody finds by trying. */
const EMOJI = [...tried(), '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👨‍👩‍👧‍👦', '👩🏽‍❤️‍💋‍👨🏻', '🏳️‍🌈', '🏳️‍⚧️', '👁️‍🗨️', '🐻‍❄️', '❤️‍🔥', '🧑🏾‍🚀', '🏃🏿‍♀️‍➡️', '⛓️‍💥'].filter((text) => RGI_EMOJI.test(text))

function* tried(): Generator<string> {
  const letters = Array.from({ length: 26 }, (_, n) => String.fromCodePoint(0x1f1e6 + n))
  for (const first of letters) for (const second of letters) yield first + second
  for (let point = 0x23; point <= 0x1faff; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue
    const base = String.fromCodePoint(point)
    if (!/\p{Emoji}/u.test(base)) continue
    yield `${base}${SELECTOR}\u20E3`
    for (const shown of [base, base + SELECTOR, ...TONES.map((tone) => base + tone)]) {
      yield shown
      for (const more of ['♀', '♂', '⚕']) yield `${shown}\u200D${more}${SELECTOR}`
    }
  }
}

const anEmoji = fc.constantFrom(...EMOJI)
const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.array(fc.constantFrom(...EMOJI, SELECTOR, '\u200D', 'a', '1', ' ', '\ud83d'), { maxLength: 4 }).map((parts) => parts.join('')))

describe('an emoji', () => {
  test('is itself, and one grapheme: thousands of them', () => {
    expect(EMOJI.length).toBeGreaterThan(2500)
    const graphemes = new Intl.Segmenter()
    expect(EMOJI.filter((emoji) => emojiOf(emoji) !== emoji || [...graphemes.segment(emoji)].length !== 1)).toEqual([])
  })

  test('is the same where a keyboard left out any of its variation selectors', () => {
    fc.assert(
      fc.property(anEmoji, fc.func(fc.boolean()), (emoji, isLeftOut) => {
        const typed = Array.from(emoji).filter((part, index) => part !== SELECTOR || !isLeftOut(index)).join('')
        expect(emojiOf(typed)).toBe(emoji)
      }),
      { numRuns: 1000 },
    )
  })

  test('with another one, or anything else besides it, is none', () => {
    fc.assert(
      fc.property(anEmoji, fc.oneof(anEmoji, fc.constantFrom(' ', 'a', '1', '.', '\u200D', '\ud83d', '\0')), (emoji, more) => {
        for (const text of [emoji + more, more + emoji]) if (!RGI_EMOJI.test(text)) expect(emojiOf(text)).toBeNull()
      }),
      { numRuns: 1000 },
    )
  })
})

test('whatever a text is, it is no emoji or one that differs by selectors alone', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const emoji = emojiOf(text)
      if (emoji === null) return
      expect(emoji).toMatch(RGI_EMOJI)
      expect(emoji.replaceAll(SELECTOR, '')).toBe(text.replaceAll(SELECTOR, ''))
      expect(emojiOf(emoji)).toBe(emoji)
    }),
    { numRuns: 2000 },
  )
})

test.each(['', ' ', 'a', '1', '#', ':)', ':thumbsup:', '👍 ', ' 👍', '👍👍', '👍\0', '🇦', '🇦🇦', '☝️🏽', '👍️', '\u200D', SELECTOR, '👩‍', '🐱‍🐶', '\ud83d', 'é', '👍'.repeat(5000)])('%j is none', (text) => {
  expect(emojiOf(text)).toBeNull()
})

test.each([
  ['❤', '❤️'],
  ['☝', '☝️'],
  ['1\u20E3', '1️⃣'],
  ['🏳‍🌈', '🏳️‍🌈'],
  ['🕵🏽‍♂', '🕵🏽‍♂️'],
  ['👁‍🗨', '👁️‍🗨️'],
])('%s is spelt %s', (typed, emoji) => {
  expect(emojiOf(typed)).toBe(emoji)
})
