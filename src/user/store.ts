import { and, asc, desc, eq, getTableColumns, gt, isNull, like, lt, lte, ne, or, sql } from 'drizzle-orm'
import { idList } from '../db/columns.ts'
import type { Db } from '../db/index.ts'
import { columnsOf } from '../db/rows.ts'
import type { RawRow } from '../db/rows.ts'
import { NOT_READ, blocks, users } from './table.ts'
import type { UserRow } from './table.ts'

export type { UserRow }

const USER = columnsOf(users, 'u', { but: NOT_READ })

export async function findUsers(db: Db, ids: readonly number[]): Promise<UserRow[]> {
  const rows = await db.execute<RawRow>(sql`select ${USER.list} from users u where id = any (${idList(ids)})`)
  return rows.map(USER.read)
}

export async function findUserByUsername(db: Db, username: string): Promise<UserRow | null> {
  const [row] = await db
    .select()
    .from(users)
    .where(and(sql`lower(${users.username}) = ${username.toLowerCase()}`, isNull(users.deletedAt)))
  return row ?? null
}

/** By username, or by e-mail address. */
export async function findUserByLogin(db: Db, login: string): Promise<UserRow | null> {
  const name = login.toLowerCase()
  const [row] = await db
    .select()
    .from(users)
    .where(and(name.includes('@') ? sql`lower(${users.email}) = ${name}` : sql`lower(${users.username}) = ${name}`, isNull(users.deletedAt)))
  return row ?? null
}

/** A deleted one too. */
export async function findUserByExternalId(db: Db, externalId: string): Promise<UserRow | null> {
  const [row] = await db.select().from(users).where(eq(users.externalId, externalId))
  return row ?? null
}

export async function insertUser(db: Db, values: typeof users.$inferInsert): Promise<UserRow> {
  const [row] = await db.insert(users).values(values).returning()
  if (row === undefined) throw new Error('the insert answered no row')
  return row
}

/** Null where a user with one of the unique values is there, or came into being just now. */
export async function insertUserIfFree(db: Db, values: typeof users.$inferInsert): Promise<UserRow | null> {
  const [row] = await db.insert(users).values(values).onConflictDoNothing().returning()
  return row ?? null
}

/** Takes away what somebody who answered people outside had of their chats: marks and settings. Statements by name: chats stand further right. */
export async function removeInboxMarks(db: Db, id: number): Promise<void> {
  await db.execute(sql`delete from member m using stream s where m.user_id = ${id} and s.id = m.chat_id and s.outside_id is not null`)
}

export async function updateUser(db: Db, id: number, values: Partial<typeof users.$inferInsert>): Promise<void> {
  await db
    .update(users)
    .set({ ...values, updatedAt: sql`now()`, profileXid: sql`pg_current_xact_id()` })
    .where(eq(users.id, id))
}

/** Stores when these were last there, never an earlier moment. For who is invisible, or gone for good, time stands still. */
export async function touchLastSeen(db: Db, seen: readonly { userId: number; at: Date }[]): Promise<void> {
  const latest = new Map<number, Date>()
  for (const { userId, at } of seen) if (at.getTime() > (latest.get(userId)?.getTime() ?? -Infinity)) latest.set(userId, at)
  // By id, so that two servers that do this at once do not wait for each other.
  const rows = [...latest].sort(([a], [b]) => a - b)
  const moments = sql`${`{${rows.map(([, at]) => at.toISOString()).join(',')}}`}::timestamptz[]`
  await db
    .update(users)
    .set({ lastSeenAt: sql`greatest(${users.lastSeenAt}, seen.at)` })
    .from(sql`unnest(${idList(rows.map(([userId]) => userId))}, ${moments}) as seen (id, at)`)
    .where(and(sql`${users.id} = seen.id`, ne(users.availability, 'INVISIBLE'), isNull(users.deletedAt)))
}

/** Stores what a user says of being there. No part of the profile: whoever listens for profiles hears nothing. */
export async function updateAvailability(db: Db, id: number, values: Pick<UserRow, 'availability' | 'statusText' | 'lastSeenAt'>): Promise<void> {
  await db.update(users).set(values).where(eq(users.id, id))
}

export interface UserSearch extends NamePage {
  /** Each must begin some word of the names; empty finds everyone. */
  words: readonly string[]
  /** True: the words need not begin one of the names, but be like it. See drizzle/0006_similar_names.sql. */
  misspelt: boolean
  /** A whole e-mail address, or null. */
  email: string | null
  role: 'ADMIN' | 'AGENT' | null
  /** Only those of these users whose being there the viewer may see; null: everybody. */
  there: { viewerId: number; among: readonly number[] } | null
}

/** Users in the order of their usernames, from behind (or before) a given one. */
export function searchUsers(db: Db, search: UserSearch): Promise<UserRow[]> {
  const begun = and(...search.words.map((word) => like(users.searchText, `% ${word}%`)))
  const alike = sql`${users.id} in (select similar_users(${sql.param([...search.words])}::text[]))`
  const byWords = search.words.length === 0 ? undefined : search.misspelt ? alike : begun
  const byEmail = search.email === null ? undefined : sql`lower(${users.email}) = ${search.email}`
  return db
    .select()
    .from(users)
    .where(
      and(
        isNull(users.deletedAt),
        or(byWords, byEmail),
        search.role === null ? undefined : sql`${search.role} = any (${users.roles})`,
        search.there === null ? undefined : and(sql`${users.id} = any (${idList(search.there.among)})`, notHiddenFrom(search.there.viewerId)),
        beyond(search),
      ),
    )
    .orderBy(inOrder(search))
    .limit(search.limit)
}

/** A part of a list in the order of the usernames. */
interface NamePage {
  after: string | null
  backward: boolean
  limit: number
}

const lowerName = sql<string>`lower(${users.username})`
const inOrder = (page: NamePage) => (page.backward ? desc(lowerName) : asc(lowerName))
const beyond = (page: NamePage) => (page.after === null ? undefined : page.backward ? lt(lowerName, page.after) : gt(lowerName, page.after))

/** A row of users whose being there is no secret to the viewer: not invisible, and nobody has blocked the other. Of themselves the viewer sees all. */
const notHiddenFrom = (viewerId: number) =>
  or(
    eq(users.id, viewerId),
    and(
      ne(users.availability, 'INVISIBLE'),
      sql`not exists (select from ${blocks} where (user_id, blocked_id) in ((${viewerId}::bigint, ${users.id}), (${users.id}, ${viewerId}::bigint)))`,
    ),
  )

/** From each of these groups of users a page of those whose being there the viewer may see, all in one statement. */
export function findPagesOfThose(db: Db, viewerId: number, groups: ReadonlyMap<number, readonly number[]>, page: NamePage): Promise<{ groupId: number; user: UserRow }[]> {
  const pairs = [...groups].flatMap(([groupId, ids]) => ids.map((id) => [groupId, id] as const))
  const ranked = db
    .select({
      groupId: sql<number>`pair.group_id`.mapWith(Number).as('group_id'),
      userId: users.id,
      place: sql<number>`row_number() over (partition by pair.group_id order by ${inOrder(page)})`.as('place'),
    })
    .from(sql`unnest(${idList(pairs.map(([groupId]) => groupId))}, ${idList(pairs.map(([, id]) => id))}) as pair (group_id, id)`)
    .innerJoin(users, sql`${users.id} = pair.id`)
    .where(and(isNull(users.deletedAt), notHiddenFrom(viewerId), beyond(page)))
    .as('ranked')
  return db
    .select({ groupId: ranked.groupId, user: users })
    .from(ranked)
    .innerJoin(users, eq(users.id, ranked.userId))
    .where(lte(ranked.place, page.limit))
    .orderBy(inOrder(page))
}

/** Everyone who shares a chat with this user just now, they themselves among them. */
export async function findContactIds(db: Db, userId: number): Promise<number[]> {
  const rows = await db.execute<{ user_id: number }>(sql`
    select distinct other.user_id from member mine join member other on other.chat_id = mine.chat_id and other.to_seq is null
    where mine.user_id = ${userId} and mine.to_seq is null`)
  return rows.map((row) => Number(row.user_id))
}

/** The blocks that stand between a user and these others, in both directions. */
export function findBlocks(db: Db, userId: number, otherIds: readonly number[]): Promise<{ userId: number; blockedId: number }[]> {
  const others = idList(otherIds)
  return db
    .select({ userId: blocks.userId, blockedId: blocks.blockedId })
    .from(blocks)
    .where(or(and(eq(blocks.userId, userId), sql`${blocks.blockedId} = any (${others})`), and(eq(blocks.blockedId, userId), sql`${blocks.userId} = any (${others})`)))
}

/** Answers whether it was not there yet. */
export async function insertBlock(db: Db, userId: number, blockedId: number): Promise<boolean> {
  return (await db.insert(blocks).values({ userId, blockedId }).onConflictDoNothing().returning()).length > 0
}

/** Answers whether it was there. */
export async function deleteBlock(db: Db, userId: number, blockedId: number): Promise<boolean> {
  return (await db.delete(blocks).where(and(eq(blocks.userId, userId), eq(blocks.blockedId, blockedId))).returning()).length > 0
}

/** Whom a user has blocked; those who are gone for good are left out. */
export async function findBlockedUsers(db: Db, userId: number, page: NamePage): Promise<UserRow[]> {
  return db
    .select(getTableColumns(users))
    .from(blocks)
    .innerJoin(users, eq(users.id, blocks.blockedId))
    .where(and(eq(blocks.userId, userId), isNull(users.deletedAt), beyond(page)))
    .orderBy(inOrder(page))
    .limit(page.limit)
}
