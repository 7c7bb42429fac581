import type { Ctx } from '../ctx.ts'
import { toEventRow } from './reader.ts'
import type { RawEventRow } from './reader.ts'
import type { Reset } from './resume.ts'
import type { EventRow } from './types.ts'

/** Events of one chat from behind a known number. */
export interface Gap {
  events: EventRow[]
  hasMore: boolean
  reset: Reset | null
}

interface Interval {
  from_seq: number
  to_seq: number | null
  head_seq: number
}

/** Reads at most so many events of a chat after this number, of the times in which the viewer was a member; null where they are none now. */
export async function readGap(ctx: Pick<Ctx, 'sql'>, scope: { viewerId: number; chatId: number }, afterSeq: number, limit: number): Promise<Gap | null> {
  const { viewerId, chatId } = scope
  const intervals = await ctx.sql<Interval[]>`
    select i.from_seq, i.to_seq, s.head_seq from (
      select chat_id, from_seq, to_seq from chat_member where user_id = ${viewerId} and chat_id = ${chatId}
      union all select chat_id, from_seq, to_seq from member_interval where user_id = ${viewerId} and chat_id = ${chatId}
    ) as i join stream s on s.id = i.chat_id order by i.from_seq`
  const present = intervals.at(-1)
  if (present === undefined || present.to_seq !== null) return null
  const reset = (reason: Reset['reason']): Gap => ({ events: [], hasMore: false, reset: { reason, chatIds: [chatId] } })
  // A number that this chat has not reached: it is from another body of data.
  if (afterSeq > present.head_seq) return reset('NEW_EPOCH')
  const ranges = intervals
    .map(({ from_seq: from, to_seq: to, head_seq: head }) => ({ first: Math.max(from, afterSeq + 1), last: to ?? head }))
    .filter(({ first, last }) => first <= last)
  const rows = await ctx.sql<RawEventRow[]>`
    select e.stream_id, e.seq, e.xid::text as xid, e.kind, e.actor_id, e.ref_id, e.rev, e.at
    from unnest((select ${ranges.map((range) => range.first)}::bigint[]), (select ${ranges.map((range) => range.last)}::bigint[])) as r (first, last)
    cross join lateral (select * from event where stream_id = ${chatId} and seq between r.first and r.last order by seq limit ${limit + 1}) as e
    order by e.seq limit ${limit + 1}`
  // What should stand there is gone: events are kept for some time only.
  if (limit > 0 && numbersOf(ranges, limit + 1).some((seq, index) => rows[index]?.seq !== seq)) return reset('TOO_OLD')
  return { events: rows.slice(0, limit).map(toEventRow), hasMore: rows.length > limit, reset: null }
}

/** The first so many numbers of these ranges. */
function numbersOf(ranges: readonly { first: number; last: number }[], limit: number): number[] {
  const numbers: number[] = []
  for (const { first, last } of ranges) for (let seq = first; seq <= last && numbers.length < limit; seq++) numbers.push(seq)
  return numbers
}
