import { endsMembership, isShown } from './batch.ts'
import type { Batch } from './batch.ts'
import { writeCursor } from './resume.ts'
import type { Start } from './resume.ts'
import type { Scope } from './start-reads.ts'
import { isState } from './state.ts'
import type { EventRow } from './types.ts'

/** A batch holds at most so many events. */
export const BATCH_LIMIT = 100

/**
 * What a reader missed, as one snapshot showed it, in batches. Until the last of them each has a cursor of its own: the horizon of the cursor that is
 * continued, and its streams grown by what was sent, so that a connection lost in the middle costs nothing.
 */
export class CatchUp {
  readonly #scope: Scope
  readonly #epoch: string
  readonly #horizon: bigint
  readonly #delivered: Map<number, number>
  readonly #missed: EventRow[]
  #next = 0

  constructor(scope: Scope, start: Start, cursor: NonNullable<Start['cursor']>) {
    this.#scope = scope
    this.#epoch = start.epoch
    this.#horizon = cursor.horizon
    this.#delivered = new Map(cursor.delivered)
    this.#missed = start.missed
    // After a reset of single chats these are at their heads, whatever the old cursor said.
    for (const chatId of start.reset?.chatIds ?? []) this.#delivered.set(chatId, start.heads.get(chatId) ?? 0)
  }

  get done(): boolean {
    return this.#next >= this.#missed.length
  }

  /** The next events; `liveCursor` is the cursor from the last of them on. `left`: the viewer's time in a chat ended with one of them. */
  take(liveCursor: () => string): Pick<Batch, 'events' | 'cursor' | 'caughtUp'> & { left: boolean } {
    const rows = this.#missed.slice(this.#next, this.#next + BATCH_LIMIT)
    this.#next += rows.length
    for (const row of rows) if (!isState(row)) this.#delivered.set(row.streamId, row.seq)
    const cursor = this.done
      ? liveCursor()
      : writeCursor({ viewerId: this.#scope.viewerId, chatId: this.#scope.chatId, epoch: this.#epoch, horizon: this.#horizon, delivered: this.#delivered })
    return { events: rows.filter(isShown), cursor, caughtUp: this.done, left: rows.some((row) => endsMembership(row, this.#scope.viewerId)) }
  }
}
