import { BadUserInput } from './errors.ts'

/** The four arguments of a Relay connection, as they come. */
export interface PageArgs {
  first?: number | null
  after?: string | null
  last?: number | null
  before?: string | null
}

/** A page to read: so many rows beyond a key, upwards or downwards. */
export interface PageRequest<K> {
  limit: number
  backward: boolean
  /** Start beyond this key; null starts at the end that the direction comes from. */
  cursor: K | null
}

/** A read page, in the order of the list, whatever direction it was read in. */
export interface Page<T, K> {
  items: T[]
  keyOf: (item: T) => K
  hasNextPage: boolean
  hasPreviousPage: boolean
}

const DEFAULT_SIZE = 20
const MAX_SIZE = 100

/**
 * Reads a page's arguments: `first/after` or `last/before`, 20 where neither is given.
 * @throws {BadUserInput} naming the argument: over 100, negative, both pairs at once, or a cursor that is none.
 */
export function pageRequest<K>(args: PageArgs, decodeKey: (cursor: string) => K | null): PageRequest<K> {
  const forward = args.first != null || args.after != null
  const backward = args.last != null || args.before != null
  if (forward && backward) throw new BadUserInput('Use `first` with `after`, or `last` with `before`, not both pairs.')
  const [name, size] = backward ? (['last', args.last] as const) : (['first', args.first] as const)
  if (size != null && (size < 0 || size > MAX_SIZE)) throw new BadUserInput(`\`${name}\` must be from 0 to ${MAX_SIZE}, it is ${size}.`)
  const [cursorName, text] = backward ? (['before', args.before] as const) : (['after', args.after] as const)
  const cursor = text == null ? null : decodeKey(text)
  if (text != null && cursor === null) throw new BadUserInput(`\`${cursorName}\` is not a cursor of this list.`)
  return { limit: size ?? DEFAULT_SIZE, backward, cursor }
}

/** Makes a page of rows read in the request's direction; ask for one more than its limit, so that it is known whether more follow. */
export function pageOf<T, K>(request: PageRequest<K>, rows: readonly T[], keyOf: (item: T) => K): Page<T, K> {
  const more = rows.length > request.limit
  const items = rows.slice(0, request.limit)
  if (request.backward) items.reverse()
  return {
    items,
    keyOf,
    // On the side that the page was entered from there is at least the row of the cursor.
    hasNextPage: request.backward ? request.cursor !== null : more,
    hasPreviousPage: request.backward ? more : request.cursor !== null,
  }
}

/** Writes a list's key as a cursor, and reads it back: JSON in base64url, opaque to clients. */
export function encodeKey(key: unknown): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

export function decodeKeyOf<K>(check: (value: unknown) => value is K): (cursor: string) => K | null {
  return (cursor) => {
    try {
      const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
      return check(value) && encodeKey(value) === cursor ? value : null
    } catch {
      return null
    }
  }
}

/** Whether a part of a key is a moment, written as keys write it. */
export function isMoment(value: unknown): boolean {
  return typeof value === 'string' && /^[12]/.test(value) && !Number.isNaN(Date.parse(value)) && new Date(value).toISOString() === value
}
