import { sql } from 'drizzle-orm'
import { idList } from '../db/columns.ts'
import { publishHints } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { meta } from '../db/meta.ts'
import { streams } from './table.ts'
import type { NewEvent } from './types.ts'

/** A locked stream's newest numbers. */
export interface StreamHead {
  id: number
  headSeq: number
  messageNo: number
  /** A direct chat in which nobody may write. */
  closed: boolean
  /** The person outside with whom this chat is; null in chats of users alone. */
  outsideId: number | null
  /** Until when anything may be written to them; null: not at all now. */
  writableUntil: Date | null
}

/**
 * Locks streams for the rest of the transaction, in ascending order, and answers their newest numbers. Chat streams come before user
 * streams, and all of them before any other row; what depends on them is checked only after. Streams that do not exist are left out.
 */
export async function lockStreams(tx: Ctx, ids: readonly number[]): Promise<Map<number, StreamHead>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.db
    .select({ id: streams.id, headSeq: streams.headSeq, messageNo: streams.messageNo, closed: streams.closed, outsideId: streams.outsideId, writableUntil: streams.writableUntil })
    .from(streams)
    .where(sql`${streams.id} = any (${idList(ids)})`)
    .orderBy(streams.id)
    .for('update')
  return new Map(rows.map((row) => [row.id, row]))
}

/** Makes the stream of a new chat or user; `outsideId` of a chat with a person outside, to whom nothing but templates may be written at first. */
export async function createStream(tx: Ctx, id: number, outsideId: number | null = null): Promise<StreamHead> {
  await tx.db.insert(streams).values({ id, outsideId })
  return { id, headSeq: 0, messageNo: 0, closed: false, outsideId, writableUntil: null }
}

/**
 * Appends one event to each of these locked streams, and hints at them once the transaction has committed. Because the number is taken under the
 * stream's lock, commit order is number order, and an abort leaves no hole.
 * @returns the number of the new event in each stream.
 */
export async function append(tx: Ctx, entries: ReadonlyMap<StreamHead, NewEvent>): Promise<Map<number, number>> {
  const seqs = await appendRows(tx, [...entries])
  return new Map([...entries.keys()].map((head, index) => [head.id, seqs[index] as number]))
}

/**
 * Appends several events to one locked stream, in this order.
 * @returns the number of each.
 */
export function appendAll(tx: Ctx, head: StreamHead, list: readonly NewEvent[]): Promise<number[]> {
  return appendRows(tx, list.map((event) => [head, event]))
}

/** Appends one event to one locked stream; answers its number. */
export async function appendOne(tx: Ctx, head: StreamHead, event: NewEvent): Promise<number> {
  await appendRows(tx, [[head, event]])
  return head.headSeq
}

/** One statement for numbers and rows, which reads the same however many there are. */
async function appendRows(tx: Ctx, entries: readonly (readonly [StreamHead, NewEvent])[]): Promise<number[]> {
  if (entries.length === 0) return []
  const rows = entries.map(([head, event]) => {
    head.headSeq += 1
    return { streamId: head.id, seq: head.headSeq, ...event }
  })
  const list = (valueOf: (row: (typeof rows)[number]) => number | null | undefined) => idList(rows.map((row) => valueOf(row) ?? null))
  await tx.db.execute(sql`
    with entry as (
      select * from unnest(${list((row) => row.streamId)}, ${list((row) => row.seq)}, ${list((row) => row.kind)}, ${list((row) => row.actorId)}, ${list((row) => row.refId)}, ${list((row) => row.rev)})
        as e (stream_id, seq, kind, actor_id, ref_id, rev)
    ),
    moved as (
      update stream s set head_seq = e.head, max_xid = greatest(s.max_xid, pg_current_xact_id())
      from (select stream_id, max(seq) as head from entry group by stream_id) as e where s.id = e.stream_id
    )
    insert into event (stream_id, seq, kind, actor_id, ref_id, rev) select stream_id, seq, kind, actor_id, ref_id, rev from entry`)
  publishHints(tx, [...new Map(rows.map(({ streamId, seq }) => [streamId, seq]))])
  return rows.map(({ seq }) => seq)
}

/** The locked stream that all read who answer people outside. */
export async function lockInbox(tx: Ctx): Promise<StreamHead> {
  const [row] = await tx.db.select({ id: meta.inboxId }).from(meta)
  const inbox = row === undefined ? undefined : (await lockStreams(tx, [row.id])).get(row.id)
  if (inbox === undefined) throw new Error('the inbox always has a stream')
  return inbox
}
