import { createHmac } from 'node:crypto'
import { SignJWT } from 'jose'
import { equalBytes } from '../base/secrets.ts'
import type { Secrets } from '../base/secrets.ts'

const ISSUER = 'parley'
const AUDIENCE = 'parley'
/** Marks an access token, so that no other signed thing passes as one. */
const TYPE = 'at+jwt'
/** Clocks of several servers may differ by so much. */
const LEEWAY_SECONDS = 10
const MAX_LENGTH = 4096

/** What an access token says. */
export interface TokenClaims {
  userId: number
  sessionId: number
  expiresAt: Date
}

/** Signs an access token for a session. */
export async function signToken(secrets: Secrets, userId: number, sessionId: number): Promise<{ token: string; expiresAt: Date }> {
  const expiresAt = new Date((Math.floor(Date.now() / 1000) + secrets.expiresInMinutes * 60) * 1000)
  const token = await new SignJWT({ sid: String(sessionId) })
    .setProtectedHeader({ alg: secrets.algorithm, typ: TYPE })
    .setSubject(String(userId))
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(expiresAt)
    .sign(secrets.tokenKey)
  return { token, expiresAt }
}

/** Whether a token says of itself that it is one of ours; whether that is true, {@link verifyToken} tells. */
export function isOwnToken(token: string): boolean {
  const [head, body] = token.split('.')
  return jsonOf(head)?.typ === TYPE && jsonOf(body)?.iss === ISSUER
}

/**
 * Checks a token's signature, age and form; null where anything is wrong with it. Not by jose, whose keys are WebCrypto's: there each check is
 * handed to another thread and back, which took a tenth of all that the server does for a connection.
 */
export function verifyToken(secrets: Secrets, token: string): TokenClaims | null {
  if (token.length > MAX_LENGTH) return null
  const [head = '', body = '', signature = '', ...more] = token.split('.')
  // Compared as it is written: the same bytes written otherwise are another token.
  const expected = createHmac(secrets.algorithm.replace('HS', 'sha'), secrets.tokenKey).update(`${head}.${body}`).digest('base64url')
  if (more.length > 0 || !equalBytes(Buffer.from(signature), Buffer.from(expected))) return null
  const [header, claims] = [jsonOf(head), jsonOf(body)]
  // Extensions that must be understood (RFC 7515, section 4.1.11) are not.
  if (claims === null || header?.alg !== secrets.algorithm || header.typ !== TYPE || header.crit !== undefined) return null
  const { iss, aud, sub, sid, iat, exp, nbf } = claims
  const now = Date.now() / 1000
  if (iss !== ISSUER || aud !== AUDIENCE || typeof iat !== 'number' || typeof exp !== 'number' || exp <= now - LEEWAY_SECONDS) return null
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now + LEEWAY_SECONDS)) return null
  const [userId, sessionId] = [idOf(sub), idOf(sid)]
  return userId === null || sessionId === null ? null : { userId, sessionId, expiresAt: new Date(exp * 1000) }
}

function idOf(claim: unknown): number | null {
  return typeof claim === 'string' && /^\d{1,15}$/.test(claim) ? Number(claim) : null
}

/** What a part of a token holds; null where that is no object. */
function jsonOf(part: string | undefined): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
