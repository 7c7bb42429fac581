import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { verifyPassword } from '../../src/auth/password.ts'
import type { Client, Untyped } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { Line, closeLines } from '../support/line.ts'
import { mutation } from '../support/refusal.ts'

let server: TestServer
let alice: Client
beforeAll(async () => {
  server = await startServer({ settings: { RATE_LIMITS: 'login=5/900,loginAddress=40/900,register=6/900', TRUST_PROXY: 'loopback' } })
  alice = await server.signUp('alice')
})
afterEach(() => {
  closeLines()
})
afterAll(() => server.close())

const login = async (name: string, password: string, from = '192.0.2.1'): Promise<Untyped> => {
  const { data, errors, status } = await server.anonymous().request(mutation('login'), { input: { login: name, password } }, { 'x-forwarded-for': from })
  return { status, codes: errors?.map(({ extensions }) => extensions?.code) ?? data.login.errors.map(({ code }: { code: string }) => code) }
}

test('row 67: who steals the database has no token and no password: hashes of 256 random bits, and argon2id', async () => {
  const [stored] = await server.sql<{ hash: Buffer }[]>`select hash from refresh_token`
  expect(stored?.hash).toEqual(createHash('sha256').update(Buffer.from(alice.refreshToken ?? '', 'base64url')).digest())
  expect(Buffer.from(alice.refreshToken ?? '', 'base64url')).toHaveLength(32)
  const tables = await server.sql<{ name: string }[]>`select tablename as name from pg_tables where schemaname = 'public'`
  const dump = JSON.stringify(await Promise.all(tables.map(({ name }) => server.sql.unsafe(`select t::text from "${name}" as t`))))
  expect(dump).toContain('$argon2id$v=19$m=19456,t=2,p=1$')
  for (const secret of [PASSWORD, alice.token ?? '', alice.refreshToken ?? '', Buffer.from(alice.refreshToken ?? '', 'base64url').toString('hex')]) expect(dump).not.toContain(secret)
})

describe('rows 69 and 70: guesses', () => {
  test('at one account are counted wherever they come from; who is signed in there goes on, and is not locked out for good', async () => {
    const victim = await server.signUp('victim')
    const live = await new Line(server).greet(victim)
    for (let n = 0; n < 5; n++) expect((await login('victim', `guess ${n}`, `198.51.100.${n}`)).codes).toEqual(['INVALID_CREDENTIALS'])
    for (const name of ['victim', 'VICTIM', ' Victim ']) expect((await login(name, PASSWORD, '203.0.113.9')).codes).toEqual(['RATE_LIMITED'])
    live.send({ type: 'subscribe', id: '1', payload: { query: '{ me { username } }' } })
    expect(await live.next()).toMatchObject({ payload: { data: { me: { username: 'victim' } } } })
    const { refreshSession } = await victim.ask(mutation('refreshSession'), { input: { refreshToken: victim.refreshToken } })
    expect(refreshSession.errors).toEqual([])
  })

  test('one each at many accounts are counted for their address, of IPv6 for the whole network', async () => {
    const from = (n: number) => `2001:db8:0:7::${n.toString(16)}`
    for (let n = 0; n < 40; n++) expect((await login(`somebody${n}`, 'a guess', from(n + 1))).codes).toEqual(['INVALID_CREDENTIALS'])
    expect((await login('somebody40', 'a guess', from(4000))).codes).toEqual(['RATE_LIMITED'])
    expect((await login('somebody40', 'a guess', '2001:db8:0:8::1')).codes).toEqual(['INVALID_CREDENTIALS'])
  })
})

describe('row 71: passwords as a load', () => {
  test('one of a megabyte does not come in; one of 200 KB is refused before anything is made of it', async () => {
    const answer = await server.anonymous().request(mutation('login'), { input: { login: 'alice', password: 'a'.repeat(1024 * 1024) } }).catch(() => ({ status: 413 }))
    expect(answer.status).toBe(413)
    expect((await login('alice', 'a'.repeat(200_000), '192.0.2.50')).codes).toEqual(['INVALID_CREDENTIALS'])
  })

  test('of 300 sign-ins at once two are looked at and a hundred wait; the rest are told to come again with 503, and chats go on', async () => {
    const results = Promise.allSettled(Array.from({ length: 300 }, () => verifyPassword(null, 'a guess')))
    const garden = await alice.group('Garden')
    await alice.send(garden, 'still here')
    expect((await results).filter(({ status }) => status === 'rejected')).toHaveLength(198)

    // As somebody sees it who comes meanwhile.
    const crowd = setInterval(() => { for (let n = 0; n < 10; n++) verifyPassword(null, 'a guess').catch(() => null) }, 1)
    try {
      await expect.poll(() => login('alice', PASSWORD, '192.0.2.60'), { interval: 1, timeout: 20_000 }).toEqual({ status: 503, codes: ['UNAVAILABLE'] })
    } finally {
      clearInterval(crowd)
    }
    // Whoever waits still is let through.
    await expect.poll(() => verifyPassword(null, 'a guess').then(() => 'looked at', () => 'refused'), { timeout: 20_000 }).toBe('looked at')
  })
})

describe('row 96: who the client is, behind a proxy', () => {
  const register = async (at: TestServer, name: string, headers: Record<string, string>) => {
    const { data } = await at.anonymous().request(mutation('register'), { input: { username: name, email: `${name}@example.com`, password: 'long enough a password' } }, headers)
    return data.register.errors.map(({ code }: { code: string }) => code) as string[]
  }
  let count = 0
  /** Uses the quota of six up, by six requests that each come from elsewhere as far as the client can say so. */
  const expectOneAddress = async (at: TestServer, headers: (n: number) => Record<string, string>) => {
    const codes = []
    for (let n = 0; n < 7; n++) codes.push(...(await register(at, `bot${count++}`, headers(n))))
    expect(new Set(codes)).toEqual(new Set(['RATE_LIMITED']))
  }

  test.each<[string, (n: number) => Record<string, string>]>([
    ['what stands left of the proxy’s own word', (n) => ({ 'x-forwarded-for': `198.51.100.${n}, 10.0.0.${n}, 203.0.113.1` })],
    ['other headers', (n) => ({ 'x-forwarded-for': '203.0.113.2', 'x-real-ip': `198.51.100.${n}`, forwarded: `for=198.51.100.${n}`, 'true-client-ip': `198.51.100.${n}`, 'cf-connecting-ip': `198.51.100.${n}`, 'x-client-ip': `198.51.100.${n}` })],
    ['an address of IPv6 within one network', (n) => ({ 'x-forwarded-for': `2001:db8:1:2:${n}::1` })],
    ['another way to write the same address', (n) => ({ 'x-forwarded-for': ['203.0.113.3', '::ffff:203.0.113.3', '203.0.113.3:1234', '[::ffff:203.0.113.3]:80', ' 203.0.113.3 ', '203.0.113.3', '::FFFF:203.0.113.3'][n] ?? '' })],
    ['loopback as a further hop', (n) => ({ 'x-forwarded-for': `203.0.113.4, ${'127.0.0.1, '.repeat(n)}127.0.0.1` })],
  ])('%s makes nobody somebody else', async (_name, headers) => {
    await expectOneAddress(server, headers)
  })

  test('without a known proxy no header does', async () => {
    const open = await startServer({ settings: { RATE_LIMITS: 'register=6/900' } })
    await expectOneAddress(open, (n) => ({ 'x-forwarded-for': `198.51.100.${n}`, 'x-real-ip': `198.51.100.${n}` }))
    await open.close()
  })

  test('what is no address is not believed', async () => {
    await expectOneAddress(server, (n) => ({ 'x-forwarded-for': `unknown${n}` }))
  })
})
