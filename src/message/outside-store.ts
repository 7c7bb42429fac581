import { and, eq, sql } from 'drizzle-orm'
import { idList } from '../db/columns.ts'
import type { Db } from '../db/index.ts'
import { messages } from './table.ts'
import type { Failure } from './table.ts'

/** The newest of our messages that the person outside has, and has read. */
export interface OutsideMarks {
  chatId: number
  deliveredUpTo: number
  readUpTo: number
}

export async function findOutsideMarks(db: Db, chatIds: readonly number[]): Promise<OutsideMarks[]> {
  // 3 and 4: DELIVERED and READ; what came from outside is DELIVERED too.
  const newest = (status: number) => sql`coalesce((
    select number from message where chat_id = s.id and status >= ${status} and sender_id is distinct from s.outside_id order by number desc limit 1), 0)`
  const rows = await db.execute<{ id: number; delivered: number; read: number }>(sql`select s.id, ${newest(3)} as delivered, ${newest(4)} as read from stream s where s.id = any (${idList(chatIds)})`)
  return rows.map((row) => ({ chatId: Number(row.id), deliveredUpTo: Number(row.delivered), readUpTo: Number(row.read) }))
}

/** Stores how far a message came outside; the caller holds the chat's stream. */
export async function setStatus(db: Db, [chatId, number]: readonly [number, number], values: { status: number; failure: Failure | null; seq: number }): Promise<void> {
  await db
    .update(messages)
    .set(values)
    .where(and(eq(messages.chatId, chatId), eq(messages.number, number)))
}
