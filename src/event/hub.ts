import type { Bus, Hint } from '../bus/index.ts'
import { Unavailable } from '../base/errors.ts'
import { MultiMap } from '../base/lazy.ts'
import type { Logger } from '../base/log.ts'
import type { Meters } from '../base/meters.ts'
import type { Ctx } from '../ctx.ts'
import { currentEpoch, settleEpoch } from './epoch.ts'
import { Feed } from './feed.ts'
import { EventReader } from './reader.ts'
import { RecentRows } from './fresh.ts'
import { readStart } from './resume.ts'
import type { Cursors } from './resume.ts'
import type { Scope } from './start-reads.ts'
import { startSweep } from './sweep.ts'
import type { StateChange } from './state.ts'
import type { Moved, Sweep } from './sweep.ts'
import { EventKind } from './types.ts'
import type { EventRow } from './types.ts'

/** What is due by time alone is looked for this often. */
const TICK_MS = 1000
/** An event that is older was not late: somebody came back to it. */
const MAX_LAG_S = 60

/**
 * Delivers events to the connections of this server. It keeps the newest number of each stream that somebody here reads, and wakes the
 * readers; they pull. A slow reader therefore costs a few numbers, never a queue.
 *
 * What wakes: hints, published after each commit, which may be lost; and the sweep, which finds whatever became visible since the last one.
 */
export class Hub {
  readonly #sql: Ctx['sql']
  readonly #log: Logger
  readonly #meters: Meters
  reader: EventReader
  readonly rows = new RecentRows(this)
  /** Newest known event number of the streams that are read here. */
  readonly #heads = new Map<number, number>()
  readonly #readers = new MultiMap<number, Feed>()
  readonly #watchers = new MultiMap<number, () => void>()
  /** Feeds that do not yet know their streams: they note all that moves meanwhile. */
  readonly #starting = new Set<{ heads: Map<number, number>; moved: Moved[] }>()
  readonly #feeds = new Set<Feed>()
  readonly #feedsOfViewer = new MultiMap<number, Feed>()
  /** Streams whose newest events are being read for all who wait for them. */
  readonly #fetching = new Set<number>()
  #generation = 0
  #news = 0
  #failureToldAt = -Infinity
  #epoch = ''
  #settled: Promise<void> = Promise.resolve()
  #sweep: Sweep | null = null
  #ticking: NodeJS.Timeout | null = null
  #unsubscribe: (() => void) | null = null

  constructor(options: { sql: Ctx['sql']; log: Logger; meters: Meters }) {
    this.#sql = options.sql
    this.#log = options.log
    this.#meters = options.meters
    this.reader = this.#newReader()
  }

  #newReader(): EventReader {
    return new EventReader(this.#sql, (rows) => {
      this.#news++
      this.#noteLag(rows)
      // What concerns one person alone may be anything that others are told as well, such as a name.
      if (rows.some((row) => row.kind >= EventKind.JOINED)) this.#generation++
    })
  }

  /** Listens to hints and begins to sweep. */
  async start(bus: Bus): Promise<void> {
    await settleEpoch(this.#sql)
    this.#epoch = await currentEpoch(this.#sql)
    this.#unsubscribe = await bus.subscribe('hints', (hints) => {
      this.wake(hints)
    })
    this.#ticking = setInterval(() => {
      for (const feed of this.#feeds) feed.tick()
    }, TICK_MS).unref()
    this.#sweep = await startSweep({
      sql: this.#sql,
      busy: () => this.#feeds.size > 0 || this.#watchers.size > 0,
      degraded: () => !bus.healthy(),
      onSwept: (seconds) => {
        this.#meters.sweepSeconds.note(seconds)
      },
      onMoved: (moved) => {
        if (moved.epoch !== this.#epoch) {
          this.#renew(moved.epoch)
          return
        }
        this.wake(moved.hints)
        for (const starting of this.#starting) starting.moved.push(moved)
        this.#tellStates(moved)
        for (const feed of this.#feeds) feed.addBarrier(moved.horizon)
        const stuck = [...this.#feeds].filter((feed) => feed.isStuck)
        if (stuck.length > 0) this.#log.info({ readers: stuck.length }, 'Readers that do not keep up were sent away; they resume.')
        for (const feed of stuck) feed.abandon()
      },
      onError: (error) => {
        this.#meters.failedSweeps++
        this.#log.warn({ err: error }, 'The sweep of the event log failed; it goes on.')
      },
    })
  }

  /** Ends all feeds and the sweep. */
  async close(): Promise<void> {
    this.#unsubscribe?.()
    if (this.#ticking !== null) clearInterval(this.#ticking)
    for (const feed of [...this.#feeds]) feed.return()
    await this.#sweep?.stop()
  }

  /** The data is another now, so nothing that is known of the log is true any more. */
  #renew(epoch: string): void {
    this.#log.warn('The database is another one now (a restore, or a standby took over): all readers begin anew.')
    this.#epoch = epoch
    this.reader = this.#newReader()
    this.rows.clear()
    this.#generation++
    for (const feed of [...this.#feeds]) feed.abandon()
    this.#heads.clear()
    for (const starting of this.#starting) {
      starting.heads.clear()
      starting.moved.length = 0
    }
    for (const watcher of this.#watchers.all()) watcher()
    this.#settled = settleEpoch(this.#sql).catch((error: unknown) => {
      this.#log.error({ err: error }, 'Transaction ids from elsewhere could not be settled; the next start does it.')
    })
  }

  /** @throws {Unavailable} where this start was read from data that is no longer served. */
  async #checkEpoch(epoch: string): Promise<void> {
    await this.#settled
    if (epoch === this.#epoch) return
    const current = await currentEpoch(this.#sql)
    if (current !== this.#epoch) this.#renew(current)
    if (current !== epoch) throw new Unavailable('The database has just been replaced. Try again.')
  }

  /** Notes that streams moved, and wakes those who read them. */
  wake(hints: readonly Hint[]): void {
    this.#news++
    for (const [streamId, seq] of hints) {
      this.rows.moved(streamId)
      for (const { heads } of this.#starting) heads.set(streamId, Math.max(seq, heads.get(streamId) ?? 0))
      if (this.#readers.has(streamId)) {
        if (seq > this.head(streamId)) this.#heads.set(streamId, seq)
        // Each feed knows what it has sent. What is believed to be the head decides nothing: a hint may tell of a commit that a failover has lost.
        for (const feed of this.#readers.of(streamId)) feed.markDirty(streamId, seq)
        this.#fetch(streamId, seq)
      }
      for (const watcher of this.#watchers.of(streamId)) watcher()
    }
  }

  /** Reads the newest events of a stream once for all who wait for them, then calls these. Where that fails each of them tries by itself, and again. */
  #fetch(streamId: number, seq: number): void {
    const call = () => {
      for (const feed of this.#readers.of(streamId)) feed.onReady()
    }
    if (this.reader.newest(streamId) >= seq) {
      call()
      return
    }
    if (this.#fetching.has(streamId)) return
    this.#fetching.add(streamId)
    const failed = (): EventRow[] => []
    void this.reader
      .read(streamId, this.reader.newest(streamId) || seq - 1)
      .catch(failed)
      .then((rows) => {
        this.#fetching.delete(streamId)
        call()
        // What was hinted at while this was read.
        if (rows.length > 0 && this.head(streamId) > this.reader.newest(streamId)) this.#fetch(streamId, this.head(streamId))
      })
  }

  /** Takes new events that this server has just stored, so that they need not be read. It wakes nobody. */
  offer(rows: readonly EventRow[]): void {
    this.#noteLag(rows)
    this.reader.offer(rows)
  }

  /** How old the newest of these is; what was read to catch up is old for another reason, and is left out. */
  #noteLag(rows: readonly EventRow[]): void {
    const newest = rows.at(-1)
    if (newest === undefined) return
    const seconds = (Date.now() - newest.at.getTime()) / 1000
    if (seconds < MAX_LAG_S) this.#meters.lagSeconds.note(Math.max(0, seconds))
  }

  /** A reader was about to be given an event that does not follow the one before it. */
  gapFound(streamId: number, sent: number, seq: number): void {
    this.#meters.gaps++
    this.#log.error({ streamId, sent, seq }, 'A reader is given an event that does not follow the one before it.')
  }

  /** Hands states to those who may see them, or of these to one. The sweep finds each once, so nobody is told of one more than once per sweep. */
  #tellStates({ marks, profiles }: Moved, only?: Feed): void {
    this.#news++
    if (marks.length > 0 || profiles.length > 0) this.#generation++
    const tell = (feeds: Iterable<Feed>, change: StateChange) => {
      for (const feed of feeds) if (only === undefined || feed === only) feed.noteState(change)
    }
    const together = new Map<number, Date>()
    for (const { chatId, userId, large, at } of marks) {
      const change: StateChange = { kind: EventKind.MARKS_MOVED, chatId, userId, at }
      if (large) together.set(chatId, at)
      tell(large ? [...this.#feedsOfViewer.of(userId)].filter((feed) => this.#readers.includes(chatId, feed)) : this.#readers.of(chatId), change)
    }
    for (const [chatId, at] of together) {
      tell(this.#readers.of(chatId), { kind: EventKind.MARKS_MOVED, chatId, userId: null, at })
    }
    for (const { userId, chatIds, at } of profiles) {
      const readers = new Set(chatIds.flatMap((chatId) => [...this.#readers.of(chatId)]))
      // Their own devices hear of it by their own stream.
      tell([...readers].filter((feed) => feed.viewerId !== userId), { kind: EventKind.CONTACT_CHANGED, userId, at })
    }
  }

  /** What was committed before this moment, by performance.now(), was told to all who watch. */
  get sweptAt(): number {
    return this.#sweep?.sweptAt ?? -Infinity
  }

  /** Calls back whenever this stream may have moved, until the answer is called. */
  watch(streamId: number, watcher: () => void): () => void {
    this.#watchers.add(streamId, watcher)
    return () => {
      this.unwatch(streamId, watcher)
    }
  }

  /** What the answer of {@link watch} does, for whoever watches for each connection and keeps no function more. */
  unwatch(streamId: number, watcher: () => void): void {
    this.#watchers.delete(streamId, watcher)
  }

  /**
   * Opens the events of this scope: from now on, or from a cursor. Null: the chat of the scope is not the viewer's.
   * The answer must be ended with `return()`. `sendAway` cuts the connection that it is for, where it cannot go on or does not keep up.
   */
  async open(scope: Scope, cursors: Cursors, sendAway: () => void): Promise<Feed | null> {
    // Listen before reading: what commits in between is either in the snapshot or noted here.
    const starting = { heads: new Map<number, number>(), moved: [] as Moved[] }
    this.#starting.add(starting)
    try {
      const start = await readStart(this.#sql, scope, cursors, this.#epoch)
      if (start === null) return null
      await this.#checkEpoch(start.epoch)
      // One text for all feeds.
      if (start.epoch === this.#epoch) start.epoch = this.#epoch
      const feed = new Feed(this, scope, start, sendAway)
      this.#feeds.add(feed)
      this.#feedsOfViewer.add(scope.viewerId, feed)
      for (const [streamId, seq] of start.heads) {
        this.addReader(streamId, feed)
        // What this start has seen nobody here may be told otherwise: what was made of the stream before is out of date.
        if (seq > this.head(streamId)) this.#heads.set(streamId, seq)
      }
      for (const [streamId, seq] of starting.heads) {
        if (!this.#readers.has(streamId)) continue
        this.#heads.set(streamId, Math.max(seq, this.head(streamId)))
        feed.markDirty(streamId, seq)
      }
      for (const moved of starting.moved) this.#tellStates(moved, feed)
      return feed
    } finally {
      this.#starting.delete(starting)
    }
  }

  /** Counts up with everything that this server hears of: what was read before is out of date then. */
  get news(): number {
    return this.#news
  }

  /** Counts up whenever something may have changed that is in no chat's own events, such as a name or a mark. */
  get generation(): number {
    return this.#generation
  }

  /** Whether nothing but new messages came into a stream since its newest event was this one: what was read of it then is still true. */
  isUnchangedSince(streamId: number, seq: number): boolean {
    const head = this.#heads.get(streamId)
    // Nobody reads it here, so nobody has heard of what came.
    if (head === undefined) return false
    if (head <= seq) return true
    const rows = this.reader.recent(streamId, seq)
    return rows !== null && rows.length >= head - seq && rows.every((row) => row.kind === EventKind.MESSAGE_ADDED)
  }

  /** Who reads a stream at this server, each once. */
  viewersOf(streamId: number): number[] {
    return [...new Set([...this.#readers.of(streamId)].map((feed) => feed.viewerId))]
  }

  /** How many of this server's readers a stream has. */
  readersOf(streamId: number): number {
    return this.#readers.count(streamId)
  }

  /** How many readers are open. */
  get size(): number {
    return this.#feeds.size
  }

  /** The newest event number known of a stream that somebody here reads. */
  head(streamId: number): number {
    return this.#heads.get(streamId) ?? 0
  }

  addReader(streamId: number, feed: Feed): void {
    this.#readers.add(streamId, feed)
  }

  removeReader(streamId: number, feed: Feed): void {
    this.#readers.delete(streamId, feed)
    if (!this.#readers.has(streamId)) this.#heads.delete(streamId)
  }

  removeFeed(feed: Feed): void {
    this.#feeds.delete(feed)
    this.#feedsOfViewer.delete(feed.viewerId, feed)
  }

  /** A read of the log failed: told here at most once a second, however many feeds it concerns; each of them tries again. */
  readFailed(error: unknown): void {
    if (performance.now() - this.#failureToldAt < 1000) return
    this.#failureToldAt = performance.now()
    this.#log.warn({ err: error }, 'Events could not be read just now; the streams wait and try again.')
  }
}
