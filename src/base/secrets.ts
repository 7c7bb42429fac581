import { createHmac, createHash, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** The server's secret, and what is derived from it. Each purpose has a key of its own, so that one value never serves as another. */
export interface Secrets {
  /** Signs access tokens: the bytes of JWT_SECRET_KEY as they are, so that other services can check them. */
  readonly tokenKey: Uint8Array
  readonly algorithm: 'HS256' | 'HS384' | 'HS512'
  readonly expiresInMinutes: number
  /** Whether this is the key of the product's own server; where none is set, nothing is. */
  isServerKey(given: string): boolean
  /** A keyed hash of 32 bytes. */
  hmac(purpose: 'client-hash' | 'refresh-token' | 'file', data: string | Buffer): Buffer
}

export function createSecrets(options: { secretKey: string; algorithm: Secrets['algorithm']; expiresInMinutes: number; serverKey: string | null }): Secrets {
  const tokenKey = new TextEncoder().encode(options.secretKey)
  const keys = new Map<string, KeyObject>()
  const keyOf = (purpose: string) => {
    const key = keys.get(purpose) ?? createSecretKey(createHmac('sha256', tokenKey).update(`parley:${purpose}`).digest())
    keys.set(purpose, key)
    return key
  }
  return {
    tokenKey,
    algorithm: options.algorithm,
    expiresInMinutes: options.expiresInMinutes,
    // Hashes are of one length, so that the time does not even tell the key's.
    isServerKey: (given) => options.serverKey !== null && equalBytes(sha256(Buffer.from(given)), sha256(Buffer.from(options.serverKey))),
    hmac: (purpose, data) => createHmac('sha256', keyOf(purpose)).update(data).digest(),
  }
}

export function newSecret(): Buffer {
  return randomBytes(32)
}

export function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}

/** Compares in a time that does not tell where the two differ. */
export function equalBytes(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
