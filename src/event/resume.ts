import type { TransactionSql } from 'postgres'
import type { Ctx } from '../ctx.ts'
import { decodeCursor, encodeCursor, joinCursors } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import { toEventRow } from './reader.ts'
import type { RawEventRow } from './reader.ts'
import { parseSnapshot } from './snapshot.ts'
import { LARGE_CHAT, stateEvent } from './state.ts'
import { EventKind } from './types.ts'
import type { EventRow } from './types.ts'

/** Events of one chat, and of all, that a resume brings at most; beyond that refetching is cheaper for everyone. */
export const MAX_PER_CHAT = 1000
export const MAX_IN_ALL = 5000
/** Streams that a cursor names at most; beyond that repeats are possible, never gaps. */
const MAX_DELIVERED = 64

/** Whose events, and of which chat; `chatId` null means all of the viewer's. */
export interface Scope {
  viewerId: number
  chatId: number | null
}

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

type Tx = TransactionSql<{ bigint: number }>

interface OpenStream {
  stream_id: number
  head_seq: number
  max_xid: string
}

/** The cursors that a subscriber brings: in the document's variables, and with the connection. */
export interface Cursors {
  after: string | null
  resumeAfter: string | null
}

export const NO_CURSORS: Cursors = { after: null, resumeAfter: null }

/** Reads in one snapshot where a viewer starts, and with a cursor what was missed since. Null: the chat of the scope is not the viewer's. */
export function readStart(sql: Ctx['sql'], scope: Scope, cursors: Cursors): Promise<Start | null> {
  return sql.begin('isolation level repeatable read read only', async (tx) => {
    const [now] = await tx<{ epoch: string; floor: string; snapshot: string }[]>`select data_epoch() as epoch, floor_xid::text as floor, pg_current_snapshot()::text as snapshot from meta`
    if (now === undefined) throw new Error('the meta row is missing')
    const snapshot = parseSnapshot(now.snapshot)
    const open = await tx<OpenStream[]>`
      select s.id as stream_id, s.head_seq, s.max_xid::text as max_xid from stream s
      where s.id in (
        select chat_id from member where user_id = ${scope.viewerId} and to_seq is null and (${scope.chatId}::bigint is null or chat_id = ${scope.chatId})
        union all select ${scope.viewerId}::bigint where ${scope.chatId}::bigint is null
      )`

    const start: Start = {
      epoch: now.epoch,
      horizon: snapshot.xmin,
      limit: snapshot.xmax,
      heads: new Map(open.map((row) => [row.stream_id, row.head_seq])),
      recent: new Map(open.map((row) => [row.stream_id, BigInt(row.max_xid)] as const).filter(([, xid]) => xid >= snapshot.xmin)),
      missed: [],
      cursor: null,
      reset: null,
    }
    const cursor = chooseCursor(cursors, { ...scope, epoch: now.epoch })
    const outside = scope.chatId !== null && open.length === 0
    // Who is not in the chat can at most go on to the end of their time in it.
    if (outside && (cursor === null || typeof cursor === 'string')) return null
    if (cursor === null) return start
    if (typeof cursor === 'string') return { ...start, reset: { reason: cursor, chatIds: null } }
    // Numbers that this database has not reached: it is not the one that the cursor came from.
    const ahead = [...cursor.delivered].some(([id, seq]) => seq > (start.heads.get(id) ?? seq))
    if (ahead || cursor.horizon > snapshot.xmax) return outside ? null : { ...start, reset: { reason: 'NEW_EPOCH', chatIds: null } }
    if (cursor.horizon <= BigInt(now.floor)) return outside ? null : { ...start, reset: { reason: 'TOO_OLD', chatIds: null } }

    const { ranges, reset } = limitMissed(await findMissed(tx, scope, cursor), scope)
    if (outside && ranges.length === 0) return null
    const states = await readStates(tx, scope, cursor)
    if (states.length > MAX_IN_ALL) return { ...start, reset: { reason: 'TOO_MANY', chatIds: null } }
    return { ...start, cursor, reset, missed: [...(await readRanges(tx, ranges)), ...states] }
  }) as Promise<Start | null>
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

/** A part of a stream that was missed, by its first and last event numbers. */
interface MissedRange {
  stream_id: number
  first: number
  last: number
  /** So many lie above the horizon that nobody counted them. */
  beyond: boolean
}

/**
 * What was missed since the cursor, within every interval in which the viewer was a member: contiguously from the last event delivered, or from
 * the first one at or above the horizon. Numbers only, so that too many cost no more than a few.
 */
function findMissed(tx: Tx, scope: Scope, cursor: Cursor): Promise<MissedRange[]> {
  const horizon = cursor.horizon.toString()
  return tx<MissedRange[]>`
    with interval as (
      select chat_id as stream_id, from_seq, to_seq from member where user_id = ${scope.viewerId}
      union all select chat_id, from_seq, to_seq from member_interval where user_id = ${scope.viewerId}
      union all select ${scope.viewerId}::bigint, 1, null
    ),
    range as (
      select i.stream_id, d.seq is null and above.count > ${MAX_PER_CHAT} as beyond, least(s.head_seq, i.to_seq) as last,
        -- Of joined cursors one may name a number from below the other's horizon: what lies there was delivered.
        greatest(i.from_seq, case when d.seq is null or above.count <= ${MAX_PER_CHAT} then greatest(above.seq, d.seq + 1) else d.seq + 1 end) as first
      from interval i
      join stream s on s.id = i.stream_id
      left join unnest(${[...cursor.delivered.keys()]}::bigint[], ${[...cursor.delivered.values()]}::bigint[]) as d (stream_id, seq) on d.stream_id = i.stream_id
      cross join lateral (
        select min(e.seq) as seq, count(*) as count
        from (select seq from event where event.stream_id = i.stream_id and event.xid >= ${horizon}::xid8 order by event.xid limit ${MAX_PER_CHAT + 1}) as e
      ) as above
      where s.max_xid >= ${horizon}::xid8 and above.seq is not null and (${scope.chatId}::bigint is null or i.stream_id = ${scope.chatId})
    )
    select stream_id, first, last, beyond from range where first <= last order by stream_id, first`
}

async function readRanges(tx: Tx, ranges: readonly MissedRange[]): Promise<EventRow[]> {
  if (ranges.length === 0) return []
  const rows = await tx<RawEventRow[]>`
    select e.stream_id, e.seq, e.xid::text as xid, e.kind, e.actor_id, e.ref_id, e.rev, e.at
    from unnest(${ranges.map((r) => r.stream_id)}::bigint[], ${ranges.map((r) => r.first)}::bigint[], ${ranges.map((r) => r.last)}::bigint[]) as r (stream_id, first, last)
    join event e on e.stream_id = r.stream_id and e.seq between r.first and r.last
    order by e.stream_id, e.seq`
  return rows.map(toEventRow)
}

/**
 * What the viewer may see of marks and profiles that changed since the cursor. At or above its horizon only: some of it the viewer may know,
 * and hears again, which changes nothing.
 */
async function readStates(tx: Tx, scope: Scope, cursor: Cursor): Promise<EventRow[]> {
  const horizon = cursor.horizon.toString()
  const rows = await tx<{ chat_id: number | null; user_id: number | null; at: string }[]>`
    with mine as materialized (
      select m.chat_id, c.member_count > ${LARGE_CHAT} as large from member m join chat c on c.id = m.chat_id
      where m.user_id = ${scope.viewerId} and m.to_seq is null and (${scope.chatId}::bigint is null or m.chat_id = ${scope.chatId})
    ),
    marked as (
      select m.chat_id, m.user_id, mine.large, m.marked_at as at from member m join mine on mine.chat_id = m.chat_id
      where m.mark_xid >= ${horizon}::xid8 and m.to_seq is null
    )
    select chat_id, user_id, at from marked where not large or user_id = ${scope.viewerId}
    union all select chat_id, null, max(at) from marked where large group by chat_id
    union all select null, u.id, u.updated_at from users u
      where u.profile_xid >= ${horizon}::xid8 and u.id <> ${scope.viewerId}
        and exists (select from member m join mine on mine.chat_id = m.chat_id where m.user_id = u.id)
    limit ${MAX_IN_ALL + 1}`
  return rows.map(({ chat_id: chatId, user_id: userId, at }) =>
    stateEvent(
      chatId === null ? { kind: EventKind.CONTACT_CHANGED, userId: userId ?? 0, at: new Date(at) } : { kind: EventKind.MARKS_MOVED, chatId, userId, at: new Date(at) },
    ),
  )
}

/** Which of the missed ranges are to be read; the rest is a reset. */
function limitMissed(ranges: readonly MissedRange[], scope: Scope): { ranges: MissedRange[]; reset: Reset | null } {
  const counts = new Map<number, number>()
  for (const { stream_id: id, first, last, beyond } of ranges) counts.set(id, (counts.get(id) ?? 0) + (beyond ? Infinity : last - first + 1))
  const tooMany = [...counts].filter(([, count]) => count > MAX_PER_CHAT).map(([id]) => id)
  const left = ranges.filter((range) => !tooMany.includes(range.stream_id))
  const total = left.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  if (total > MAX_IN_ALL || tooMany.includes(scope.viewerId)) return { ranges: [], reset: { reason: 'TOO_MANY', chatIds: null } }
  return { ranges: left, reset: tooMany.length > 0 ? { reason: 'TOO_MANY', chatIds: tooMany } : null }
}

/** A cursor that starts now: whoever continues it gets everything that this snapshot does not show. */
export async function freshCursor(sql: Ctx['sql'], viewerId: number): Promise<string> {
  const start = await readStart(sql, { viewerId, chatId: null }, NO_CURSORS)
  if (start === null) throw new Error('a viewer always has a stream of their own')
  const delivered = new Map([...start.recent.keys()].map((id) => [id, start.heads.get(id) ?? 0]))
  return writeCursor({ viewerId, chatId: null, epoch: start.epoch, horizon: start.horizon, delivered })
}

/** Encodes a cursor with no more streams than one may name. */
export function writeCursor(cursor: Cursor): string {
  if (cursor.delivered.size <= MAX_DELIVERED) return encodeCursor(cursor)
  return encodeCursor({ ...cursor, delivered: new Map([...cursor.delivered].slice(-MAX_DELIVERED)) })
}
