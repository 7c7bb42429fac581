import type { Ctx, Ports, Viewer } from '../ctx.ts'
import { hostViewer } from './host.ts'
import { findLiveSession } from './store.ts'
import { isOwnToken, verifyToken } from './token.ts'

/**
 * Who an access token speaks for, one of ours or of the host product's; null where it is not valid, its session ended or its account is gone.
 * @throws {Unavailable} where a token of the host product cannot be checked just now.
 */
export async function authenticate(ports: Ports, token: string): Promise<Viewer | null> {
  const known = ports.knownTokens.find(token)
  if (known !== null) return known
  const viewer = ports.hostTokens !== null && !isOwnToken(token) ? await hostViewer(ports, ports.hostTokens, token) : await ownViewer(ports, token)
  return viewer === null ? null : ports.knownTokens.learn(token, viewer, () => currentRoles(ports, viewer))
}

async function ownViewer(ports: Ports, token: string): Promise<Viewer | null> {
  const claims = verifyToken(ports.secrets, token)
  return claims === null ? null : { ...claims, roles: [] }
}

/** The viewer's roles as they are now; null where the session or the account has ended. */
export async function currentRoles(ports: Pick<Ctx, 'sql'>, viewer: Viewer): Promise<Viewer['roles'] | null> {
  const live = await findLiveSession(ports.sql, viewer.userId, viewer.sessionId)
  return live?.roles ?? null
}
