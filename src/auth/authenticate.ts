import type { Ctx, Ports, Viewer } from '../ctx.ts'
import { hostViewer } from './host.ts'
import { findLiveSession } from './store.ts'
import { isOwnToken, verifyToken } from './token.ts'

/**
 * Who an access token speaks for, one of ours or of the host product's; null where it is not valid, its session ended or its account is gone.
 * @throws {Unavailable} where a token of the host product cannot be checked just now.
 */
export async function authenticate(ports: Ports, token: string): Promise<Viewer | null> {
  if (ports.hostTokens !== null && !isOwnToken(token)) return hostViewer(ports, ports.hostTokens, token)
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
