import { Writable } from 'node:stream'
import { exportSPKI, generateKeyPair, importJWK } from 'jose'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { HostProduct } from '../support/host-product.ts'

let product: HostProduct
let server: TestServer
beforeAll(async () => {
  product = await HostProduct.start()
  server = await startServer({ settings: product.settings })
})
afterAll(async () => {
  await server.close()
  await product.close()
})

const ME = '{ me { username } }'
const LIVE = 'subscription { events { cursor } }'

/** Somebody with this token. */
function bearing(token: string, at = server): Client {
  const client = at.anonymous()
  client.token = token
  return client
}

describe('a token that is not good', () => {
  let stranger: CryptoKey
  let publicKeyAsSecret: Uint8Array
  beforeAll(async () => {
    stranger = (await generateKeyPair('RS256')).privateKey
    publicKeyAsSecret = new TextEncoder().encode(await exportSPKI((await importJWK({ ...product.key.jwk, ext: true }, 'RS256', { extractable: true })) as CryptoKey))
  })
  const now = () => Math.floor(Date.now() / 1000)
  const CASES: [string, () => Promise<string> | string][] = [
    ['of another issuer', () => product.token('mallory', { iss: 'https://evil.example' })],
    ['of no issuer', () => product.token('mallory', { iss: undefined })],
    ['for another audience', () => product.token('mallory', { aud: 'billing' })],
    ['for no audience', () => product.token('mallory', { aud: undefined })],
    ['of nobody', () => product.token('mallory', { sub: undefined })],
    ['of an empty subject', () => product.token('')],
    ['of a subject with a NUL', () => product.token('mal\0lory')],
    ['expired', () => product.token('mallory', { exp: now() - 60 })],
    ['without an end', () => product.token('mallory', { exp: undefined })],
    ['that begins later', () => product.token('mallory', { nbf: now() + 60 })],
    ['signed by another key of the same name', () => product.token('mallory', {}, {}, stranger)],
    ['signed by a key that is not in the set', () => product.token('mallory', {}, { kid: 'unknown' }, stranger)],
    ['signed by the public key as a secret', () => product.token('mallory', {}, { alg: 'HS256' }, publicKeyAsSecret)],
    ['signed by our own secret', () => product.token('mallory', {}, { alg: 'HS256' }, new TextEncoder().encode('a secret key for tests, long enough'))],
    ['signed by nothing', async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await product.token('mallory')).split('.')[1]}.`],
    ['changed', async () => (await product.token('mallory')).replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify({ sub: 'alice', iss: product.issuer, aud: product.audience, exp: now() + 60 })).toString('base64url')}.`)],
    ['that says it is one of ours', () => product.token('mallory', { iss: 'parley' }, { typ: 'at+jwt' })],
    ['of 10,000 letters', () => product.token('mallory', { more: 'x'.repeat(10_000) })],
  ]
  test.each(CASES)('(%s) is as none, and closes a WebSocket with 4403', async (_name, makeToken) => {
    const client = bearing(await makeToken())
    expect(await client.ask('{ me { id } serverInfo { version } }')).toMatchObject({ me: null })
    expect((await client.request('{ chats { totalCount } }')).errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' })
    expect(await client.subscribe('{ serverInfo { version } }').ended()).toMatchObject({ code: 4403 })
    const [{ count } = { count: -1 }] = await server.sql<{ count: number }[]>`select count(*)::int as count from users`
    expect(count).toBe(0)
  })

  test('is any, where no host product is set up', async () => {
    const alone = await startServer()
    expect(await bearing(await product.token('wanda'), alone).ask('{ me { id } }')).toEqual({ me: null })
    await alone.close()
  })
})

test.each(['RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'])('keys for %s are taken', async (alg) => {
  const other = await HostProduct.start(alg)
  const beside = await startServer({ settings: other.settings })
  expect((await bearing(await other.token('xenia'), beside).ask(ME)).me.username).toBe('xenia')
  await beside.close()
  await other.close()
})

describe('the key set', () => {
  let product: HostProduct
  let server: TestServer
  const logged: string[] = []
  const log = pino({ level: 'warn' }, new Writable({
    write(line: Buffer, _encoding, done) {
      logged.push((JSON.parse(line.toString()) as { msg: string }).msg)
      done()
    },
  }))
  beforeEach(async () => {
    product = await HostProduct.start()
    logged.length = 0
    server = await startServer({ settings: product.settings, log })
  })
  afterEach(async () => {
    vi.useRealTimers()
    await server.close()
    await product.close()
  })
  const ask = async (token: string) => (await bearing(token, server).request(ME)).data?.me?.username as string | undefined

  test('is fetched once, and at a new key once more', async () => {
    expect(product.asked).toBe(0)
    await Promise.all(['yann', 'yuri', 'yves'].map(async (subject) => ask(await product.token(subject))))
    expect(product.asked).toBe(1)
    const old = await product.token('yann', { jti: 'not seen before' })
    await product.rotate()
    const tokens = await Promise.all(['yann', 'yuri', 'yves'].map((subject) => product.token(subject)))
    expect(await Promise.all(tokens.map(ask))).toEqual(['yann', 'yuri', 'yves'])
    expect(product.asked).toBe(2)
    // What the old key has signed is worth nothing any more.
    expect(await ask(old)).toBeUndefined()
  })

  test('is not fetched for every name that somebody makes up', async () => {
    await ask(await product.token('zoe'))
    for (let n = 0; n < 10; n++) expect(await ask(await product.token('mallory', {}, { kid: `made up ${n}` }))).toBeUndefined()
    expect(product.asked).toBe(2)
    // Half a minute later a new key is found again.
    await product.rotate()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 })
    expect(await ask(await product.token('zoe'))).toBe('zoe')
  })

  test('that cannot be had answers 503 over HTTP and a code to come again over WebSocket, told to the log once', async () => {
    product.status = 500
    const token = await product.token('adam')
    for (let n = 0; n < 3; n++) {
      const answer = await bearing(token, server).request('{ me { id } }')
      expect(answer.status).toBe(503)
      expect(answer.errors).toMatchObject([{ message: 'The keys that tokens are checked with cannot be had just now. Try again.', extensions: { code: 'UNAVAILABLE', retryable: true } }])
      expect(await bearing(token, server).subscribe(LIVE).ended()).toMatchObject({ code: 1013 })
    }
    expect(product.asked).toBe(1)
    expect(logged).toEqual(['The key set of AUTH_JWKS_URL cannot be had: the host product signs nobody in until it is there again.'])
    // Nobody else is concerned.
    expect(await ask('garbage')).toBeUndefined()
    const bob = await server.signUp('bob')
    expect(await ask(bob.token ?? '')).toBe('bob')
    product.status = 200
    await expect.poll(() => ask(token), { timeout: 10_000 }).toBe('adam')
  })

  test('that is away later goes on serving, for an hour', async () => {
    await ask(await product.token('bert'))
    await product.close()
    const later = async (minutes: number, subject: string) => {
      vi.useFakeTimers({ toFake: ['Date'], now: start + minutes * 60_000 })
      return bearing(await product.token(subject), server).request(ME)
    }
    const start = Date.now()
    expect((await later(11, 'carl')).data?.me.username).toBe('carl')
    expect((await later(50, 'dave')).data?.me.username).toBe('dave')
    expect((await later(61, 'emil')).status).toBe(503)
    expect(logged).toHaveLength(1)
    product = await HostProduct.start()
  })

  test('is fetched again after ten minutes: a key that was withdrawn is none any more', async () => {
    const token = await product.token('fred')
    expect(await ask(token)).toBe('fred')
    await product.rotate()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 })
    expect(await ask(token)).toBeUndefined()
    expect(product.asked).toBe(2)
  })
})
