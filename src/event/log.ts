import { eq, inArray, sql } from 'drizzle-orm'
import { publishHints } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { events, streams } from './table.ts'
import type { NewEvent } from './types.ts'

/** A locked stream's newest numbers. */
export interface StreamHead {
  id: number
  headSeq: number
  messageNo: number
  /** A direct chat in which nobody may write. */
  closed: boolean
}

/**
 * Locks streams for the rest of the transaction, in ascending order, and answers their newest numbers. Chat streams come before user
 * streams, and all of them before any other row; what depends on them is checked only after. Streams that do not exist are left out.
 */
export async function lockStreams(tx: Ctx, ids: readonly number[]): Promise<Map<number, StreamHead>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.db
    .select({ id: streams.id, headSeq: streams.headSeq, messageNo: streams.messageNo, closed: streams.closed })
    .from(streams)
    .where(inArray(streams.id, [...ids]))
    .orderBy(streams.id)
    .for('update')
  return new Map(rows.map((row) => [row.id, row]))
}

/** Makes the stream of a new chat or user. */
export async function createStream(tx: Ctx, id: number): Promise<StreamHead> {
  await tx.db.insert(streams).values({ id })
  return { id, headSeq: 0, messageNo: 0, closed: false }
}

/**
 * Appends one event to each of these locked streams, in one statement each for numbers and rows, and hints at them once the transaction
 * has committed. Because the number is taken under the stream's lock, commit order is number order, and an abort leaves no hole.
 * @returns the number of the new event in each stream.
 */
export async function append(tx: Ctx, entries: ReadonlyMap<StreamHead, NewEvent>): Promise<Map<number, number>> {
  const heads = [...entries.keys()]
  if (heads.length === 0) return new Map()
  await tx.db
    .update(streams)
    .set({ headSeq: sql`${streams.headSeq} + 1`, maxXid: sql`greatest(${streams.maxXid}, pg_current_xact_id())` })
    .where(
      inArray(
        streams.id,
        heads.map((head) => head.id),
      ),
    )
  const rows = [...entries].map(([head, event]) => {
    head.headSeq += 1
    return { streamId: head.id, seq: head.headSeq, ...event }
  })
  await tx.db.insert(events).values(rows)
  publishHints(
    tx,
    rows.map((row) => [row.streamId, row.seq] as const),
  )
  return new Map(rows.map((row) => [row.streamId, row.seq]))
}

/**
 * Appends several events to one locked stream, in this order and in one statement each for numbers and rows.
 * @returns the number of each.
 */
export async function appendAll(tx: Ctx, head: StreamHead, list: readonly NewEvent[]): Promise<number[]> {
  if (list.length === 0) return []
  await tx.db
    .update(streams)
    .set({ headSeq: sql`${streams.headSeq} + ${list.length}`, maxXid: sql`greatest(${streams.maxXid}, pg_current_xact_id())` })
    .where(eq(streams.id, head.id))
  const rows = list.map((event) => {
    head.headSeq += 1
    return { streamId: head.id, seq: head.headSeq, ...event }
  })
  await tx.db.insert(events).values(rows)
  publishHints(tx, [[head.id, head.headSeq]])
  return rows.map((row) => row.seq)
}

/** Appends one event to one locked stream; answers its number. */
export async function appendOne(tx: Ctx, head: StreamHead, event: NewEvent): Promise<number> {
  await append(tx, new Map([[head, event]]))
  return head.headSeq
}
