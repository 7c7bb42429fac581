import { LazyMap, LazySet } from '../base/lazy.ts'
import { Barriers } from './barriers.ts'
import { endsMembership, isShown } from './batch.ts'
import type { Batch } from './batch.ts'
import { BATCH_LIMIT, CatchUp } from './catch-up.ts'
import type { Hub } from './hub.ts'
import { PendingStates } from './pending.ts'
import { READ_LIMIT } from './reader.ts'
import { writeCursor } from './resume.ts'
import type { Reset, Start } from './resume.ts'
import type { Scope } from './start-reads.ts'
import { isState } from './state.ts'
import type { StateChange } from './state.ts'
import { EventKind } from './types.ts'
import type { EventRow } from './types.ts'

/** A silent feed sends its cursor this often, so that a client's cursor never grows old while nothing happens. */
const IDLE_MS = 15_000
/** Pause before the next try when the log could not be read. */
const RETRY_MS = 500
/** Whoever takes nothing for so long while something waits, or is so many events behind, is sent away: coming again costs both sides less. */
const STALL_MS = 20_000
const LAG_LIMIT = 5000
/** Whoever reads other chats from now on has their connection ended by the watch of their session; by the feed itself where that sees no change any more. */
const ANEW_MS = 2000

/**
 * One connection's events. It never pushes: its consumer takes what is there with {@link take}, and is called back by `onReady` when there may be
 * more. What is in memory already, as the newest event of a busy chat is, is taken without waiting for anything.
 *
 * States: CATCHING UP (what was missed, in batches, the cursor keeps the old horizon) → LIVE (take the dirty streams, each beyond `sent`) → ENDED
 * (by `return()`, or in the scope of one chat once its ChatRemoved went out). The horizon moves by {@link Barriers}.
 */
export class Feed {
  /** Called when {@link take} may bring something, or the feed has ended; from anywhere, so it should only note that. Set by the consumer. */
  onReady: () => void = () => undefined
  /** Called once, when it ends. */
  onEnd: (() => void) | null = null
  readonly #hub: Hub
  readonly #scope: Scope
  readonly #epoch: string
  /** The last number sent of every stream that this feed reads. */
  readonly #sent: Map<number, number>
  /** Streams that brought events at or above the horizon: the last number sent, which is the cursor's vector, and the greatest transaction id of these. */
  readonly #recent = new LazyMap<number, number>()
  readonly #recentXids = new LazyMap<number, bigint>()
  /** Streams that may have more than was sent. */
  readonly #dirty = new LazySet<number>()
  /** Streams whose read is under way (rows null), or whose rows wait to be taken. */
  readonly #reads = new LazyMap<number, { rows: EventRow[] | null }>()
  /** Chats joined while connected and not yet read to their end: nobody noted a head for them. */
  readonly #joined = new LazySet<number>()
  /** Chats whose next memberships are known before the end of the present one was read: where each of them begins. */
  readonly #rejoined = new LazyMap<number, number[]>()
  readonly #states = new PendingStates()
  readonly #barriers = new Barriers()
  readonly #sendAway: () => void
  #horizon: bigint
  #catchUp: CatchUp | null
  #first: { reset: Reset | null } | null
  #ended = false
  /** It stands before an event after which everything begins anew: no cursor may pass that, or the next connection would go on as if nothing had been. */
  #anew = false
  /** While the consumer cannot take more: since when. */
  #heldAt: number | null = null
  #sentAt = performance.now()
  /** No read before this, after one that failed. */
  #retryAt = 0

  /** `sendAway` cuts the connection that this feed is for, in a way after which clients come again. */
  constructor(hub: Hub, scope: Scope, start: Start, sendAway: () => void) {
    this.#hub = hub
    this.#sendAway = sendAway
    this.#scope = scope
    this.#epoch = start.epoch
    this.#sent = new Map(start.heads)
    for (const [id, xid] of start.recent) this.#noteRecent(id, start.heads.get(id) ?? 0, xid)
    this.#horizon = start.horizon
    // A chat that was left stays in the vector until the horizon has passed all that it brought: its last events must not come again.
    for (const [id, seq] of start.cursor?.delivered ?? []) if (!this.#sent.has(id)) this.#noteRecent(id, seq, start.limit)
    for (const row of start.missed) if (!isState(row) && !this.#sent.has(row.streamId)) this.#noteRecent(row.streamId, row.seq, start.limit)
    this.#first = { reset: start.reset }
    this.#catchUp = start.cursor === null ? null : new CatchUp(scope, start, start.cursor)
  }

  get viewerId(): number {
    return this.#scope.viewerId
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Notes that a stream has events up to this number. Whoever marks many feeds calls `onReady` once the rows are there. */
  markDirty(streamId: number, seq: number): void {
    if (seq > (this.#sent.get(streamId) ?? Infinity)) this.#dirty.add(streamId)
  }

  /** Notes that a state changed that this reader may see. */
  noteState(change: StateChange): void {
    this.#states.note(change)
    this.onReady()
  }

  /** Notes that everything below this transaction is finished and was hinted at: to be reached once the dirty streams are sent. */
  addBarrier(horizon: bigint): void {
    if (horizon <= this.#horizon) return
    // As it is for nearly all of those that are told of each sweep.
    if (this.#dirty.size === 0 && this.#reads.size === 0 && this.#states.isEmpty && this.#barriers.isEmpty) {
      this.#reach(horizon)
      return
    }
    const need = new Map([...this.#dirty, ...this.#reads.keys()].map((id) => [id, this.#joined.has(id) ? Infinity : this.#hub.head(id)]))
    this.#barriers.add(horizon, need, this.#states.keys())
    this.#passBarriers()
  }

  /** The consumer cannot take more for now, or can again. */
  hold(held: boolean): void {
    this.#heldAt = held ? (this.#heldAt ?? performance.now()) : null
  }

  /** Whether the reader does not keep up. */
  get isStuck(): boolean {
    const stalls = this.#heldAt !== null && performance.now() - this.#heldAt > STALL_MS
    if (stalls && (this.#dirty.size > 0 || this.#reads.size > 0 || this.#catchUp !== null || this.#states.waitMs() < Infinity)) return true
    let lag = 0
    for (const id of this.#dirty) lag += Math.max(0, this.#hub.head(id) - (this.#sent.get(id) ?? Infinity))
    return lag > LAG_LIMIT
  }

  /** Called regularly: what is due by time alone is told. */
  tick(): void {
    if (this.#heldAt === null && (this.#isSilent || this.#states.waitMs() === 0)) this.onReady()
  }

  get #isSilent(): boolean {
    return performance.now() - this.#sentAt > IDLE_MS
  }

  /** Ends the feed together with its connection: the client comes again with its cursor. */
  abandon(): void {
    this.#sendAway()
    this.return()
  }

  /** Ends the feed at once. */
  return(): void {
    if (this.#ended) return
    this.#ended = true
    for (const streamId of this.#sent.keys()) this.#hub.removeReader(streamId, this)
    this.#sent.clear()
    this.#hub.removeFeed(this)
    this.onEnd?.()
    this.onReady()
  }

  /** Whether {@link take} may bring something at once. */
  get mayHaveMore(): boolean {
    return this.#ended || (!this.#anew && this.#hasMore)
  }

  get #hasMore(): boolean {
    return this.#catchUp !== null || this.#dirty.size > 0 || this.#reads.size > 0 || (!this.#states.isEmpty && this.#states.waitMs() === 0)
  }

  /** What there is to send now, at most {@link BATCH_LIMIT} events; null where that is nothing: `onReady` tells when to ask again. */
  take(): Batch | null {
    if (this.#ended || this.#anew) return null
    if (this.#first !== null || this.#catchUp !== null) {
      const missed = this.#takeMissed()
      if (missed !== null) return missed
    }
    if (this.#dirty.size > 0 || this.#reads.size > 0 || !this.#states.isEmpty) return this.#takeLive()
    return this.#isSilent ? this.#batch([]) : null
  }

  #takeMissed(): Batch | null {
    const reset = this.#first?.reset ?? null
    const isFirst = this.#first !== null
    this.#first = null
    if (this.#catchUp === null || this.#catchUp.done) {
      // Everything that the snapshot showed is sent: from here on the snapshot's own horizon holds.
      this.#catchUp = null
      return isFirst ? { events: [], cursor: this.#cursor(), caughtUp: true, reset } : null
    }
    const { left, ...batch } = this.#catchUp.take(() => this.#cursor())
    if (batch.caughtUp) this.#catchUp = null
    if (left && batch.caughtUp && this.#scope.chatId !== null && this.#sent.size === 0) this.return()
    return { ...batch, reset }
  }

  /** The next events of dirty streams, as far as they are in memory; the others are read, and then there is more. */
  #takeLive(): Batch | null {
    const events: EventRow[] = []
    for (const id of this.#reads.keys()) this.#takeStream(id, events)
    // A stream that has still more is put in anew, and so comes again.
    for (const id of this.#dirty) this.#takeStream(id, events)
    // What was collected comes with the next connection.
    if (this.#anew) return null
    if (!this.#states.isEmpty) events.push(...this.#takeStates(BATCH_LIMIT - events.length))
    this.#passBarriers()
    const more = this.#dirty.size > 0 && !this.#ended && events.length < BATCH_LIMIT && this.#readDirty()
    if (events.length > 0) return this.#batch(events)
    // A chat that was just joined may be in memory already.
    if (more) return this.#takeLive()
    return null
  }

  #takeStream(id: number, into: EventRow[]): void {
    // Leaving the only chat of its scope ends a feed.
    if (into.length === BATCH_LIMIT || this.#ended || this.#anew) return
    const rows = this.#rowsAtHand(id)
    if (rows === null) return
    const room = into.length + rows.length <= BATCH_LIMIT ? rows : rows.slice(0, BATCH_LIMIT - into.length)
    this.#reads.delete(id)
    this.#note(id, room, into)
    if (this.#anew) return
    this.#settle(id, rows.length, room.length)
  }

  /** Rows of a stream beyond what was sent, if they are known without asking the database. The stream counts as clean from here on. */
  #rowsAtHand(id: number): EventRow[] | null {
    const read = this.#reads.get(id)
    if (read !== undefined) return read.rows
    const rows = this.#hub.reader.recent(id, this.#sent.get(id) ?? 0)
    if (rows !== null) this.#dirty.delete(id)
    return rows
  }

  #takeStates(limit: number): EventRow[] {
    const { keys, events } = this.#states.take(limit)
    this.#barriers.told(keys)
    return events
  }

  /**
   * Reads dirty streams that are not in memory; answers whether there are others. They count as clean from here on: whoever marks one meanwhile
   * causes another read.
   */
  #readDirty(): boolean {
    let atHand = false
    for (const id of this.#dirty) {
      const sent = this.#sent.get(id) ?? 0
      if (this.#hub.reader.recent(id, sent) !== null) atHand ||= !this.#reads.has(id)
      else if (!this.#reads.has(id) && this.#reads.size < BATCH_LIMIT && performance.now() >= this.#retryAt) this.#readOne(id, sent)
    }
    return atHand
  }

  #readOne(id: number, sent: number): void {
    const read: { rows: EventRow[] | null } = { rows: null }
    this.#dirty.delete(id)
    this.#reads.set(id, read)
    // All that is asked for in one turn shares a statement.
    this.#hub.reader.read(id, sent).then(
      (rows) => {
        read.rows = rows
        this.onReady()
      },
      (error: unknown) => {
        // The stream may have been left meanwhile, and even joined again.
        if (this.#reads.get(id) === read) {
          this.#reads.delete(id)
          this.#dirty.add(id)
        }
        this.#retryLater(error)
      },
    )
  }

  #retryLater(error: unknown): void {
    if (performance.now() < this.#retryAt) return
    this.#hub.readFailed(error)
    this.#retryAt = performance.now() + RETRY_MS
    setTimeout(() => {
      this.#retryAt = 0
      this.onReady()
    }, RETRY_MS).unref()
  }

  /** Notes rows of one stream as sent, and collects those that are shown. */
  #note(streamId: number, rows: EventRow[], into: EventRow[]): void {
    for (const row of rows) {
      // Nothing after the viewer's own removal is theirs.
      const sent = this.#sent.get(streamId)
      if (sent === undefined) return
      if (row.kind === EventKind.INBOX_CHANGED) {
        this.#anew = true
        setTimeout(() => { if (!this.#ended) this.abandon() }, ANEW_MS).unref()
        return
      }
      if (row.seq !== sent + 1) this.#hub.gapFound(streamId, sent, row.seq)
      this.#sent.set(streamId, row.seq)
      if (row.xid >= this.#horizon || this.#recent.has(streamId)) this.#noteRecent(streamId, row.seq, row.xid)
      if (isShown(row)) into.push(row)
      if (row.kind === EventKind.JOINED && row.refId !== null) this.#join(row.refId, row.rev ?? 1)
      if (endsMembership(row, this.#scope.viewerId)) {
        this.#leave(streamId)
        return
      }
    }
  }

  #noteRecent(streamId: number, seq: number, xid: bigint): void {
    this.#recent.set(streamId, seq)
    const greatest = this.#recentXids.get(streamId)
    if (greatest === undefined || xid > greatest) this.#recentXids.set(streamId, xid)
  }

  /** Decides whether a stream that was just taken has to be looked at again. */
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
    this.#reads.delete(chatId)
    this.#joined.delete(chatId)
    this.#hub.removeReader(chatId, this)
    this.#barriers.drop(chatId)
    this.#barriers.told(this.#states.dropChat(chatId))
    if (this.#scope.chatId !== null) this.return()
    const [fromSeq, ...later] = this.#rejoined.get(chatId) ?? []
    if (later.length > 0) this.#rejoined.set(chatId, later)
    else this.#rejoined.delete(chatId)
    if (fromSeq !== undefined) this.#join(chatId, fromSeq)
  }

  #passBarriers(): void {
    const horizon = this.#barriers.pass((id) => this.#sent.get(id) ?? Infinity)
    if (horizon !== null && horizon > this.#horizon) this.#reach(horizon)
  }

  #reach(horizon: bigint): void {
    this.#horizon = horizon
    for (const [id, xid] of this.#recentXids) {
      if (xid >= horizon) continue
      this.#recentXids.delete(id)
      this.#recent.delete(id)
    }
  }

  #batch(events: EventRow[]): Batch {
    this.#sentAt = performance.now()
    return { events, cursor: this.#cursor(), caughtUp: true, reset: null }
  }

  #cursor(): string {
    return writeCursor({ viewerId: this.#scope.viewerId, chatId: this.#scope.chatId, epoch: this.#epoch, horizon: this.#horizon, delivered: this.#recent })
  }
}
