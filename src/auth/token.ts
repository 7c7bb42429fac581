import { SignJWT, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import type { Secrets } from '../base/secrets.ts'

const ISSUER = 'parley'
const AUDIENCE = 'parley'
/** Marks an access token, so that no other signed thing passes as one. */
const TYPE = 'at+jwt'
/** Clocks of several servers may differ by so much. */
const LEEWAY_SECONDS = 10

/** What an access token says. */
export interface TokenClaims {
  userId: number
  sessionId: number
  expiresAt: Date
}

/** The keys that tokens are signed and checked with: made of the secret once. */
const keys = new WeakMap<Secrets, Promise<CryptoKey>>()

function keyOf(secrets: Secrets): Promise<CryptoKey> {
  const known = keys.get(secrets)
  if (known !== undefined) return known
  const hash = `SHA-${secrets.algorithm.slice(2)}`
  const made = crypto.subtle.importKey('raw', Buffer.from(secrets.tokenKey), { name: 'HMAC', hash }, false, ['sign', 'verify'])
  keys.set(secrets, made)
  return made
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
    .sign(await keyOf(secrets))
  return { token, expiresAt }
}

/** Whether a token says of itself that it is one of ours; whether that is true, {@link verifyToken} tells. */
export function isOwnToken(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === TYPE && decodeJwt(token).iss === ISSUER
  } catch {
    return false
  }
}

/** Checks a token's signature, age and form; null where anything is wrong with it. */
export async function verifyToken(secrets: Secrets, token: string): Promise<TokenClaims | null> {
  if (token.length > 4096) return null
  try {
    const { payload } = await jwtVerify(token, await keyOf(secrets), {
      algorithms: [secrets.algorithm],
      issuer: ISSUER,
      audience: AUDIENCE,
      typ: TYPE,
      requiredClaims: ['sub', 'sid', 'exp', 'iat'],
      clockTolerance: LEEWAY_SECONDS,
    })
    const userId = Number(payload.sub)
    const sessionId = Number(payload.sid)
    if (!Number.isSafeInteger(userId) || !Number.isSafeInteger(sessionId) || payload.exp === undefined) return null
    return { userId, sessionId, expiresAt: new Date(payload.exp * 1000) }
  } catch {
    return null
  }
}
