import { Barriers } from './barriers.ts'
import { endsMembership, isShown } from './batch.ts'
import type { Batch } from './batch.ts'
import type { Hub } from './hub.ts'
import { PendingStates } from './pending.ts'
import { READ_LIMIT } from './reader.ts'
import { writeCursor } from './resume.ts'
import type { Reset, Scope, Start } from './resume.ts'
import { isState } from './state.ts'
import type { StateChange } from './state.ts'
import { EventKind } from './types.ts'
import type { EventRow } from './types.ts'

/** A batch holds at most so many events. */
const BATCH_LIMIT = 100
/** A silent feed sends its cursor this often, so that a client's cursor never grows old while nothing happens. */
const IDLE_MS = 15_000
/** Pause before the next try when the log could not be read. */
const RETRY_MS = 500
/** Whoever takes nothing for so long while something waits, or is so many events behind, is sent away: coming again costs both sides less. */
const STALL_MS = 20_000
const LAG_LIMIT = 5000

/**
 * One connection's events, as an iterator that pulls.
 *
 * States: CATCHING UP (`missed` is not empty: batches of it, the cursor keeps the old horizon) → LIVE (take the dirty streams, read each beyond
 * `sent`) → ENDED (by `return()`, or in the scope of one chat once its ChatRemoved went out).
 * The horizon moves by {@link Barriers}.
 */
export class Feed implements AsyncIterableIterator<Batch> {
  readonly #hub: Hub
  readonly #scope: Scope
  readonly #epoch: string
  /** The last number sent of every stream that this feed reads. */
  readonly #sent: Map<number, number>
  /** Streams that brought events at or above the horizon: the greatest transaction id of these, and the last number sent. The cursor's vector. */
  readonly #recent: Map<number, { xid: bigint; seq: number }>
  /** Streams that may have more than was sent. */
  readonly #dirty = new Set<number>()
  /** Streams whose read is under way. */
  readonly #reading = new Set<number>()
  /** Chats joined while connected and not yet read to their end: nobody noted a head for them. */
  readonly #joined = new Set<number>()
  /** Chats whose next memberships are known before the end of the present one was read: where each of them begins. */
  readonly #rejoined = new Map<number, number[]>()
  readonly #states = new PendingStates()
  readonly #barriers = new Barriers()
  #horizon: bigint
  /** While catching up: the cursor as it grows, and what is still to be sent. */
  #catchUp: { horizon: bigint; delivered: Map<number, number>; missed: EventRow[]; next: number } | null
  #first: { reset: Reset | null } | null
  #ended = false
  /** When the last batch was handed out; null while the next one is waited for. */
  #handedAt: number | null = null
  readonly #sendAway: () => void
  #wake: (() => void) | null = null

  /** `sendAway` cuts the connection that this feed is for, in a way after which clients come again. */
  constructor(hub: Hub, scope: Scope, start: Start, sendAway: () => void) {
    this.#hub = hub
    this.#sendAway = sendAway
    this.#scope = scope
    this.#epoch = start.epoch
    this.#sent = new Map(start.heads)
    this.#recent = new Map([...start.recent].map(([id, xid]) => [id, { xid, seq: start.heads.get(id) ?? 0 }]))
    this.#horizon = start.horizon
    // A chat that was left stays in the vector until the horizon has passed all that it brought: its last events must not come again.
    for (const [id, seq] of start.cursor?.delivered ?? []) if (!this.#sent.has(id)) this.#recent.set(id, { xid: start.limit, seq })
    for (const row of start.missed) if (!isState(row) && !this.#sent.has(row.streamId)) this.#recent.set(row.streamId, { xid: start.limit, seq: row.seq })
    this.#first = { reset: start.reset }
    this.#catchUp = start.cursor === null ? null : { horizon: start.cursor.horizon, delivered: new Map(start.cursor.delivered), missed: start.missed, next: 0 }
    // After a reset of single chats these are at their heads, whatever the old cursor said.
    for (const chatId of start.reset?.chatIds ?? []) this.#catchUp?.delivered.set(chatId, start.heads.get(chatId) ?? 0)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Notes that a stream has events up to this number. */
  markDirty(streamId: number, seq: number): void {
    if (seq <= (this.#sent.get(streamId) ?? Infinity)) return
    this.#dirty.add(streamId)
    this.#wake?.()
  }

  get viewerId(): number {
    return this.#scope.viewerId
  }

  /** Notes that a state changed that this reader may see. */
  noteState(change: StateChange): void {
    this.#states.note(change)
    this.#wake?.()
  }

  /** Notes that everything below this transaction is finished and was hinted at: to be reached once the dirty streams are sent. */
  addBarrier(horizon: bigint): void {
    if (horizon <= this.#horizon) return
    const need = new Map([...this.#dirty, ...this.#reading].map((id) => [id, this.#joined.has(id) ? Infinity : this.#hub.head(id)]))
    this.#barriers.add(horizon, need, this.#states.keys())
    this.#passBarriers()
  }

  /** Whether the reader does not keep up. */
  get isStuck(): boolean {
    const stalls = this.#handedAt !== null && performance.now() - this.#handedAt > STALL_MS
    if (stalls && (this.#dirty.size > 0 || this.#catchUp !== null || this.#states.waitMs() < Infinity)) return true
    let lag = 0
    for (const id of this.#dirty) lag += Math.max(0, this.#hub.head(id) - (this.#sent.get(id) ?? Infinity))
    return lag > LAG_LIMIT
  }

  /** Ends the feed together with its connection: the client comes again with its cursor. */
  abandon(): void {
    this.#sendAway()
    void this.return()
  }

  async next(): Promise<IteratorResult<Batch, undefined>> {
    this.#handedAt = null
    while (!this.#ended) {
      const batch = this.#first !== null || this.#catchUp !== null ? this.#nextMissed() : await this.#nextLive()
      if (batch === null) continue
      this.#handedAt = performance.now()
      return { done: false, value: batch }
    }
    return { done: true, value: undefined }
  }

  /** Ends the feed at once, also while `next()` waits. */
  return(): Promise<IteratorResult<Batch, undefined>> {
    this.#ended = true
    for (const streamId of this.#sent.keys()) this.#hub.removeReader(streamId, this)
    this.#sent.clear()
    this.#hub.removeFeed(this)
    this.#wake?.()
    return Promise.resolve({ done: true, value: undefined })
  }

  #nextMissed(): Batch | null {
    const reset = this.#first?.reset ?? null
    const catchUp = this.#catchUp
    if (catchUp === null || catchUp.next >= catchUp.missed.length) {
      // Everything that the snapshot showed is sent: from here on the snapshot's own horizon holds.
      const sentAny = this.#first === null
      this.#first = null
      this.#catchUp = null
      return sentAny ? null : { events: [], cursor: this.#cursor(), caughtUp: true, reset }
    }
    this.#first = null
    const rows = catchUp.missed.slice(catchUp.next, catchUp.next + BATCH_LIMIT)
    catchUp.next += rows.length
    for (const row of rows) if (!isState(row)) catchUp.delivered.set(row.streamId, row.seq)
    const caughtUp = catchUp.next >= catchUp.missed.length
    const cursor = caughtUp ? this.#cursor() : this.#write(catchUp.horizon, catchUp.delivered)
    if (caughtUp) this.#catchUp = null
    const batch = { events: rows.filter(isShown), cursor, caughtUp, reset }
    const left = rows.some((row) => endsMembership(row, this.#scope.viewerId))
    if (left && caughtUp && this.#scope.chatId !== null && this.#sent.size === 0) void this.return()
    return batch
  }

  /** The next events of dirty streams; null after a wait that brought none. */
  async #nextLive(): Promise<Batch | null> {
    const streamIds = [...this.#dirty].slice(0, BATCH_LIMIT)
    if (streamIds.length === 0 && this.#states.waitMs() > 0) return this.#idle()
    const reads = await this.#read(streamIds)
    if (reads === null) return null
    const events: EventRow[] = []
    streamIds.forEach((id, index) => {
      const rows = reads[index] ?? []
      const room = rows.slice(0, BATCH_LIMIT - events.length)
      this.#take(id, room, events)
      this.#settle(id, rows.length, room.length)
    })
    events.push(...this.#takeStates(BATCH_LIMIT - events.length))
    this.#passBarriers()
    return events.length > 0 ? this.#batch(events) : null
  }

  /** Waits until something is to be told; after a long silence the cursor alone goes out. */
  async #idle(): Promise<Batch | null> {
    const stateMs = this.#states.waitMs()
    const woken = await this.#pause(Math.min(IDLE_MS, stateMs), true)
    return woken || this.#ended || stateMs < IDLE_MS ? null : this.#batch([])
  }

  #takeStates(limit: number): EventRow[] {
    const { keys, events } = this.#states.take(limit)
    this.#barriers.told(keys)
    return events
  }

  /** Reads streams beyond what was sent. They count as clean from here on: whoever marks one meanwhile causes another read. */
  async #read(streamIds: number[]): Promise<EventRow[][] | null> {
    if (streamIds.length === 0) return []
    for (const id of streamIds) {
      this.#dirty.delete(id)
      this.#reading.add(id)
    }
    try {
      // All are asked for in one turn, so they share a statement.
      return await Promise.all(streamIds.map((id) => this.#hub.reader.read(id, this.#sent.get(id) ?? 0)))
    } catch (error) {
      for (const id of streamIds) if (this.#sent.has(id)) this.#dirty.add(id)
      this.#hub.readFailed(error)
      await this.#pause(RETRY_MS, false)
      return null
    } finally {
      for (const id of streamIds) this.#reading.delete(id)
    }
  }

  /** Notes rows of one stream as sent, and collects those that are shown. */
  #take(streamId: number, rows: EventRow[], into: EventRow[]): void {
    for (const row of rows) {
      // Nothing after the viewer's own removal is theirs.
      if (!this.#sent.has(streamId)) return
      this.#sent.set(streamId, row.seq)
      const recent = this.#recent.get(streamId)
      if (recent !== undefined || row.xid >= this.#horizon) {
        this.#recent.set(streamId, { xid: recent !== undefined && recent.xid > row.xid ? recent.xid : row.xid, seq: row.seq })
      }
      if (isShown(row)) into.push(row)
      if (row.kind === EventKind.JOINED && row.refId !== null) this.#join(row.refId, row.rev ?? 1)
      if (endsMembership(row, this.#scope.viewerId)) {
        this.#leave(streamId)
        return
      }
    }
  }

  /** Decides whether a stream that was just read has to be read again. */
  #settle(streamId: number, available: number, taken: number): void {
    const sent = this.#sent.get(streamId)
    if (sent === undefined) return
    if (available === 0) {
      if (this.#joined.delete(streamId)) this.#barriers.drop(streamId)
    } else if (taken < available || available === READ_LIMIT || this.#joined.has(streamId) || sent < this.#hub.head(streamId)) {
      this.#dirty.add(streamId)
    }
  }

  #join(chatId: number, fromSeq: number): void {
    const sent = this.#sent.get(chatId)
    if (sent !== undefined) {
      // Left and joined again, and the leaving is still to be read: it ends this interest before the next begins.
      if (fromSeq > sent) this.#rejoined.set(chatId, [...(this.#rejoined.get(chatId) ?? []), fromSeq])
      return
    }
    this.#sent.set(chatId, fromSeq - 1)
    this.#hub.addReader(chatId, this)
    this.#dirty.add(chatId)
    this.#joined.add(chatId)
    this.#barriers.joined(chatId)
  }

  #leave(chatId: number): void {
    this.#sent.delete(chatId)
    this.#dirty.delete(chatId)
    this.#joined.delete(chatId)
    this.#hub.removeReader(chatId, this)
    this.#barriers.drop(chatId)
    this.#barriers.told(this.#states.dropChat(chatId))
    if (this.#scope.chatId !== null) void this.return()
    const [fromSeq, ...later] = this.#rejoined.get(chatId) ?? []
    if (later.length > 0) this.#rejoined.set(chatId, later)
    else this.#rejoined.delete(chatId)
    if (fromSeq !== undefined) this.#join(chatId, fromSeq)
  }

  #passBarriers(): void {
    const horizon = this.#barriers.pass((id) => this.#sent.get(id) ?? Infinity)
    if (horizon === null || horizon <= this.#horizon) return
    this.#horizon = horizon
    for (const [id, recent] of this.#recent) if (recent.xid < horizon) this.#recent.delete(id)
  }

  #batch(events: EventRow[]): Batch {
    return { events, cursor: this.#cursor(), caughtUp: true, reset: null }
  }

  #cursor(): string {
    return this.#write(this.#horizon, new Map([...this.#recent].map(([id, recent]) => [id, recent.seq])))
  }

  #write(horizon: bigint, delivered: Map<number, number>): string {
    return writeCursor({ viewerId: this.#scope.viewerId, chatId: this.#scope.chatId, epoch: this.#epoch, horizon, delivered })
  }

  /** Waits until the feed ends, or with `forNews` until there is something to send: true; or for so long: false. */
  #pause(ms: number, forNews: boolean): Promise<boolean> {
    if (this.#ended || (forNews && this.#dirty.size > 0)) return Promise.resolve(true)
    return new Promise((resolve) => {
      const end = (woken: boolean) => {
        clearTimeout(timer)
        this.#wake = null
        resolve(woken)
      }
      const timer = setTimeout(end, ms, false)
      this.#wake = () => {
        if (forNews || this.#ended) end(true)
      }
    })
  }
}
