import { and, asc, eq, isNull, ne, sql } from 'drizzle-orm'
import { idList } from '../db/columns.ts'
import type { Db } from '../db/index.ts'
import { rankOfRole } from './store.ts'
import type { MemberRow } from './store.ts'
import { chats, members } from './table.ts'

const present = (chatId: number) => and(eq(members.chatId, chatId), isNull(members.toSeq))
const presentOne = (chatId: number, userId: number) => and(present(chatId), eq(members.userId, userId))

/**
 * Makes these people members from these events on, or members again: an earlier interval is kept apart, and nothing but it is left of the earlier
 * membership. Nobody of them may be a member now. The caller holds the chat's stream, whose newest message has the number `messageNo`.
 */
export async function openMemberships(db: Db, joining: { chatId: number; userIds: readonly number[]; seqs: readonly number[]; messageNo: number }): Promise<void> {
  const { chatId, messageNo } = joining
  const userIds = idList(joining.userIds)
  await db.execute(sql`
    insert into member_interval (chat_id, user_id, from_seq, to_seq, history_from)
    select chat_id, user_id, from_seq, to_seq, history_from from member where chat_id = ${chatId} and user_id = any (${userIds})`)
  await db.execute(sql`
    insert into member (chat_id, user_id, role, joined_at, from_seq, history_from, delivered_up_to, read_up_to)
    select ${chatId}::bigint, j.user_id, 'MEMBER', clock_timestamp(), j.seq, ${messageNo}::bigint + 1, ${messageNo}::bigint, ${messageNo}::bigint
    from unnest(${userIds}, ${idList(joining.seqs)}) as j (user_id, seq)
    on conflict (chat_id, user_id) do update set role = excluded.role, joined_at = excluded.joined_at, from_seq = excluded.from_seq, to_seq = null,
      history_from = excluded.history_from, delivered_up_to = excluded.delivered_up_to, read_up_to = excluded.read_up_to, mark_xid = excluded.mark_xid,
      marked_at = excluded.marked_at, muted_until = null, archived = false, pinned = false, hidden_up_to = null`)
}

/** Ends a membership with this event. */
export async function endMembership(db: Db, chatId: number, userId: number, toSeq: number): Promise<void> {
  await db.update(members).set({ toSeq }).where(presentOne(chatId, userId))
}

/** Ends all memberships of a chat with this event. */
export async function endAllMemberships(db: Db, chatId: number, toSeq: number): Promise<void> {
  await db.update(members).set({ toSeq }).where(present(chatId))
}

/** Counts who came or went. A chat that nobody is in any more has no invite either: whoever came by it would find no owner. */
export async function addToMemberCount(db: Db, chatId: number, count: number): Promise<void> {
  const empty = sql`${chats.memberCount} + ${count} = 0`
  await db
    .update(chats)
    .set({
      memberCount: sql`${chats.memberCount} + ${count}`,
      inviteCode: sql`case when ${empty} then null else ${chats.inviteCode} end`,
      inviteCreatedAt: sql`case when ${empty} then null else ${chats.inviteCreatedAt} end`,
    })
    .where(eq(chats.id, chatId))
}

export async function setRole(db: Db, chatId: number, userId: number, role: MemberRow['role']): Promise<void> {
  await db.update(members).set({ role }).where(presentOne(chatId, userId))
}

export async function countOwners(db: Db, chatId: number): Promise<number> {
  return db.$count(members, and(present(chatId), eq(members.role, 'OWNER')))
}

/** Who has the highest role after this member, and of those has been there for longest; null where nobody else is there. */
export async function findHeir(db: Db, chatId: number, userId: number): Promise<MemberRow | null> {
  const [row] = await db
    .select()
    .from(members)
    .where(and(present(chatId), ne(members.userId, userId)))
    .orderBy(asc(rankOfRole), asc(members.joinedAt), asc(members.userId))
    .limit(1)
  return row ?? null
}

/** What a member sets for themselves alone. */
export type MemberSettings = Partial<Pick<MemberRow, 'mutedUntil' | 'archived' | 'pinned'>>

export async function setSettings(db: Db, chatId: number, userId: number, settings: MemberSettings): Promise<void> {
  await db.update(members).set(settings).where(presentOne(chatId, userId))
}

/** Takes a direct chat out of somebody's list: what was said until this message is hidden from them, and counts as read. */
export async function hideChat(db: Db, chatId: number, userId: number, messageNo: number): Promise<void> {
  await db.execute(sql`
    insert into mark_move (chat_id, user_id, read, up_to)
    select chat_id, user_id, kinds.read, ${messageNo}::bigint from member cross join (values (true), (false)) as kinds (read)
    where chat_id = ${chatId} and user_id = ${userId} and case when kinds.read then read_up_to else delivered_up_to end < ${messageNo}
    on conflict do nothing`)
  await db
    .update(members)
    .set({ hiddenUpTo: messageNo, historyFrom: messageNo + 1, deliveredUpTo: messageNo, readUpTo: messageNo, markXid: sql`pg_current_xact_id()`, markedAt: sql`now()` })
    .where(presentOne(chatId, userId))
}

/** Puts a hidden chat back into somebody's list; its history stays hidden. */
export async function showChat(db: Db, chatId: number, userId: number): Promise<void> {
  await db.update(members).set({ hiddenUpTo: null }).where(presentOne(chatId, userId))
}
