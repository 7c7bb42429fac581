import { LazyMap } from '../base/lazy.ts'
import { stateEvent, stateKey } from './state.ts'
import type { StateChange } from './state.ts'
import { EventKind } from './types.ts'
import type { EventRow } from './types.ts'

/** The members of a large chat together are told of at most this often. */
const LARGE_CHAT_MS = 5000

/** States that one reader is still to be told of: of each only the newest change waits, so a slow reader costs no more than there are states. */
export class PendingStates {
  readonly #pending = new LazyMap<string, { change: StateChange; notBefore: number }>()
  /** When this reader was last told of the members of a large chat. */
  readonly #toldAt = new LazyMap<number, number>()

  note(change: StateChange): void {
    const key = stateKey(change)
    const together = change.kind === EventKind.MARKS_MOVED && change.userId === null
    const notBefore = together ? (this.#toldAt.get(change.chatId) ?? -Infinity) + LARGE_CHAT_MS : 0
    this.#pending.set(key, { change, notBefore })
  }

  /** Takes out what may be told now, at most so many, with their keys. */
  take(limit: number): { keys: string[]; events: EventRow[] } {
    const now = performance.now()
    const due = [...this.#pending].filter(([, { notBefore }]) => notBefore <= now).slice(0, limit)
    for (const [key, { change }] of due) {
      this.#pending.delete(key)
      if (change.kind === EventKind.MARKS_MOVED && change.userId === null) this.#toldAt.set(change.chatId, now)
    }
    return { keys: due.map(([key]) => key), events: due.map(([, { change }]) => stateEvent(change)) }
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0
  }

  /** How long until something may be told; Infinity where nothing waits. */
  waitMs(): number {
    return Math.max(0, Math.min(...[...this.#pending.values()].map(({ notBefore }) => notBefore)) - performance.now())
  }

  keys(): string[] {
    return [...this.#pending.keys()]
  }

  /** The marks of a chat that the reader has left are nothing to them; answers what was dropped. */
  dropChat(chatId: number): string[] {
    const dropped = [...this.#pending].filter(([, { change }]) => change.kind === EventKind.MARKS_MOVED && change.chatId === chatId).map(([key]) => key)
    for (const key of dropped) this.#pending.delete(key)
    this.#toldAt.delete(chatId)
    return dropped
  }
}
