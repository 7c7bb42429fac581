import { and, eq, gte, isNull, sql } from 'drizzle-orm'
import { idList } from '../db/columns.ts'
import type { Db } from '../db/index.ts'
import { blocks } from '../user/table.ts'
import type { ChatRow } from './store.ts'
import { chats, members } from './table.ts'

export async function findChatOfKey(db: Db, creatorIds: readonly number[], clientId: string): Promise<ChatRow | null> {
  const [row] = await db
    .select()
    .from(chats)
    .where(and(sql`${chats.createdBy} = any (${idList(creatorIds)})`, eq(chats.clientId, clientId), isNull(chats.deletedAt)))
    .orderBy(chats.id)
    .limit(1)
  return row ?? null
}

/** Whether one of two people has blocked the other. */
export async function findBlocksAmong(db: Db, a: number, b: number): Promise<boolean> {
  return (await db.$count(blocks, sql`(${blocks.userId}, ${blocks.blockedId}) in ((${a}::bigint, ${b}::bigint), (${b}::bigint, ${a}::bigint))`)) > 0
}

/** The members who have read a chat up to this message. */
export async function findReadAll(db: Db, chatId: number, upTo: number): Promise<number[]> {
  const rows = await db.select({ userId: members.userId }).from(members).where(and(eq(members.chatId, chatId), isNull(members.toSeq), gte(members.readUpTo, upTo)))
  return rows.map(({ userId }) => userId)
}

/** Moves both marks of these members up to this message. */
export async function setReadAll(db: Db, chatId: number, userIds: readonly number[], upTo: number): Promise<void> {
  await db.execute(sql`
    with moved as (
      update member set delivered_up_to = ${upTo}, read_up_to = ${upTo}, mark_xid = pg_current_xact_id(), marked_at = clock_timestamp()
      where chat_id = ${chatId} and user_id = any (${idList(userIds)}) and to_seq is null and read_up_to < ${upTo} returning user_id, marked_at
    )
    insert into mark_move (chat_id, user_id, read, up_to, at) select ${chatId}::bigint, user_id, true, ${upTo}::bigint, marked_at from moved on conflict do nothing`)
}
