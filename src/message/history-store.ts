import { asc, eq, sql } from 'drizzle-orm'
import type { Db } from '../db/index.ts'
import type { Location } from './table.ts'
import { messages } from './table.ts'

/** A message as {@link insertHistory} takes it. */
export interface HistoryRow {
  number: number
  seq: number
  sender_id: number
  client_id: string
  kind: number
  body: string | null
  location: Location | null
  created_at: string
  edited_at: string | null
  deleted_at: string | null
}

/** Stores messages with times of their own, and notes the newest one in the chat's stream; the caller holds that. */
export async function insertHistory(db: Db, chatId: number, rows: readonly HistoryRow[]): Promise<void> {
  await db.execute(sql`
    with item as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as i (number bigint, seq bigint, sender_id bigint, client_id uuid, kind smallint, body text, location jsonb, created_at timestamptz, edited_at timestamptz, deleted_at timestamptz)
    ),
    moved as (
      update stream set message_no = n.top, last_at = case when message_no = 0 then n.at else greatest(last_at, n.at) end
      from (select max(number) as top, max(created_at) as at from item) as n where id = ${chatId}
    )
    insert into message (chat_id, number, seq, body_seq, sender_id, client_id, kind, body, location, created_at, edited_at, deleted_at)
    select ${chatId}::bigint, number, seq, seq, sender_id, client_id, kind, body, nullif(location, 'null'::jsonb), created_at, edited_at, deleted_at from item`)
}

/** Of all messages of a chat, in their order: by which clientId they were sent, by whom and when. */
export function findClientIds(db: Db, chatId: number): Promise<{ number: number; clientId: string | null; senderId: number | null; createdAt: Date }[]> {
  return db
    .select({ number: messages.number, clientId: messages.clientId, senderId: messages.senderId, createdAt: messages.createdAt })
    .from(messages)
    .where(eq(messages.chatId, chatId))
    .orderBy(asc(messages.number))
}
