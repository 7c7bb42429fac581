import { and, asc, desc, eq, ne, sql } from 'drizzle-orm'
import { idList } from '../db/columns.ts'
import type { Db } from '../db/index.ts'
import { messages } from '../message/table.ts'
import { reactions } from './table.ts'

/** Who reacted, by chat, number of the message, and emoji. */
export type ReactionRow = typeof reactions.$inferSelect

type MessageKey = readonly [chatId: number, number: number]

/** Stores a reaction; false where it is there already. */
export async function insertReaction(db: Db, [chatId, number]: MessageKey, emoji: string, userId: number): Promise<boolean> {
  const rows = await db.insert(reactions).values({ chatId, number, emoji, userId }).onConflictDoNothing().returning({ at: reactions.at })
  return rows.length > 0
}

/** Removes a reaction; false where there is none. */
export async function deleteReaction(db: Db, [chatId, number]: MessageKey, emoji: string, userId: number): Promise<boolean> {
  const rows = await db
    .delete(reactions)
    .where(and(eq(reactions.chatId, chatId), eq(reactions.number, number), eq(reactions.emoji, emoji), eq(reactions.userId, userId)))
    .returning({ at: reactions.at })
  return rows.length > 0
}

/** How often each emoji was given to a message, in the order in which they first came; null: none. */
export type Counts = (typeof messages.$inferSelect)['reactions']

/** Stores the counts in the message's own row, where pages of messages read them. */
export async function setCounts(db: Db, [chatId, number]: MessageKey, counts: Counts, seq: number): Promise<void> {
  await db
    .update(messages)
    .set({ reactions: counts, seq })
    .where(and(eq(messages.chatId, chatId), eq(messages.number, number)))
}

/** What somebody gave to these messages. */
export function findReactionsOf(db: Db, keys: readonly (readonly [userId: number, ...MessageKey])[]): Promise<ReactionRow[]> {
  const part = (index: 0 | 1 | 2) => idList(keys.map((key) => key[index]))
  const wanted = sql`select * from unnest(${part(0)}, ${part(1)}, ${part(2)})`
  return db
    .select()
    .from(reactions)
    .where(sql`(${reactions.userId}, ${reactions.chatId}, ${reactions.number}) in (${wanted})`)
}

export async function findNewestReaction(db: Db, [chatId, number]: MessageKey, but: number): Promise<string | null> {
  const [row] = await db
    .select({ emoji: reactions.emoji })
    .from(reactions)
    .where(and(eq(reactions.chatId, chatId), eq(reactions.number, number), ne(reactions.userId, but)))
    .orderBy(desc(reactions.at))
    .limit(1)
  return row?.emoji ?? null
}

/** One emoji on one message. */
export interface GroupKey {
  chatId: number
  number: number
  emoji: string
}

/** The key by which those who gave an emoji are ordered: by when, in milliseconds. */
export type ActorKey = readonly [at: number, userId: number]

/** A page of those who gave each of these emoji, all in one statement. */
export function findActorPages(db: Db, groups: readonly GroupKey[], page: { after: ActorKey | null; backward: boolean; limit: number }): Promise<ReactionRow[]> {
  const order = page.backward ? desc : asc
  const key = sql`(${reactions.at}, ${reactions.userId})`
  const bound = page.after === null ? null : sql`(${new Date(page.after[0]).toISOString()}::timestamptz, ${page.after[1]}::bigint)`
  const some = db
    .select()
    .from(reactions)
    .where(
      and(
        sql`${reactions.chatId} = wanted.chat_id and ${reactions.number} = wanted.number and ${reactions.emoji} = wanted.emoji`,
        bound === null ? undefined : page.backward ? sql`${key} < ${bound}` : sql`${key} > ${bound}`,
      ),
    )
    .orderBy(order(reactions.at), order(reactions.userId))
    .limit(page.limit)
    .as('some')
  const wanted = JSON.stringify(groups.map(({ chatId, number, emoji }) => ({ chat_id: chatId, number, emoji })))
  return db
    .select({ chatId: some.chatId, number: some.number, emoji: some.emoji, userId: some.userId, at: some.at })
    .from(sql`jsonb_to_recordset(${wanted}::jsonb) as wanted (chat_id bigint, number bigint, emoji text)`)
    .crossJoinLateral(some) as unknown as Promise<ReactionRow[]>
}
