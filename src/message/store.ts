import { and, eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Db } from '../db/index.ts'
import { messages } from './table.ts'

export type MessageRow = typeof messages.$inferSelect

/** Chat and number. */
export type MessageKey = readonly [chatId: number, number: number]

/** One message to be sent, as the SQL function `send_messages` takes it. */
export interface SendItem {
  chat_id: number
  sender_id: number
  client_id: string
  client_hash: string
  kind: number
  body: string | null
  reply_to: number | null
}

export interface SendResult {
  outcome: 'CREATED' | 'DUPLICATE' | 'CONFLICT' | 'NO_CHAT' | 'NO_REPLY' | 'BUSY' | 'AGAIN'
  chatId: number
  number: number
  seq: number
}

/** Sends one message within a transaction, or as a transaction of its own. See drizzle/0002_send.sql. */
export async function sendOne(db: Db, item: SendItem): Promise<SendResult> {
  const items = JSON.stringify([{ ord: 1, ...item }])
  const [row] = await db.execute<{ outcome: SendResult['outcome']; chat_id: number; number: number; seq: number }>(
    sql`select outcome, chat_id, number, seq from send_messages(${items}::jsonb, true)`,
  )
  if (row === undefined) throw new Error('send_messages answered no row')
  return { outcome: row.outcome, chatId: Number(row.chat_id), number: Number(row.number), seq: Number(row.seq) }
}

export function findMessages(db: Db, keys: readonly MessageKey[]): Promise<MessageRow[]> {
  const chatIds = `{${keys.map(([chatId]) => chatId).join(',')}}`
  const numbers = `{${keys.map(([, number]) => number).join(',')}}`
  return db
    .select()
    .from(messages)
    .where(sql`(${messages.chatId}, ${messages.number}) in (select * from unnest(${chatIds}::bigint[], ${numbers}::bigint[]))`)
}

const replies = alias(messages, 'reply')

/** The messages of a chat with numbers from `from` to `to`, each with the one that it answers. Numbers have no holes: no OFFSET, no search. */
export function findRange(db: Db, chatId: number, from: number, to: number): Promise<{ message: MessageRow; reply: MessageRow | null }[]> {
  return db
    .select({ message: messages, reply: replies })
    .from(messages)
    .leftJoin(replies, and(eq(replies.chatId, messages.chatId), eq(replies.number, messages.replyTo)))
    .where(and(eq(messages.chatId, chatId), sql`${messages.number} between ${from} and ${to}`))
    .orderBy(messages.number)
}

/** Stores a new text under the next revision. */
export async function reviseMessage(db: Db, key: MessageKey, values: { body: string; seq: number }): Promise<void> {
  await db
    .update(messages)
    .set({ ...values, revision: sql`${messages.revision} + 1`, editedAt: sql`clock_timestamp()` })
    .where(and(eq(messages.chatId, key[0]), eq(messages.number, key[1])))
}

/** Empties a message: what it said is gone, its number and its sender stay. */
export async function emptyMessage(db: Db, key: MessageKey, seq: number): Promise<void> {
  await db
    .update(messages)
    .set({ body: null, seq, deletedAt: sql`clock_timestamp()` })
    .where(and(eq(messages.chatId, key[0]), eq(messages.number, key[1])))
}

/** Of each chat: how many undeleted messages of others are above the viewer's read mark. */
export async function countUnread(db: Db, viewerId: number, chatIds: readonly number[]): Promise<Map<number, number>> {
  const rows = await db.execute<{ chat_id: number; count: number }>(sql`
    select m.chat_id, (
      select count(*)::int from message x
      where x.chat_id = m.chat_id and x.number > greatest(m.read_up_to, m.history_from - 1) and x.sender_id is distinct from m.user_id and x.deleted_at is null
    ) as count
    from member m where m.user_id = ${viewerId} and m.chat_id = any (${`{${chatIds.join(',')}}`}::bigint[])`)
  return new Map(rows.map((row) => [Number(row.chat_id), row.count]))
}
