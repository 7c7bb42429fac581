import { SignJWT, UnsecuredJWT, jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { describe, expect, test } from 'vitest'
import { createSecrets } from '../base/secrets.ts'
import { isOwnToken, signToken, verifyToken } from './token.ts'

const secrets = createSecrets({ secretKey: 'a secret that is long enough for HS256', algorithm: 'HS256', expiresInMinutes: 15, serverKey: null })
const now = () => Math.floor(Date.now() / 1000)
const CLAIMS: JWTPayload = { iss: 'parley', aud: 'parley', sub: '7', sid: '9', iat: now(), exp: now() + 60 }
const HEADER = { alg: 'HS256', typ: 'at+jwt' }

/** A token that is signed rightly, whatever it says. */
const signed = (claims: object = {}, header: object = {}, key = secrets.tokenKey) => new SignJWT({ ...CLAIMS, ...claims }).setProtectedHeader({ ...HEADER, ...header }).sign(key)
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('an access token', () => {
  test('says whose session it is, and for how long', async () => {
    const { token, expiresAt } = await signToken(secrets, 7, 9)
    expect(verifyToken(secrets, token)).toEqual({ userId: 7, sessionId: 9, expiresAt })
    expect(isOwnToken(token)).toBe(true)
  })

  test('is checked by others too who have the secret', async () => {
    const { token } = await signToken(secrets, 7, 9)
    expect((await jwtVerify(token, secrets.tokenKey, { issuer: 'parley', audience: 'parley', typ: 'at+jwt' })).payload).toMatchObject({ sub: '7', sid: '9' })
  })

  test('that jose has signed is taken', async () => {
    expect(verifyToken(secrets, await signed())).toMatchObject({ userId: 7, sessionId: 9 })
  })

  const FOREIGN: [what: string, token: () => Promise<string> | string][] = [
    ['nothing', () => ''],
    ['no token at all', () => 'a.b.c'],
    ['without a signature', () => `${part(HEADER)}.${part(CLAIMS)}.`],
    ['alg none', () => new UnsecuredJWT(CLAIMS).encode()],
    ['alg none, with a signature', async () => `${part({ ...HEADER, alg: 'none' })}.${part(CLAIMS)}.${(await signed()).split('.')[2] ?? ''}`],
    ['another key', () => signed({}, {}, Buffer.from('another secret that is long enough, too'))],
    ['another algorithm with the right key', () => signed({}, { alg: 'HS512' }, Buffer.concat([secrets.tokenKey, secrets.tokenKey]))],
    ['a key that it brings itself', () => signed({}, { jwk: { kty: 'oct', k: Buffer.from('mine').toString('base64url') } }, Buffer.from('mine, and long enough for what it is'))],
    ['a path for a key', () => signed({}, { kid: '../../dev/null' }, Buffer.alloc(32))],
    ['an extension that must be understood', async () => {
      const [head, body] = [part({ ...HEADER, crit: ['exp'] }), part(CLAIMS)]
      const { createHmac } = await import('node:crypto')
      return `${head}.${body}.${createHmac('sha256', secrets.tokenKey).update(`${head}.${body}`).digest('base64url')}`
    }],
    ['another type', () => signed({}, { typ: 'JWT' })],
    ['another issuer', () => signed({ iss: 'somebody' })],
    ['another audience', () => signed({ aud: 'somebody' })],
    ['other claims than were signed', async () => {
      const [head, , signature] = (await signed()).split('.')
      return `${head ?? ''}.${part({ ...CLAIMS, sub: '8' })}.${signature ?? ''}`
    }],
    ['a fourth part', async () => `${await signed()}.more`],
    ['a signature written otherwise', async () => `${await signed()}=`],
    ['a signature of too few bytes', async () => (await signed()).slice(0, -2)],
    ['its end 11 seconds ago', () => signed({ exp: now() - 11 })],
    ['a beginning in 12 seconds', () => signed({ nbf: now() + 12 })],
    ['a beginning that is no number', () => signed({ nbf: 'now' as unknown as number })],
    ['no end', () => signed({ exp: undefined })],
    ['an end that is no number', () => signed({ exp: '9999999999' as unknown as number })],
    ['no time of issue', () => signed({ iat: undefined })],
    ['no user', () => signed({ sub: undefined })],
    ['no session', () => signed({ sid: undefined })],
    ['a user that is no number', () => signed({ sub: '7 or 1=1' })],
    ['more than fits a header', () => signed({ padding: 'x'.repeat(5000) })],
  ]

  test.each(FOREIGN)('is none with %s', async (_what, token) => {
    expect(verifyToken(secrets, await token())).toBeNull()
  })

  test('is good for 10 seconds more where clocks differ', async () => {
    expect(verifyToken(secrets, await signed({ exp: now() - 8 }))).not.toBeNull()
    expect(verifyToken(secrets, await signed({ nbf: now() + 8 }))).not.toBeNull()
  })
})

test.each(['HS384', 'HS512'] as const)('tokens may be signed by %s', async (algorithm) => {
  const others = createSecrets({ secretKey: 'a secret that is long enough for HS512, which wants 64 bytes of it', algorithm, expiresInMinutes: 15, serverKey: null })
  const { token } = await signToken(others, 7, 9)
  expect(verifyToken(others, token)).toMatchObject({ userId: 7 })
  expect(verifyToken(secrets, token)).toBeNull()
})
