import type { Ctx, Viewer } from '../ctx.ts'
import { findLiveSession } from './store.ts'
import { verifyToken } from './token.ts'

/** Who an access token speaks for; null where it is not valid, its session ended or its account is gone. */
export async function authenticate(ports: Pick<Ctx, 'db' | 'secrets'>, token: string): Promise<Viewer | null> {
  const claims = await verifyToken(ports.secrets, token)
  if (claims === null) return null
  const session = await findLiveSession(ports.db, claims.userId, claims.sessionId)
  return session === null ? null : { ...claims, roles: session.roles }
}

/** The viewer's roles as they are now; null where the session or the account has ended. */
export async function currentRoles(ports: Pick<Ctx, 'db'>, viewer: Viewer): Promise<Viewer['roles'] | null> {
  const live = await findLiveSession(ports.db, viewer.userId, viewer.sessionId)
  return live?.roles ?? null
}
