import type { Ctx } from '../ctx.ts'
import { gathering } from '../db/gather.ts'
import type { Cursor } from './cursor.ts'
import { toEventRow } from './reader.ts'
import type { RawEventRow } from './reader.ts'
import { LARGE_CHAT, stateEvent } from './state.ts'
import { EventKind } from './types.ts'
import type { EventRow } from './types.ts'

/** Events of one chat, and of all, that a resume brings at most; beyond that refetching is cheaper for everyone. */
export const MAX_PER_CHAT = 1000
export const MAX_IN_ALL = 5000

/** So many marks, and profiles, that changed since a cursor are looked through before those of the viewer's own chats are. */
const FEW = 200

/** Whose events, and of which chat; `chatId` null means all of the viewer's. */
export interface Scope {
  viewerId: number
  chatId: number | null
}

/** What one snapshot shows. */
export interface Seen {
  epoch: string
  /** Events of transactions below this one are not kept. */
  floor: string
  snapshot: string
  /** The streams that the viewer reads now: id, newest event number, greatest transaction id. */
  open: [id: number, head: number, xid: string][]
}

/** A part of a stream that was missed, by its first and last event numbers. */
export interface MissedRange {
  streamId: number
  first: number
  last: number
  /** So many lie above the horizon that nobody counted them. */
  beyond: boolean
}

/** Those that are asked for at the same time, as after a restart by thousands, share a statement, and so a snapshot. */
const freshStarts = gathering(readFresh, { most: 100, atOnce: 2, apartMs: 2 })

/** Where a viewer starts who brings nothing. */
export async function readFreshStart(sql: Ctx['sql'], scope: Scope): Promise<Seen> {
  const [seen] = await freshStarts(sql, [scope])
  if (seen === undefined) throw new Error('the meta row is missing')
  return seen
}

async function readFresh(sql: Ctx['sql'], scopes: readonly Scope[]): Promise<Seen[]> {
  const rows = await sql<(Omit<Seen, 'open'> & { open: Seen['open'] | null })[]>`
    with now as materialized (select data_epoch() as epoch, floor_xid::text as floor, pg_current_snapshot()::text as snapshot, inbox_id from meta)
    select now.epoch, now.floor, now.snapshot, (
      select json_agg(json_build_array(s.id, s.head_seq, s.max_xid::text)) from stream s
      where s.id in (
        select m.chat_id from chat_member m where m.user_id = w.viewer_id and m.to_seq is null and (w.chat_id is null or m.chat_id = w.chat_id)
        union all select w.viewer_id where w.chat_id is null
        union all select now.inbox_id from users u where w.chat_id is null and u.id = w.viewer_id and u.agent_since is not null
      )
    ) as open
    from unnest((select ${scopes.map(({ viewerId }) => viewerId)}::bigint[]), (select ${scopes.map(({ chatId }) => chatId)}::bigint[])) with ordinality as w (viewer_id, chat_id, ord)
    cross join now order by w.ord`
  return rows.map((row) => ({ ...row, open: row.open ?? [] }))
}

/**
 * What was missed since the cursor, within every interval in which the viewer was a member: contiguously from the last event delivered, or from
 * the first one at or above the horizon. Numbers only, so that too many cost no more than a few. And what the viewer may see of marks and profiles
 * that changed at or above the horizon: some of it the viewer may know, and hears again, which changes nothing. One statement, so one snapshot.
 */
export async function readMissed(sql: Ctx['sql'], { viewerId, chatId }: Scope, cursor: Cursor): Promise<Seen & { ranges: MissedRange[]; states: EventRow[] }> {
  // Hidden from the planner, and limits written out: what it sees of the parameters gives it hope for a better plan each time, and to plan this takes ten times as long as to run it.
  const [viewer, chat, horizon] = [sql`(select ${viewerId}::bigint)`, sql`(select ${chatId}::bigint)`, sql`(select ${cursor.horizon.toString()}::xid8)`]
  const [few, inAll] = [sql.unsafe(`limit ${FEW + 1}`), sql.unsafe(`limit ${MAX_IN_ALL + 1}`)]
  const [row] = await sql<MissedRow[]>`
    with own as materialized (
      select m.chat_id, c.member_count > ${LARGE_CHAT} as large from chat_member m join chat c on c.id = m.chat_id
      where m.user_id = ${viewer} and m.to_seq is null and (${chat} is null or m.chat_id = ${chat})
    ),
    inbox as (select inbox_id as id from meta where exists (select from users where id = ${viewer} and agent_since is not null)),
    interval as (
      select chat_id as stream_id, from_seq, to_seq from chat_member where user_id = ${viewer}
      union all select chat_id, from_seq, to_seq from member_interval where user_id = ${viewer}
      union all select ${viewer}, 1, null
      union all select id, 1, null from inbox
    ),
    range as (
      select i.stream_id, d.seq is null and missed.count > ${MAX_PER_CHAT} as beyond, least(s.head_seq, i.to_seq) as last,
        -- Too many to be counted go on from the last one delivered, if that is known.
        greatest(i.from_seq, case when missed.count > ${MAX_PER_CHAT} then d.seq + 1 end, missed.first) as first
      from interval i
      join stream s on s.id = i.stream_id
      left join unnest((select ${[...cursor.delivered.keys()]}::bigint[]), (select ${[...cursor.delivered.values()]}::bigint[])) as d (stream_id, seq) on d.stream_id = i.stream_id
      cross join lateral (
        -- From the newest one back, as far as they are at or above the horizon: an event below it was delivered, and so all before it in its stream.
        -- Each is looked up by its number (LIMIT sees to that), so the length of the stream and what else happened meanwhile do not matter.
        with recursive walk as (
          select least(s.head_seq, i.to_seq) + 1 as seq
          union all
          select e.seq from walk cross join lateral (select seq, xid from event where stream_id = i.stream_id and seq = walk.seq - 1 limit 1) as e
          where e.xid >= ${horizon} and e.seq > greatest(d.seq, least(s.head_seq, i.to_seq) - ${MAX_PER_CHAT + 1})
        )
        select min(seq) as first, count(*) - 1 as count from walk
      ) as missed
      where s.max_xid >= ${horizon} and missed.count > 0 and (${chat} is null or i.stream_id = ${chat})
    ),
    -- After a short absence few marks and profiles of all have changed, after a long one more than the viewer's chats have members: what is fewer is looked through.
    lately_marked as materialized (select chat_id, user_id, to_seq, marked_at from member where mark_xid >= ${horizon} order by mark_xid ${few}),
    lately_changed as materialized (select id, updated_at from users where profile_xid >= ${horizon} order by profile_xid ${few}),
    marked as (
      select m.chat_id, m.user_id, own.large, m.marked_at as at from lately_marked m join own on own.chat_id = m.chat_id
      where m.to_seq is null and (select count(*) from lately_marked) <= ${FEW}
      union all
      select m.chat_id, m.user_id, own.large, m.marked_at from own join member m on m.chat_id = own.chat_id
      where m.mark_xid >= ${horizon} and m.to_seq is null and (select count(*) from lately_marked) > ${FEW}
    ),
    state as (
      select chat_id, user_id, at from marked where not large or user_id = ${viewer}
      union all select chat_id, null, max(at) from marked where large group by chat_id
      union all select null, u.id, u.updated_at from lately_changed u
        where (select count(*) from lately_changed) <= ${FEW} and u.id <> ${viewer} and exists (select from member m join own on own.chat_id = m.chat_id where m.user_id = u.id)
      union all select null, u.id, u.updated_at from users u
        where (select count(*) from lately_changed) > ${FEW} and u.profile_xid >= ${horizon} and u.id <> ${viewer}
          and exists (select from member m join own on own.chat_id = m.chat_id where m.user_id = u.id)
      ${inAll}
    )
    select data_epoch() as epoch, floor_xid::text as floor, pg_current_snapshot()::text as snapshot,
      (
        select json_agg(json_build_array(s.id, s.head_seq, s.max_xid::text)) from stream s
        where s.id in (select chat_id from own union all select ${viewer} where ${chat} is null union all select id from inbox where ${chat} is null)
      ) as open,
      (select json_agg(json_build_array(stream_id, first, last, beyond) order by stream_id, first) from range where first <= last) as ranges,
      (select json_agg(json_build_array(chat_id, user_id, at)) from state) as states
    from meta`
  if (row === undefined) throw new Error('the meta row is missing')
  return {
    ...row,
    open: row.open ?? [],
    ranges: (row.ranges ?? []).map(([streamId, first, last, beyond]) => ({ streamId, first, last, beyond })),
    states: (row.states ?? []).map(([id, userId, at]) =>
      stateEvent(id === null ? { kind: EventKind.CONTACT_CHANGED, userId: userId ?? 0, at: new Date(at) } : { kind: EventKind.MARKS_MOVED, chatId: id, userId, at: new Date(at) }),
    ),
  }
}

interface MissedRow extends Omit<Seen, 'open'> {
  open: Seen['open'] | null
  ranges: [streamId: number, first: number, last: number, beyond: boolean][] | null
  states: [chatId: number | null, userId: number | null, at: string][] | null
}

/** The events of these ranges, by stream and in order; null where some are gone. What a snapshot showed never changes, so this needs none. */
export async function readRanges(sql: Ctx['sql'], ranges: readonly MissedRange[]): Promise<EventRow[] | null> {
  if (ranges.length === 0) return []
  const rows = await sql<RawEventRow[]>`
    select e.stream_id, e.seq, e.xid::text as xid, e.kind, e.actor_id, e.ref_id, e.rev, e.at
    from unnest((select ${ranges.map((r) => r.streamId)}::bigint[]), (select ${ranges.map((r) => r.first)}::bigint[]), (select ${ranges.map((r) => r.last)}::bigint[])) as r (stream_id, first, last)
    join event e on e.stream_id = r.stream_id and e.seq between r.first and r.last
    order by e.stream_id, e.seq`
  return rows.length === ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0) ? rows.map(toEventRow) : null
}
