/** One emoji, as Unicode recommends it for general interchange: whole sequences with skin tones, flags and families, and nothing besides. */
const RGI_EMOJI = new RegExp('^\\p{RGI_Emoji}$', 'v')

/** What is shown as text unless U+FE0F follows: many keyboards leave that out. A skin tone makes it an emoji as well. */
const WITHOUT_SELECTOR = /(?=\p{Emoji})\P{Emoji_Presentation}(?![\uFE0F\p{Emoji_Modifier}])/gu

/** The longest emoji, a couple of two skin tones, has 15 UTF-16 units. */
const MAX_UNITS = 32

/** The emoji that a text is, in its one full spelling; null where it is anything but one emoji. */
export function emojiOf(text: string): string | null {
  if (text.length > MAX_UNITS) return null
  const emoji = text.replace(WITHOUT_SELECTOR, '$&\uFE0F')
  return RGI_EMOJI.test(emoji) ? emoji : null
}
