import { and, asc, desc, eq, getTableColumns, isNull, sql } from 'drizzle-orm'
import { idList, idPairs } from '../db/columns.ts'
import type { Database, Db } from '../db/index.ts'
import { columnsOf } from '../db/rows.ts'
import type { RawRow } from '../db/rows.ts'
import { streams } from '../event/table.ts'
import { chats, members, membersAndAgents, readers } from './table.ts'

export type ChatRow = typeof chats.$inferSelect
export type MemberRow = typeof members.$inferSelect

/** A chat as one of its members has it. */
export interface ViewerChat {
  chat: ChatRow
  member: MemberRow
  stream: { headSeq: number; messageNo: number; lastAt: Date; closed: boolean; outsideId: number | null; writableUntil: Date | null }
}

/** The columns of {@link ViewerChat}. */
export const VIEWER_CHAT = {
  chat: chats,
  member: readers,
  stream: { headSeq: streams.headSeq, messageNo: streams.messageNo, lastAt: streams.lastAt, closed: streams.closed, outsideId: streams.outsideId, writableUntil: streams.writableUntil },
}

/** A user, and a chat that they may be in. */
export type UserAndChat = readonly [userId: number, chatId: number]

const CHAT = columnsOf(chats, 'c', { prefix: 'chat.' })
const MEMBER = columnsOf(members, 'm', { prefix: 'member.' })
const STREAM = columnsOf(streams, 's', { but: ['id', 'maxXid'], prefix: 'stream.' })

/** Those of these chats in which the viewer beside them is a member now. By LIMIT each is looked up by its key: without, the planner reads the whole table of chats for a few of them. */
export async function findViewerChats(db: Db, keys: readonly UserAndChat[]): Promise<ViewerChat[]> {
  const rows = await db.execute<RawRow>(sql`
    select ${CHAT.list}, ${MEMBER.list}, ${STREAM.list} from (${idPairs(keys)}) as wanted (user_id, chat_id)
    cross join lateral (select * from chat_reader where user_id = wanted.user_id and chat_id = wanted.chat_id and to_seq is null limit 1) m
    cross join lateral (select * from chat where id = wanted.chat_id limit 1) c
    cross join lateral (select * from stream where id = wanted.chat_id limit 1) s`)
  return rows.map((row) => ({ chat: CHAT.read(row), member: MEMBER.read(row), stream: STREAM.read(row) }))
}

/** These chats, whoever asks. */
export function findChats(db: Db, chatIds: readonly number[]): Promise<Omit<ViewerChat, 'member'>[]> {
  return db
    .select({ chat: VIEWER_CHAT.chat, stream: VIEWER_CHAT.stream })
    .from(chats)
    .innerJoin(streams, eq(streams.id, chats.id))
    .where(sql`${chats.id} = any (${idList(chatIds)})`)
}

/** The part of a chat from a message number on, and the moment in it from which on it is read. */
export interface Reading {
  chatId: number
  number: number
  seq: number
}

/** For each of these: who was a member at that event or later and may not read the chat from that message on, or is none any more. */
export async function findThoseWhoDoNotRead(db: Db, readings: readonly Reading[]): Promise<number[][]> {
  const rows = await db.execute<{ ord: number; user_id: number }>(sql`
    select w.ord::int as ord, m.user_id from unnest(${idList(readings.map((r) => r.chatId))}, ${idList(readings.map((r) => r.number))}, ${idList(readings.map((r) => r.seq))})
      with ordinality as w (chat_id, number, seq, ord)
    join member m on m.chat_id = w.chat_id and (m.to_seq >= w.seq or (m.to_seq is null and m.history_from > w.number))`)
  const users: number[][] = readings.map(() => [])
  for (const row of rows) users[row.ord - 1]?.push(Number(row.user_id))
  return users
}

/** The key by which members are ordered: by role, then by when they joined. */
export type MemberKey = readonly [rank: number, joinedAt: string, userId: number]

/** The rank of a member's role, the highest first; {@link rankOf} says the same of a row. */
const rankIn = ({ role }: Pick<typeof members, 'role'> | Pick<typeof membersAndAgents, 'role'>) => sql<number>`(case ${role} when 'OWNER' then 0 when 'ADMIN' then 1 else 2 end)`
export const rankOfRole = rankIn(members)

export function rankOf(role: MemberRow['role']): number {
  return role === 'OWNER' ? 0 : role === 'ADMIN' ? 1 : 2
}

/** A page of members of each of these chats, all in one statement. */
export function findMemberPages(db: Db, chatIds: readonly number[], page: { after: MemberKey | null; backward: boolean; limit: number }): Promise<MemberRow[]> {
  const order = page.backward ? desc : asc
  const [rank, joinedAt, userId] = page.after ?? []
  const key = sql`(${rankIn(membersAndAgents)}, ${membersAndAgents.joinedAt}, ${membersAndAgents.userId})`
  const bound = sql`(${rank ?? null}::int, ${joinedAt ?? null}::timestamptz, ${userId ?? null}::bigint)`
  const some = db
    .select()
    .from(membersAndAgents)
    .where(
      and(
        sql`${membersAndAgents.chatId} = wanted.id`,
        isNull(membersAndAgents.toSeq),
        page.after === null ? undefined : page.backward ? sql`${key} < ${bound}` : sql`${key} > ${bound}`,
      ),
    )
    .orderBy(order(rankIn(membersAndAgents)), order(membersAndAgents.joinedAt), order(membersAndAgents.userId))
    .limit(page.limit)
    .as('some')
  return db
    .select(memberColumns(some))
    .from(sql`unnest(${idList(chatIds)}) as wanted (id)`)
    .crossJoinLateral(some) as unknown as Promise<MemberRow[]>
}

function memberColumns(from: Record<keyof MemberRow, unknown>): typeof membersAndAgents._.columns {
  // The columns of the subquery stand for those of the table: same names and types.
  return Object.fromEntries(Object.keys(getTableColumns(membersAndAgents)).map((name) => [name, from[name as keyof MemberRow]])) as typeof membersAndAgents._.columns
}

/** The present memberships of these (chat, user) pairs. */
export function findMembers(db: Db, keys: readonly (readonly [number, number])[]): Promise<MemberRow[]> {
  return db
    .select()
    .from(membersAndAgents)
    .where(and(sql`(${membersAndAgents.chatId}, ${membersAndAgents.userId}) in (${idPairs(keys)})`, isNull(membersAndAgents.toSeq)))
}

export function findMemberIds(db: Db, chatIds: readonly number[]): Promise<{ chatId: number; userId: number }[]> {
  return db
    .select({ chatId: membersAndAgents.chatId, userId: membersAndAgents.userId })
    .from(membersAndAgents)
    .where(and(sql`${membersAndAgents.chatId} = any (${idList(chatIds)})`, isNull(membersAndAgents.toSeq)))
}

/** The chat of two people; the order of the ids does not matter. */
export async function findDirectChat(db: Db, a: number, b: number): Promise<ChatRow | null> {
  const [row] = await db
    .select()
    .from(chats)
    .where(and(eq(chats.directLow, Math.min(a, b)), eq(chats.directHigh, Math.max(a, b))))
  return row ?? null
}

/** As {@link findDirectChat}, its id alone, by a prepared statement: each message to a user asks for it. */
export async function findDirectChatId(client: Database['sql'], a: number, b: number): Promise<number | null> {
  const [row] = await client<{ id: number }[]>`select id from chat where direct_low = ${Math.min(a, b)} and direct_high = ${Math.max(a, b)}`
  return row?.id ?? null
}

/** Closes or opens a direct chat for writing; the caller holds the lock of its stream. */
export async function setClosed(db: Db, chatId: number, closed: boolean): Promise<void> {
  await db.update(streams).set({ closed }).where(eq(streams.id, chatId))
}

/** Makes the chat row; null where one for the same two people, or of the same creator and clientId, is there already. */
export async function insertChat(db: Db, values: typeof chats.$inferInsert): Promise<ChatRow | null> {
  const [row] = await db.insert(chats).values(values).onConflictDoNothing().returning()
  return row ?? null
}

export async function findChatByClientId(db: Db, creatorId: number, clientId: string): Promise<ChatRow | null> {
  const [row] = await db
    .select()
    .from(chats)
    .where(and(eq(chats.createdBy, creatorId), eq(chats.clientId, clientId)))
  return row ?? null
}

/** The group that this code leads into. */
export async function findChatByInvite(db: Db, code: string): Promise<ChatRow | null> {
  const [row] = await db.select().from(chats).where(eq(chats.inviteCode, code))
  return row ?? null
}

/** Sets the one code by which people join; null: nobody can any more. */
export async function setInvite(db: Db, chatId: number, code: string | null): Promise<void> {
  await db
    .update(chats)
    .set({ inviteCode: code, inviteCreatedAt: code === null ? null : sql`now()` })
    .where(eq(chats.id, chatId))
}

export async function updateChatRow(db: Db, chatId: number, values: Pick<ChatRow, 'title' | 'description' | 'searchText' | 'avatarId'>): Promise<void> {
  await db
    .update(chats)
    .set({ ...values, updatedAt: sql`now()` })
    .where(eq(chats.id, chatId))
}

/** Notes that a chat was ended for all. */
export async function endChat(db: Db, chatId: number): Promise<void> {
  await db
    .update(chats)
    .set({ deletedAt: sql`now()`, memberCount: 0, inviteCode: null, inviteCreatedAt: null })
    .where(eq(chats.id, chatId))
}

export async function insertMembers(db: Db, rows: (typeof members.$inferInsert)[]): Promise<void> {
  await db.insert(members).values(rows)
}

/** A time in which somebody was a member, in event numbers, and from which message on they could read. */
export interface Interval {
  fromSeq: number
  toSeq: number | null
  historyFrom: number
}

/** All the times in which a person was in these chats, the present one too. */
export async function findIntervals(db: Db, keys: readonly UserAndChat[]): Promise<(Interval & { userId: number; chatId: number })[]> {
  const rows = await db.execute<{ user_id: number; chat_id: number; from_seq: number; to_seq: number | null; history_from: number }>(sql`
    select user_id, chat_id, from_seq, to_seq, history_from from chat_member where (user_id, chat_id) in (${idPairs(keys)})
    union all select user_id, chat_id, from_seq, to_seq, history_from from member_interval where (user_id, chat_id) in (${idPairs(keys)})`)
  return rows.map((row) => ({
    userId: Number(row.user_id),
    chatId: Number(row.chat_id),
    fromSeq: Number(row.from_seq),
    toSeq: row.to_seq === null ? null : Number(row.to_seq),
    historyFrom: Number(row.history_from),
  }))
}
