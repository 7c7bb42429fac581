import type { Term } from './search-store.ts'

export type { Term }

/**
 * Reads what somebody typed into a search box: words that must all be there (any of them may go on: "gard" finds "garden"), "quoted phrases" as they
 * stand, -excluded words, and OR between two that will do. A phrase that is not closed yet may go on. Any text is a search; whatever is no sign of
 * these is a word.
 */
export function readQuery(query: string): Term[] {
  const terms: Term[] = []
  let or = false
  // Phones write their quotes in many ways.
  for (const [text, minus = '', phrase, closed] of query.replace(/[“”„‟«»＂]/g, '"').matchAll(/(-?)"([^"]*)("?)|[^\s"]+/g)) {
    if (text === 'OR') {
      or = true
      continue
    }
    const not = minus === '-' || (phrase === undefined && /^-./.test(text))
    const words = phrase ?? text.replace(/^-(?=.)/, '')
    const choice = { words, whole: not || closed === '"' }
    const last = terms.at(-1)
    if (or && last !== undefined && !last.not && !not) last.any.push(choice)
    else terms.push({ not, any: [choice] })
    or = false
  }
  return terms
}

/** A range of a text, in UTF-16 offsets. */
export interface Range {
  start: number
  end: number
}

interface Word extends Range {
  folded: string
}

/** Letters that have no mark to take off, and are written plainly all the same. */
const PLAIN: Record<string, string> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' }
/** Nothing tells words apart in these scripts: each character stands alone. */
const ALONE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}]/u

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[ßæœøłđðþı]/g, (letter) => PLAIN[letter] ?? letter)
}

/** The words of a text as search compares them, and where they stand. */
function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)).flatMap(({ 0: run, index }) => {
    const words: Word[] = []
    for (const character of run) {
      const start = words.at(-1)?.end ?? index
      const last = words.at(-1)
      const end = start + character.length
      if (last !== undefined && !ALONE.test(character) && !ALONE.test(text.slice(last.start, last.end))) last.end = end
      else words.push({ start, end, folded: '' })
    }
    return words.map((word) => ({ ...word, folded: fold(text.slice(word.start, word.end)) }))
  })
}

/** Where a text holds what was looked for, in order, without overlaps. */
export function findMatches(text: string, terms: readonly Term[]): Range[] {
  const words = wordsOf(text)
  const found: Range[] = []
  for (const { words: wanted, whole } of terms.flatMap((term) => (term.not ? [] : term.any))) {
    const parts = wordsOf(wanted).map((word) => word.folded)
    if (parts.length === 0) continue
    const fits = (word: Word | undefined, part: string, isLast: boolean) => word !== undefined && (isLast && !whole ? word.folded.startsWith(part) : word.folded === part)
    words.forEach((word, at) => {
      if (!parts.every((part, step) => fits(words[at + step], part, step === parts.length - 1))) return
      found.push({ start: word.start, end: words[at + parts.length - 1]?.end ?? word.end })
    })
  }
  found.sort((a, b) => a.start - b.start || b.end - a.end)
  return found.filter((range, index) => found.slice(0, index).every((earlier) => earlier.end <= range.start))
}

/** As a person counts them: a letter with its marks, a flag, a family. */
const CHARACTERS = new Intl.Segmenter('und', { granularity: 'grapheme' })
/** So long is a snippet, and so much of it stands before the first match. */
const SNIPPET_LENGTH = 160
const BEFORE_LENGTH = 40

/** The part of a text around the first match, on one line, and where the matches stand in it. */
export function snippetOf(text: string, terms: readonly Term[]): { snippet: string; highlights: Range[] } {
  const matches = findMatches(text, terms)
  const first = matches[0]?.start ?? 0
  const from = first <= BEFORE_LENGTH ? 0 : wordStart(text, first - BEFORE_LENGTH, first)
  const to = text.length - from <= SNIPPET_LENGTH ? text.length : wordEnd(text, from + SNIPPET_LENGTH, matches[0]?.end ?? from)
  const lead = from > 0 ? '… ' : ''
  return {
    snippet: `${lead}${text.slice(from, to).replace(/[\s\p{Cc}]/gu, ' ')}${to < text.length ? ' …' : ''}`,
    highlights: matches.filter((range) => range.start >= from && range.end <= to).map(({ start, end }) => ({ start: start - from + lead.length, end: end - from + lead.length })),
  }
}

/** The beginning of the first word at or behind a place, at most at `limit`; never within a character. */
function wordStart(text: string, at: number, limit: number): number {
  const space = text.slice(at, limit).search(/\s/)
  return space === -1 ? wholeCharacter(text, at) : at + space + 1
}

/** The end of the last word before a place, at least `least`; never within a character. */
function wordEnd(text: string, at: number, least: number): number {
  if (at <= least) return least
  const space = text.slice(least, at).search(/\s\S*$/)
  return space === -1 ? wholeCharacter(text, at) : least + space
}

function wholeCharacter(text: string, at: number): number {
  return CHARACTERS.segment(text).containing(at)?.index ?? at
}
