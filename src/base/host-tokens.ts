import { createHash } from 'node:crypto'
import { jwtVerify } from 'jose'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import type { HostSettings } from '../config.ts'
import { Unavailable } from './errors.ts'
import { createKeyFinder } from './key-set.ts'
import type { Logger } from './log.ts'

/** What a token of the host product says of its bearer. */
export interface HostClaims {
  /** By this the host product knows the user, for ever. */
  subject: string
  /** As they came, whatever they hold. */
  username: string | null
  name: string | null
  /** Null also where the host product says that it is not verified. */
  email: string | null
  /** In seconds; 0 where the token does not say. */
  issuedAt: number
  expiresAt: Date
}

/** Checks tokens that the host product has signed, so that whoever is signed in there is signed in here. */
export interface HostTokens {
  /**
   * What a token says; null where anything is wrong with it.
   * @throws {Unavailable} where the keys to check it with cannot be had just now.
   */
  verify(token: string): Promise<HostClaims | null>
}

/** Keys of pairs only: with a secret, whoever checks could sign as well, and a public key could pass for one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
/** Providers put more into a token than we do. */
const MAX_LENGTH = 8192
const LEEWAY_SECONDS = 10
/** A token that was found good is not checked again for so long. */
const REMEMBER_MS = 60_000
const MAX_REMEMBERED = 10_000
/** The last moment that a date of four digits can tell. */
const END_OF_TIME = Date.UTC(9999, 11, 31)

export function createHostTokens(settings: HostSettings, log: Logger): HostTokens {
  const keyOf = createKeyFinder(new URL(settings.jwksUrl), log)
  const known = new Map<string, { claims: HostClaims; until: number }>()
  return {
    async verify(token) {
      if (token.length > MAX_LENGTH) return null
      const id = createHash('sha256').update(token).digest('base64')
      const remembered = known.get(id)
      if (remembered !== undefined && Date.now() < remembered.until) return remembered.claims
      known.delete(id)
      const payload = await readToken(token, keyOf, settings)
      const claims = payload === null ? null : claimsOf(payload, settings)
      if (claims === null) return null
      // The oldest goes first.
      for (const oldest of known.keys()) if (known.size >= MAX_REMEMBERED) known.delete(oldest)
      known.set(id, { claims, until: Math.min(Date.now() + REMEMBER_MS, claims.expiresAt.getTime()) })
      return claims
    },
  }
}

async function readToken(token: string, keyOf: JWTVerifyGetKey, { issuer, audience }: HostSettings): Promise<JWTPayload | null> {
  try {
    const options = { algorithms: ALGORITHMS, issuer, audience, requiredClaims: ['sub', 'exp'], clockTolerance: LEEWAY_SECONDS }
    return (await jwtVerify(token, keyOf, options)).payload
  } catch (error) {
    if (error instanceof Unavailable) throw error
    return null
  }
}

function claimsOf(payload: JWTPayload, { claims: names }: HostSettings): HostClaims | null {
  const { sub, exp = 0, iat = 0 } = payload
  if (typeof sub !== 'string' || sub === '' || sub.length > 255 || sub.includes('\0') || !sub.isWellFormed()) return null
  const textOf = (name: string) => {
    const value = Object.hasOwn(payload, name) ? payload[name] : null
    return typeof value === 'string' ? value : null
  }
  return {
    subject: sub,
    username: textOf(names.username),
    name: textOf(names.name),
    email: payload.email_verified === false ? null : textOf(names.email),
    issuedAt: iat,
    expiresAt: new Date(Math.min(exp * 1000, END_OF_TIME)),
  }
}
