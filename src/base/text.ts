import { z } from 'zod'

/** A message's text holds at most so many code points. */
export const MAX_TEXT_LENGTH = 10_000

/** What is wrong with a text that a person wrote, or null. Lengths are Unicode code points, so an emoji counts as a person counts it (nearly). */
export function textFault(value: string, limits: { min: number; max: number }): string | null {
  // PostgreSQL cannot store NUL, and a lone surrogate has no UTF-8 form: it would come back as another text.
  if (value.includes('\0')) return 'must not contain the NUL character'
  if (!value.isWellFormed()) return 'must be well-formed Unicode (it contains half of a surrogate pair)'
  if (limits.min > 0 && value.trim() === '') return 'must not be empty'
  // A code point takes one or two UTF-16 units: most texts need no counting.
  if (value.length <= limits.max && value.length >= limits.min * 2) return null
  let length = 0
  for (const _ of value) length += 1
  if (length < limits.min) return `must have at least ${limits.min} characters`
  if (length > limits.max) return `must have at most ${limits.max} characters, it has ${length}`
  return null
}

const Uuid = z.guid()

/** Whether a text is a UUID of any version. */
export function isUuid(value: string): boolean {
  return Uuid.safeParse(value).success
}

/** Words as search compares them: lower case, without accents, letters and digits only. */
export function searchWords(...texts: string[]): string[] {
  return texts
    .join(' ')
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

/** The words of these texts as they are stored for search: each after a space, so that a search for the beginning of a word finds it behind one. */
export function searchTextOf(...texts: string[]): string {
  return searchWords(...texts)
    .map((word) => ` ${word}`)
    .join('')
}
