import type { MaybePromise } from '../base/loaders.ts'
import type { FreshRows } from '../ctx.ts'
import type { Hub } from './hub.ts'

/** So long what was read or made for many is taken for what it was, in milliseconds, and then forgotten: a text that somebody deletes shall not wait here. */
export const USE_MS = 250

interface UserEntry {
  row: unknown
  generation: number
  at: number
}

interface MessageEntry {
  row: unknown
  chatId: number
  seq: number
  at: number
}

/** What this server has stored or read a moment ago. True until the hub hears of a change, as what is made of it for many is. */
export class RecentRows implements FreshRows {
  readonly #hub: Pick<Hub, 'generation' | 'isUnchangedSince'>
  readonly #users = new Map<number, UserEntry>()
  readonly #messages = new Map<string, MessageEntry>()
  #cleans = false

  constructor(hub: Pick<Hub, 'generation' | 'isUnchangedSince'>) {
    this.#hub = hub
  }

  user<T>(id: number, read: () => MaybePromise<T>): MaybePromise<T> {
    const known = this.#users.get(id)
    // All that is kept here of users is rows of one type.
    if (known !== undefined && known.generation === this.#hub.generation && performance.now() - known.at < USE_MS) return known.row as MaybePromise<T>
    const row = read()
    const entry = { row, generation: this.#hub.generation, at: performance.now() }
    this.#users.delete(id)
    this.#users.set(id, entry)
    this.#cleanLater()
    if (row instanceof Promise) {
      row.then(
        (there) => (entry.row = there),
        () => {
          if (this.#users.get(id) === entry) this.#users.delete(id)
        },
      )
    }
    return row
  }

  message<T>(chatId: number, number: number): T | undefined {
    const known = this.#messages.get(`${chatId}:${number}`)
    return known !== undefined && performance.now() - known.at < USE_MS && this.#hub.isUnchangedSince(chatId, known.seq) ? (known.row as T) : undefined
  }

  /** Takes a message that was just stored. */
  learnMessage(message: { chatId: number; number: number; seq: number }): void {
    this.#messages.set(`${message.chatId}:${message.number}`, { row: message, chatId: message.chatId, seq: message.seq, at: performance.now() })
    this.#cleanLater()
  }

  /** Something happened in a stream. What a user is like stands in the stream of their own; of a chat the hub itself knows what happened. */
  moved(streamId: number): void {
    this.#users.delete(streamId)
  }

  clear(): void {
    this.#users.clear()
    this.#messages.clear()
  }

  #cleanLater(): void {
    if (this.#cleans) return
    this.#cleans = true
    setTimeout(() => {
      this.#cleans = false
      const since = performance.now() - USE_MS
      dropOld(this.#users, since)
      dropOld(this.#messages, since)
      if (this.#users.size + this.#messages.size > 0) this.#cleanLater()
    }, USE_MS).unref()
  }
}

/** A map keeps the order in which its entries came: the oldest is the first. */
function dropOld(entries: Map<unknown, { at: number }>, since: number): void {
  for (const [key, { at }] of entries) {
    if (at >= since) return
    entries.delete(key)
  }
}
