import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import type { Db } from '../db/index.ts'
import { streams } from '../event/table.ts'
import { users } from '../user/table.ts'
import { chats } from './table.ts'

/** Until when anything may be written to the person outside; the caller holds the stream. */
export async function setWritableUntil(db: Db, chatId: number, until: Date): Promise<void> {
  await db.update(streams).set({ writableUntil: until }).where(eq(streams.id, chatId))
}

export async function setAssignee(db: Db, chatId: number, userId: number | null): Promise<void> {
  await db.update(chats).set({ assigneeId: userId }).where(eq(chats.id, chatId))
}

/** Whether this user answers people outside now. */
export async function isAgent(db: Db, userId: number): Promise<boolean> {
  return (await countAgents(db, userId)) > 0
}

export function countAgents(db: Db, userId?: number): Promise<number> {
  return db.$count(users, and(isNotNull(users.agentSince), isNull(users.deletedAt), userId === undefined ? undefined : eq(users.id, userId)))
}

/** The row in which somebody who reads a chat by their role keeps marks and settings: made at its first use, while they have the role. */
export async function makeOwnRow(db: Db, chatId: number, userId: number): Promise<void> {
  await db.execute(sql`
    with agent as (select id from users where id = ${userId} and agent_since is not null for share)
    insert into member (chat_id, user_id, role, joined_at, from_seq, history_from, delivered_up_to, read_up_to)
    select v.chat_id, v.user_id, v.role, v.joined_at, v.from_seq, v.history_from, v.delivered_up_to, v.read_up_to
    from agent cross join lateral (select * from chat_member where chat_id = ${chatId} and user_id = agent.id limit 1) v
    on conflict (chat_id, user_id) do nothing`)
}
