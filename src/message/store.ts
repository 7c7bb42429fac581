import { and, eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { idList } from '../db/columns.ts'
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
  outcome: 'CREATED' | 'DUPLICATE' | 'CONFLICT' | 'NO_CHAT' | 'CLOSED' | 'NO_REPLY' | 'BUSY' | 'AGAIN'
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
  const wanted = sql`select * from unnest(${idList(keys.map(([chatId]) => chatId))}, ${idList(keys.map(([, number]) => number))})`
  return db
    .select()
    .from(messages)
    .where(sql`(${messages.chatId}, ${messages.number}) in (${wanted})`)
}

const replies = alias(messages, 'reply')

/** A part of a chat's history, by its first and last numbers. */
export interface Range {
  chatId: number
  from: number
  to: number
}

/** The messages of these ranges, each with the one that it answers. Numbers have no holes: no OFFSET, no search. */
export function findRanges(db: Db, ranges: readonly Range[]): Promise<{ message: MessageRow; reply: MessageRow | null }[]> {
  return db
    .select({ message: messages, reply: replies })
    .from(sql`unnest(${idList(ranges.map((r) => r.chatId))}, ${idList(ranges.map((r) => r.from))}, ${idList(ranges.map((r) => r.to))}) as wanted (chat_id, first, last)`)
    .innerJoin(messages, sql`${messages.chatId} = wanted.chat_id and ${messages.number} between wanted.first and wanted.last`)
    .leftJoin(replies, and(eq(replies.chatId, messages.chatId), eq(replies.number, messages.replyTo)))
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
    from member m where m.user_id = ${viewerId} and m.chat_id = any (${idList(chatIds)})`)
  return new Map(rows.map((row) => [Number(row.chat_id), row.count]))
}
