import { NotFound } from '../base/errors.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { appendOne, lockStreams } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { viewerOf } from '../viewer.ts'
import { endSession, endSessionsOf, findSession, listSessions } from './store.ts'
import type { SessionRow } from './store.ts'

export type Session = SessionRow

/** The viewer's live sessions, the newest use first; null of anybody else. */
export async function sessionsOf(ctx: Ctx, userId: number): Promise<Session[] | null> {
  if (ctx.viewer?.userId !== userId) return null
  // Read once, however often the viewer comes up in an answer: there is never another key.
  return ctx.loaders.get<number, Session[]>('sessions', (ids) => Promise.all(ids.map((id) => listSessions(ctx.db, id)))).load(userId)
}

/** A live session of the viewer's own; null where there is none, or where it is somebody else's. */
export function loadSession(ctx: Ctx, sessionId: number): Promise<Session | null> {
  return findSession(ctx.db, viewerOf(ctx).userId, sessionId)
}

/** Ends the viewer's own session: its tokens are void and its sockets close. @returns false where the viewer has none here. */
export async function logout(ctx: Ctx): Promise<boolean> {
  const { userId, sessionId } = viewerOf(ctx)
  if (sessionId === null) return false
  await withTransaction(ctx, (tx) => closeSession(tx, userId, sessionId))
  return true
}

/** Ends one of the viewer's sessions, as {@link logout} does on that device. */
export async function revokeSession(ctx: Ctx, sessionId: number): Promise<void> {
  const { userId } = viewerOf(ctx)
  const closed = await withTransaction(ctx, (tx) => closeSession(tx, userId, sessionId))
  if (!closed) throw new NotFound('No such session.', ['sessionId'])
}

/** Ends all of the viewer's sessions but the one that asks; answers how many. */
export async function revokeOtherSessions(ctx: Ctx): Promise<number> {
  const { userId, sessionId } = viewerOf(ctx)
  return withTransaction(ctx, (tx) => closeSessions(tx, userId, { but: sessionId, actorId: userId }))
}

/** Ends a session. @returns false where the user has no such live one. */
export async function closeSession(tx: Ctx, userId: number, sessionId: number): Promise<boolean> {
  const stream = (await lockStreams(tx, [userId])).get(userId)
  if (stream === undefined || !(await endSession(tx.db, userId, sessionId))) return false
  await appendOne(tx, stream, { kind: EventKind.SESSION_ENDED, actorId: userId, refId: sessionId })
  return true
}

/** Ends all sessions of a user but one, or without exception; answers how many. One event tells of them all: whoever is connected looks for themselves. */
export async function closeSessions(tx: Ctx, userId: number, options: { but: number | null; actorId: number | null }): Promise<number> {
  const stream = (await lockStreams(tx, [userId])).get(userId)
  const ended = await endSessionsOf(tx.db, userId, options.but)
  const [first] = ended
  if (stream !== undefined && first !== undefined) await appendOne(tx, stream, { kind: EventKind.SESSION_ENDED, actorId: options.actorId, refId: first })
  return ended.length
}
