import { and, desc, eq, isNull, ne, sql } from 'drizzle-orm'
import { gathering } from '../db/gather.ts'
import type { Database, Db } from '../db/index.ts'
import { passwords, users } from '../user/table.ts'
import { refreshTokens, sessions } from './table.ts'

/** Of two uses of a refresh token within this time the second is a lost answer or another tab, not a thief. */
const GRACE = sql`interval '10 seconds'`
/** A refresh token nobody used for so long is void. */
const REFRESH_LIFE = sql`interval '30 days'`

export type SessionRow = typeof sessions.$inferSelect

/** Neither ended nor void for want of use. */
const live = and(isNull(sessions.endedAt), sql`${sessions.lastUsedAt} > now() - ${REFRESH_LIFE}`)
/** So many of a user's sessions are told. */
const MAX_SESSIONS = 100

/** The roles of a user, while the account and the session go on; without a session the account alone decides. */
export async function findLiveSession(db: Database['sql'], userId: number, sessionId: number | null): Promise<LiveSession | null> {
  return (await liveSessions(db, [[userId, sessionId]]))[0] ?? null
}

type LiveSession = { roles: ('ADMIN' | 'AGENT')[] }
type SessionKey = readonly [userId: number, sessionId: number | null]

/** Those that are asked for at the same time, as by thousands who come back at once, share a statement. */
const liveSessions = gathering(findLiveSessions, { most: 100, atOnce: 2, apartMs: 2 })

async function findLiveSessions(db: Database['sql'], keys: readonly SessionKey[]): Promise<(LiveSession | null)[]> {
  const rows = await db<(LiveSession & { ord: number })[]>`
    select w.ord::int as ord, u.roles from unnest((select ${keys.map(([userId]) => userId)}::bigint[]), (select ${keys.map(([, sessionId]) => sessionId)}::bigint[])) with ordinality as w (user_id, session_id, ord)
    join users u on u.id = w.user_id and u.deleted_at is null
    where w.session_id is null or exists (select from session s where s.id = w.session_id and s.user_id = u.id and s.ended_at is null)`
  const found = new Map(rows.map(({ ord, roles }) => [ord, { roles }]))
  return keys.map((_, index) => found.get(index + 1) ?? null)
}

/** The live sessions of a user, the newest use first. */
export function listSessions(db: Db, userId: number): Promise<SessionRow[]> {
  return db
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, userId), live))
    .orderBy(desc(sessions.lastUsedAt), desc(sessions.id))
    .limit(MAX_SESSIONS)
}

/** A live session of this user. */
export async function findSession(db: Db, userId: number, sessionId: number): Promise<SessionRow | null> {
  const [row] = await db
    .select()
    .from(sessions)
    .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId), live))
  return row ?? null
}

export async function insertSession(db: Db, userId: number, userAgent: string | null): Promise<number> {
  const [row] = await db.insert(sessions).values({ userId, userAgent }).returning({ id: sessions.id })
  if (row === undefined) throw new Error('the insert answered no row')
  return row.id
}

/** Ends a session of this user. Answers whether it was still going on. */
export async function endSession(db: Db, userId: number, sessionId: number): Promise<boolean> {
  const rows = await db
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId), live))
    .returning({ id: sessions.id })
  return rows.length > 0
}

/** Ends every session of a user, or every one but this; answers their ids. */
export async function endSessionsOf(db: Db, userId: number, but: number | null): Promise<number[]> {
  const rows = await db
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(and(eq(sessions.userId, userId), live, but === null ? undefined : ne(sessions.id, but)))
    .returning({ id: sessions.id })
  return rows.map((row) => row.id)
}

export async function insertRefreshToken(db: Db, hash: Buffer, sessionId: number): Promise<void> {
  await db.insert(refreshTokens).values({ hash, sessionId })
}

export interface RefreshTokenState {
  sessionId: number
  userId: number
  ended: boolean
  expired: boolean
  used: boolean
  /** Used so recently that a second use may be an honest one. */
  inGrace: boolean
}

export async function findRefreshToken(db: Db, hash: Buffer): Promise<RefreshTokenState | null> {
  const [row] = await db
    .select({
      sessionId: sessions.id,
      userId: sessions.userId,
      ended: sql<boolean>`${sessions.endedAt} is not null`,
      expired: sql<boolean>`${refreshTokens.issuedAt} < now() - ${REFRESH_LIFE}`,
      used: sql<boolean>`${refreshTokens.usedAt} is not null`,
      inGrace: sql<boolean>`coalesce(${refreshTokens.usedAt} > now() - ${GRACE}, false)`,
    })
    .from(refreshTokens)
    .innerJoin(sessions, eq(sessions.id, refreshTokens.sessionId))
    .where(eq(refreshTokens.hash, hash))
  return row ?? null
}

/** Marks a refresh token as used, and its session as used just now. */
export async function useRefreshToken(db: Db, hash: Buffer, sessionId: number): Promise<void> {
  await db
    .update(refreshTokens)
    .set({ usedAt: sql`now()` })
    .where(eq(refreshTokens.hash, hash))
  await db
    .update(sessions)
    .set({ lastUsedAt: sql`now()` })
    .where(eq(sessions.id, sessionId))
}

export async function findPassword(db: Db, userId: number): Promise<string | null> {
  const [row] = await db.select({ hash: passwords.hash }).from(passwords).where(eq(passwords.userId, userId))
  return row?.hash ?? null
}

export async function putPassword(db: Db, userId: number, hash: string): Promise<void> {
  await db
    .insert(passwords)
    .values({ userId, hash })
    .onConflictDoUpdate({ target: passwords.userId, set: { hash, changedAt: sql`now()` } })
}

/** True while nobody has registered. Locks what decides it, so that of two first ones only one is the first. */
export async function isFirstAccount(db: Db): Promise<boolean> {
  const nobody = async () => (await db.select({ id: users.id }).from(users).limit(1)).length === 0
  if (!(await nobody())) return false
  await db.execute(sql`select from meta for update`)
  return nobody()
}
