import { and, asc, desc, eq, gt, inArray, isNull, like, lt, or, sql } from 'drizzle-orm'
import { idList } from '../db/columns.ts'
import type { Db } from '../db/index.ts'
import { users } from './table.ts'

export type UserRow = typeof users.$inferSelect

export function findUsers(db: Db, ids: readonly number[]): Promise<UserRow[]> {
  return db.select().from(users).where(inArray(users.id, [...ids]))
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

export async function updateUser(db: Db, id: number, values: Partial<typeof users.$inferInsert>): Promise<void> {
  await db
    .update(users)
    .set({ ...values, updatedAt: sql`now()`, profileXid: sql`pg_current_xact_id()` })
    .where(eq(users.id, id))
}

/** The later of what is stored and this moment. */
export async function touchLastSeen(db: Db, ids: readonly number[], at: Date): Promise<void> {
  await db
    .update(users)
    .set({ lastSeenAt: sql`greatest(${users.lastSeenAt}, ${at.toISOString()}::timestamptz)` })
    .where(inArray(users.id, [...ids]))
}

export interface UserSearch {
  /** Each must begin some word of the names; empty finds everyone. */
  words: readonly string[]
  /** A whole e-mail address, or null. */
  email: string | null
  role: 'ADMIN' | 'AGENT' | null
  after: string | null
  backward: boolean
  limit: number
}

/** Users in the order of their usernames, from behind (or before) a given one. */
export function searchUsers(db: Db, search: UserSearch): Promise<UserRow[]> {
  const name = sql<string>`lower(${users.username})`
  const byWords = search.words.length > 0 ? and(...search.words.map((word) => like(users.searchText, `% ${word}%`))) : undefined
  const byEmail = search.email === null ? undefined : sql`lower(${users.email}) = ${search.email}`
  return db
    .select()
    .from(users)
    .where(
      and(
        isNull(users.deletedAt),
        or(byWords, byEmail),
        search.role === null ? undefined : sql`${search.role} = any (${users.roles})`,
        search.after === null ? undefined : search.backward ? lt(name, search.after) : gt(name, search.after),
      ),
    )
    .orderBy(search.backward ? desc(name) : asc(name))
    .limit(search.limit)
}

/** Which of these users share a chat with the viewer just now. */
export async function findContacts(db: Db, viewerId: number, userIds: readonly number[]): Promise<Set<number>> {
  if (userIds.length === 0) return new Set()
  const rows = await db.execute<{ user_id: number }>(sql`
    select distinct other.user_id from member mine join member other on other.chat_id = mine.chat_id and other.to_seq is null
    where mine.user_id = ${viewerId} and mine.to_seq is null and other.user_id = any (${idList(userIds)})`)
  return new Set(rows.map((row) => Number(row.user_id)))
}
