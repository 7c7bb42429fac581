import { BadUserInput, Unauthenticated } from '../base/errors.ts'
import { decodeId } from '../base/id.ts'
import type { Ports, Viewer } from '../ctx.ts'
import { authenticate } from './authenticate.ts'
import { findLiveSession } from './store.ts'

/** What somebody shows at the door; null where they do not. */
export interface Credentials {
  /** An access token, ours or the host product's. */
  token: string | null
  /** The key that the product's own server has. */
  serverKey: string | null
  /** Global ID of the user for whom the product's server asks. */
  actAs: string | null
}

export interface Admission {
  /** Null: nobody is signed in, which a token that is not valid comes to as well. */
  viewer: Viewer | null
  /** Whether it is the product's own server. */
  trusted: boolean
}

/**
 * Who comes in. The server key decides only with `actAs`; a token beside it counts without one.
 * @throws {Unauthenticated} for a wrong key, {BadUserInput} for a user who is none.
 */
export async function admit(ports: Ports, { token, serverKey, actAs }: Credentials): Promise<Admission> {
  const trusted = serverKey !== null
  if (serverKey !== null && !ports.secrets.isServerKey(serverKey)) throw new Unauthenticated('The server key is wrong.')
  if (actAs === null) return { viewer: token === null ? null : await authenticate(ports, token), trusted }
  if (!trusted) throw new BadUserInput('x-parley-act-as needs x-parley-server-key.')
  const userId = decodeId('User', actAs)
  const account = userId === null ? null : await findLiveSession(ports.sql, userId, null)
  if (userId === null || account === null) throw new BadUserInput('x-parley-act-as is not the global ID of a user.')
  return { viewer: { userId, sessionId: null, roles: account.roles, expiresAt: null }, trusted }
}
