import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Location } from '../message/domain.ts'

/** A file that comes with a history. */
export interface PastFile {
  name: string
  /** In bytes. */
  size: number
  /** Its bytes, anew each time. */
  open(): Promise<Readable>
}

/** A message of another system, as one of ours says it. */
export interface PastMessage {
  /** Who wrote it, by the name or id that the other system has for them. */
  person: string
  at: Date
  /** Null where it was deleted, or is a file without words. */
  text: string | null
  file: PastFile | null
  location: Location | null
  edited: boolean
  deleted: boolean
  /** By this it is known again in the same chat: what the file says of it, and how many before it say the same. */
  key: string
  /** Where it stands, for people: file and line. */
  where: string
}

/** Somebody who takes part in a chat of another system. */
export interface PastPerson {
  /** By which the other system's messages name them. */
  name: string
  /** What they are called where an account is made for them. */
  displayName: string
  /** The username that they had there; null where there are none. */
  username: string | null
  /** Whether they had left the chat at its end. */
  left: boolean
  messages: number
}

/** One chat of another system. */
export interface History {
  /** Null where nobody says. */
  title: string | null
  /** True: a chat of two. Null: the other system does not tell. */
  direct: boolean | null
  /** By which the chat is found again where it is imported once more. */
  key: string
  people: PastPerson[]
  messages: PastMessage[]
  /** What was read and is not taken over, in words, each with where the first one stands. */
  leftOut: { what: string; count: number; first: string }[]
}

/** Keys of messages, which must differ where the messages are not the same, however alike they look. */
export class Keys {
  readonly #seen = new Map<string, number>()

  of(...parts: string[]): string {
    const said = JSON.stringify(parts)
    const count = this.#seen.get(said) ?? 0
    this.#seen.set(said, count + 1)
    return `${said}#${count}`
  }
}

/** A UUID that is always the same for the same words (version 8 of RFC 9562: of our own making). */
export function uuidOf(...parts: (string | number)[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Counts what is left out, and remembers where it began. */
export class LeftOut {
  readonly #kinds = new Map<string, { what: string; count: number; first: string }>()

  add(what: string, where: string): void {
    const kind = this.#kinds.get(what) ?? { what, count: 0, first: where }
    kind.count += 1
    this.#kinds.set(what, kind)
  }

  list(): History['leftOut'] {
    return [...this.#kinds.values()]
  }
}
