import type { Ctx } from '../ctx.ts'
import { decodeCursor, encodeCursor, joinCursors } from './cursor.ts'
import type { Cursor, WrittenCursor } from './cursor.ts'
import { parseSnapshot } from './snapshot.ts'
import { MAX_IN_ALL, MAX_PER_CHAT, readFreshStart, readMissed, readRanges } from './start-reads.ts'
import type { MissedRange, Scope, Seen } from './start-reads.ts'
import { EventKind } from './types.ts'
import type { EventRow } from './types.ts'

/** Streams that a cursor names at most; beyond that repeats are possible, never gaps. */
const MAX_DELIVERED = 64

/** Tells a client to forget the numbers of these chats and fetch them again; `chatIds` null means everything. */
export interface Reset {
  reason: 'TOO_OLD' | 'TOO_MANY' | 'NEW_EPOCH' | 'INVALID_CURSOR'
  chatIds: number[] | null
}

/** What one snapshot of the database shows to somebody who starts or goes on reading events. */
export interface Start {
  epoch: string
  /** Everything of transactions below this number is finished in the snapshot. */
  horizon: bigint
  /** No transaction from this number on was known to the snapshot. */
  limit: bigint
  /** The streams that the viewer reads now, each with its newest event number. */
  heads: Map<number, number>
  /** For the streams that already hold events at or above the horizon: the greatest transaction id of them. */
  recent: Map<number, bigint>
  /** What was missed since the cursor: events by stream, in order, then states. */
  missed: EventRow[]
  /** The cursor that was continued; null at a fresh start or after a complete reset. */
  cursor: Cursor | null
  reset: Reset | null
}

/** The cursors that a subscriber brings: in the document's variables, and with the connection. */
export interface Cursors {
  after: string | null
  resumeAfter: string | null
}

export const NO_CURSORS: Cursors = { after: null, resumeAfter: null }

/**
 * Reads in one snapshot where a viewer starts, and with a cursor what was missed since. Null: the chat of the scope is not the viewer's.
 * `knownEpoch` is what the data was called when it was last looked at; where it is called otherwise by now that is found out here.
 */
export async function readStart(sql: Ctx['sql'], scope: Scope, cursors: Cursors, knownEpoch: string): Promise<Start | null> {
  const cursor = chooseCursor(cursors, { ...scope, epoch: knownEpoch })
  const isValid = cursor !== null && typeof cursor !== 'string'
  const seen = isValid ? await readMissed(sql, scope, cursor) : { ...(await readFreshStart(sql, scope)), ranges: [], states: [] }
  // The cursor was held against another body of data.
  if (seen.epoch !== knownEpoch && (cursors.after !== null || cursors.resumeAfter !== null)) return readStart(sql, scope, cursors, seen.epoch)
  const start = startOf(seen)
  const outside = scope.chatId !== null && seen.open.length === 0
  // Who is not in the chat can at most go on to the end of their time in it.
  if (outside && !isValid) return null
  if (cursor === null) return start
  if (typeof cursor === 'string') return { ...start, reset: { reason: cursor, chatIds: null } }
  // Numbers that this database has not reached: it is not the one that the cursor came from.
  const ahead = [...cursor.delivered].some(([id, seq]) => seq > (start.heads.get(id) ?? seq))
  if (ahead || cursor.horizon > start.limit) return outside ? null : { ...start, reset: { reason: 'NEW_EPOCH', chatIds: null } }
  if (cursor.horizon <= BigInt(seen.floor)) return outside ? null : { ...start, reset: { reason: 'TOO_OLD', chatIds: null } }

  const { ranges, reset } = limitMissed(seen.ranges, scope)
  if (outside && ranges.length === 0) return null
  if (seen.states.length > MAX_IN_ALL) return { ...start, reset: { reason: 'TOO_MANY', chatIds: null } }
  const missed = await readRanges(sql, ranges)
  // Removed for their age since the snapshot was taken.
  if (missed === null) return outside ? null : { ...start, reset: { reason: 'TOO_OLD', chatIds: null } }
  // Other chats are the viewer's now than those that the cursor counts on.
  if (missed.some((row) => row.kind === EventKind.INBOX_CHANGED)) return { ...start, reset: { reason: 'INVALID_CURSOR', chatIds: null } }
  return { ...start, cursor, reset, missed: [...missed, ...seen.states] }
}

/** What a snapshot shows to anybody who starts. */
function startOf({ epoch, snapshot, open }: Seen): Start {
  const { xmin, xmax } = parseSnapshot(snapshot)
  return {
    epoch,
    horizon: xmin,
    limit: xmax,
    heads: new Map(open.map(([id, head]) => [id, head])),
    recent: new Map(open.map(([id, , xid]) => [id, BigInt(xid)] as const).filter(([, xid]) => xid >= xmin)),
    missed: [],
    cursor: null,
    reset: null,
  }
}

/** The cursor to continue, the reason why none can be, or null where none was brought. */
function chooseCursor({ after, resumeAfter }: Cursors, expected: Pick<Cursor, 'viewerId' | 'chatId' | 'epoch'>): Cursor | Reset['reason'] | null {
  const own = after === null ? null : decodeCursor(after, expected)
  const carried = resumeAfter === null ? null : decodeCursor(resumeAfter, expected)
  const valid = [own, carried].filter((cursor) => cursor !== null && typeof cursor !== 'string')
  const [first, second] = valid
  if (first !== undefined) return second === undefined ? first : joinCursors(first, second)
  if (typeof own === 'string') return own === 'OTHER_SCOPE' ? 'INVALID_CURSOR' : own
  // A connection carries one cursor for all that it subscribes to: the one of another scope is not meant.
  return carried === 'OTHER_SCOPE' ? null : carried
}

/** Which of the missed ranges are to be read; the rest is a reset. */
function limitMissed(ranges: readonly MissedRange[], scope: Scope): { ranges: MissedRange[]; reset: Reset | null } {
  const counts = new Map<number, number>()
  for (const { streamId: id, first, last, beyond } of ranges) counts.set(id, (counts.get(id) ?? 0) + (beyond ? Infinity : last - first + 1))
  const tooMany = [...counts].filter(([, count]) => count > MAX_PER_CHAT).map(([id]) => id)
  const left = ranges.filter((range) => !tooMany.includes(range.streamId))
  const total = left.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  if (total > MAX_IN_ALL || tooMany.includes(scope.viewerId)) return { ranges: [], reset: { reason: 'TOO_MANY', chatIds: null } }
  return { ranges: left, reset: tooMany.length > 0 ? { reason: 'TOO_MANY', chatIds: tooMany } : null }
}

/** A cursor that starts now: whoever continues it gets everything that this snapshot does not show. */
export async function freshCursor(sql: Ctx['sql'], viewerId: number): Promise<string> {
  const start = startOf(await readFreshStart(sql, { viewerId, chatId: null }))
  const delivered = new Map([...start.recent.keys()].map((id) => [id, start.heads.get(id) ?? 0]))
  return writeCursor({ viewerId, chatId: null, epoch: start.epoch, horizon: start.horizon, delivered })
}

/** Encodes a cursor with no more streams than one may name. */
export function writeCursor(cursor: WrittenCursor): string {
  if (cursor.delivered.size <= MAX_DELIVERED) return encodeCursor(cursor)
  return encodeCursor({ ...cursor, delivered: new Map([...cursor.delivered].slice(-MAX_DELIVERED)) })
}
