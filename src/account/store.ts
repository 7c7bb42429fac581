import { and, eq, or, sql } from 'drizzle-orm'
import { refreshTokens, sessions } from '../auth/table.ts'
import type { Db } from '../db/index.ts'
import { blocks, passwords, users } from '../user/table.ts'
import { leavings } from './table.ts'

/** Leaves of a profile what its messages need: that somebody was there. The name may be taken again. The subject of the product's own
 *  sign-in stays, so that a token which is still out there does not make the account anew. */
export async function emptyProfile(db: Db, userId: number): Promise<void> {
  await db
    .update(users)
    .set({
      username: `deleted-${userId}`,
      email: null,
      displayName: 'Deleted account',
      bio: null,
      avatarId: null,
      availability: 'AVAILABLE',
      statusText: null,
      roles: [],
      agentSince: null,
      searchText: '',
      lastSeenAt: null,
      deletedAt: sql`now()`,
      updatedAt: sql`now()`,
      profileXid: sql`pg_current_xact_id()`,
    })
    .where(eq(users.id, userId))
}

/** Ends every session and forgets how the account was signed in to, and whom it had blocked or was blocked by. */
export async function deleteKeys(db: Db, userId: number): Promise<void> {
  const own = db.select({ id: sessions.id }).from(sessions).where(eq(sessions.userId, userId))
  await db.delete(refreshTokens).where(sql`${refreshTokens.sessionId} in ${own}`)
  await db.delete(sessions).where(eq(sessions.userId, userId))
  await db.delete(passwords).where(eq(passwords.userId, userId))
  await db.delete(blocks).where(or(eq(blocks.userId, userId), eq(blocks.blockedId, userId)))
}

/** Notes every chat that the account was ever in, to be left one by one; of those that it read by its role what it kept of them goes at once. */
export async function insertLeavings(db: Db, userId: number, erase: boolean): Promise<void> {
  await db.execute(sql`insert into account_leaving (user_id, chat_id, erase) select user_id, chat_id, ${erase} from chat_member where user_id = ${userId}`)
  await db.execute(sql`delete from member m using stream s where m.user_id = ${userId} and s.id = m.chat_id and s.outside_id is not null`)
}

export interface Leaving {
  userId: number
  chatId: number
  erase: boolean
}

/** A chat that is still to be left, held until the transaction ends; one that another server holds is passed over. */
export async function takeLeaving(db: Db): Promise<Leaving | null> {
  const [row] = await db.select().from(leavings).limit(1).for('update', { skipLocked: true })
  return row ?? null
}

export async function deleteLeaving(db: Db, { userId, chatId }: Leaving): Promise<void> {
  await db.delete(leavings).where(and(eq(leavings.userId, userId), eq(leavings.chatId, chatId)))
}

/** Whether somebody wrote something in a chat that is still there. */
export async function hasWritten(db: Db, chatId: number, userId: number): Promise<boolean> {
  const rows = await db.execute(sql`select from message where chat_id = ${chatId} and sender_id = ${userId} and deleted_at is null limit 1`)
  return rows.length > 0
}

/** Empties all that somebody wrote in a chat, with what hangs on it: tombstones stay, so that the threads of others can be read. */
export async function eraseMessages(db: Db, chatId: number, userId: number, seq: number): Promise<void> {
  await db.execute(sql`
    with emptied as (
      update message set body = null, location = null, mentions = '{}', reactions = null, pinned_at = null, client_hash = null, seq = ${seq}, deleted_at = now()
      where chat_id = ${chatId} and sender_id = ${userId} and deleted_at is null returning number
    ),
    revised as (delete from message_revision where chat_id = ${chatId} and number in (select number from emptied)),
    mentioned as (delete from mention where chat_id = ${chatId} and number in (select number from emptied))
    delete from reaction where chat_id = ${chatId} and number in (select number from emptied)`)
}

/** Takes back all reactions that somebody gave in a chat: one event for each message that had some. Answers how many these are. */
export async function takeBackReactions(db: Db, chatId: number, userId: number, event: { headSeq: number; kind: number }): Promise<number> {
  const rows = await db.execute<{ number: number }>(sql`
    with gone as (
      delete from reaction where chat_id = ${chatId} and user_id = ${userId} returning number, emoji
    ),
    affected as (
      select number, ${event.headSeq} + row_number() over (order by number) as seq from (select distinct number from gone) as g
    ),
    counted as (
      update message m set seq = a.seq, reactions = (
        select jsonb_agg(jsonb_build_array(e.value -> 0, (e.value ->> 1)::int - mine.count) order by e.ord)
        from jsonb_array_elements(m.reactions) with ordinality as e (value, ord)
        cross join lateral (select count(*)::int as count from gone g where g.number = m.number and g.emoji = e.value ->> 0) as mine
        where (e.value ->> 1)::int > mine.count
      )
      from affected a where m.chat_id = ${chatId} and m.number = a.number
    ),
    moved as (
      update stream set head_seq = head_seq + (select count(*) from affected), max_xid = greatest(max_xid, pg_current_xact_id())
      where id = ${chatId} and exists (select from affected)
    )
    insert into event (stream_id, seq, kind, actor_id, ref_id)
    select ${chatId}, seq, ${event.kind}::smallint, ${userId}, number from affected returning ref_id as number`)
  return rows.length
}

/** Nobody needs to be told any more that this person was named. */
export async function deleteMentionsOf(db: Db, chatId: number, userId: number): Promise<void> {
  await db.execute(sql`delete from mention where chat_id = ${chatId} and user_id = ${userId}`)
}

/** Nobody writes to somebody who is gone. Changes nothing in a group. */
export async function closeDirectChat(db: Db, chatId: number): Promise<void> {
  await db.execute(sql`update stream set closed = true from chat where stream.id = ${chatId} and chat.id = stream.id and chat.kind = 'DIRECT'`)
}
