import { and, asc, desc, eq, isNull, like, sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Db } from '../db/index.ts'
import { streams } from '../event/table.ts'
import { users } from '../user/table.ts'
import { VIEWER_CHAT } from './store.ts'
import type { ChatRow, ViewerChat } from './store.ts'
import { chats, membersAndAgents } from './table.ts'

/** The key by which a person's chats are ordered: pinned ones ahead, then the newest activity first. */
export type ChatKey = readonly [pinned: boolean, lastActivityAt: string, chatId: number]

/** Which of a person's chats; null: it does not matter. */
export interface ListFilter {
  kind: ChatRow['kind'] | null
  /** Each must begin some word of the title; empty: it does not matter. */
  words: readonly string[]
  unread: boolean | null
  archived: boolean | null
  /** Only chats that this person is to answer. */
  assigneeId: number | null
}

const other = alias(users, 'other')

/** A page of the chats in which this person is a member now and which they have not deleted from their list. */
export function findChatList(db: Db, viewerId: number, filter: ListFilter, page: { after: ChatKey | null; backward: boolean; limit: number }): Promise<ViewerChat[]> {
  const order = page.backward ? asc : desc
  return db
    .select({ ...VIEWER_CHAT, member: membersAndAgents })
    .from(membersAndAgents)
    .innerJoin(chats, eq(chats.id, membersAndAgents.chatId))
    .innerJoin(streams, eq(streams.id, membersAndAgents.chatId))
    .leftJoin(other, otherOf(viewerId))
    .where(and(fits(viewerId, filter), beyond(page)))
    .orderBy(order(membersAndAgents.pinned), order(streams.lastAt), order(streams.id))
    .limit(page.limit)
}

export async function countChatList(db: Db, viewerId: number, filter: ListFilter): Promise<number> {
  const [row] = await db
    .select({ count: sql<number>`count(*)::int` })
    .from(membersAndAgents)
    .innerJoin(chats, eq(chats.id, membersAndAgents.chatId))
    .innerJoin(streams, eq(streams.id, membersAndAgents.chatId))
    .leftJoin(other, otherOf(viewerId))
    .where(fits(viewerId, filter))
  return row?.count ?? 0
}

/** The other person of a direct chat, by whose names it is found. */
function otherOf(viewerId: number): SQL | undefined {
  return and(eq(other.id, sql`case when ${chats.directLow} = ${viewerId} then ${chats.directHigh} else ${chats.directLow} end`), isNull(other.deletedAt))
}

function fits(viewerId: number, { kind, words, unread, archived, assigneeId }: ListFilter): SQL | undefined {
  const found = sql<string>`coalesce(${chats.searchText}, ${other.searchText})`
  // Others' undeleted messages above the read mark, as unreadCount counts them. The first comparison spares most chats the search.
  const hasUnread = sql`(${streams.messageNo} > ${membersAndAgents.readUpTo} and exists (
    select from message x where x.chat_id = ${membersAndAgents.chatId} and x.number > greatest(${membersAndAgents.readUpTo}, ${membersAndAgents.historyFrom} - 1)
      and x.sender_id is distinct from ${membersAndAgents.userId} and x.deleted_at is null))`
  return and(
    eq(membersAndAgents.userId, viewerId),
    isNull(membersAndAgents.toSeq),
    sql`(${membersAndAgents.hiddenUpTo} is null or ${membersAndAgents.hiddenUpTo} < ${streams.messageNo})`,
    kind === null ? undefined : eq(chats.kind, kind),
    assigneeId === null ? undefined : eq(chats.assigneeId, assigneeId),
    archived === null ? undefined : eq(membersAndAgents.archived, archived),
    unread === null ? undefined : unread ? hasUnread : sql`not ${hasUnread}`,
    // Words hold letters and digits only: nothing in them means something else to LIKE.
    ...words.map((word) => like(found, `% ${word}%`)),
  )
}

function beyond({ after, backward }: { after: ChatKey | null; backward: boolean }): SQL | undefined {
  if (after === null) return undefined
  const key = sql`(${membersAndAgents.pinned}, ${streams.lastAt}, ${streams.id})`
  const bound = sql`(${after[0]}::boolean, ${after[1]}::timestamptz, ${after[2]}::bigint)`
  return backward ? sql`${key} > ${bound}` : sql`${key} < ${bound}`
}
