import { createHash } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { user { username } accessToken accessTokenExpiresAt refreshToken errors { __typename message path } query { me { username } } } }'
const REFRESH = 'mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { user { username } accessToken refreshToken errors { __typename path } } }'
const ME = '{ me { username } }'
const LIVE = 'subscription { events { cursor } }'

async function refresh(client: Client, refreshToken: string | null): Promise<Untyped> {
  return (await client.ask(REFRESH, { input: { refreshToken } })).refreshSession
}

describe('signing in', () => {
  test('by name in any case or by e-mail address; the answer reads as the new viewer', async () => {
    await server.signUp('alice')
    for (const login of ['alice', 'ALICE', 'Alice@Example.com']) {
      const { login: answer } = await server.anonymous().ask(LOGIN, { input: { login, password: PASSWORD } })
      expect(answer).toMatchObject({ user: { username: 'alice' }, errors: [], query: { me: { username: 'alice' } } })
      expect(Date.parse(answer.accessTokenExpiresAt) - Date.now()).toBeGreaterThan(59 * 60_000)
    }
  })

  test('the first account of a server on loopback is its admin, the second is not', async () => {
    const empty = await startServer()
    const first = await empty.signUp('first')
    const second = await empty.signUp('second')
    expect(await first.ask('{ me { roles } }')).toEqual({ me: { roles: ['ADMIN'] } })
    expect(await second.ask('{ me { roles } }')).toEqual({ me: { roles: [] } })
    expect(await second.ask('query ($id: ID!) { user(id: $id) { username email roles } }', { id: first.id })).toEqual({ user: { username: 'first', email: null, roles: null } })
    expect(await first.ask('query ($id: ID!) { user(id: $id) { email roles } }', { id: second.id })).toEqual({ user: { email: null, roles: [] } })
    await empty.close()
  })

  test('nobody is made admin where the server is open to others', async () => {
    const open = await startServer({ settings: { HOST: '0.0.0.0' } })
    const first = await open.signUp('first')
    expect(await first.ask('{ me { roles } }')).toEqual({ me: { roles: [] } })
    await open.close()
  })

  test('registration can be closed', async () => {
    const closed = await startServer({ settings: { REGISTRATION_OPEN: 'false' } })
    const { register } = await closed.anonymous().ask('mutation ($input: RegisterInput!) { register(input: $input) { user { id } errors { __typename } query { serverInfo { registrationOpen } } } }', {
      input: { username: 'late', email: 'late@example.com', password: PASSWORD },
    })
    expect(register).toEqual({ user: null, errors: [{ __typename: 'NotAllowed' }], query: { serverInfo: { registrationOpen: false } } })
    await closed.close()
  })

  test('too many wrong passwords are told to wait, with how long', async () => {
    const strict = await startServer({ settings: { RATE_LIMITS: 'on' } })
    await strict.signUp('carol')
    const guess = async (password: string) => (await strict.anonymous().ask('mutation ($input: LoginInput!) { login(input: $input) { accessToken errors { __typename ... on RateLimited { retryAfterSeconds } } } }', { input: { login: 'carol', password } })).login
    for (let n = 0; n < 10; n++) expect((await guess(`guess number ${n}`)).errors[0].__typename).toBe('InvalidCredentials')
    const { errors, accessToken } = await guess(PASSWORD)
    expect(accessToken).toBeNull()
    expect(errors[0].__typename).toBe('RateLimited')
    expect(errors[0].retryAfterSeconds).toBeGreaterThan(200)
    await strict.close()
  })
})

describe('refreshing', () => {
  test('gives new tokens, and the old one again only to a repeat within seconds', async () => {
    const bob = await server.signUp('bob')
    const second = await refresh(bob, bob.refreshToken)
    expect(second).toMatchObject({ user: { username: 'bob' }, errors: [] })
    expect(second.refreshToken).not.toBe(bob.refreshToken)
    // The answer was lost, or two tabs asked at once: the same successor again.
    const again = await refresh(bob, bob.refreshToken)
    expect(again.refreshToken).toBe(second.refreshToken)
    const third = await refresh(bob, second.refreshToken)
    expect(third.errors).toEqual([])
    expect(third.refreshToken).not.toBe(second.refreshToken)
  })

  test('twenty tabs at once get one successor between them', async () => {
    const tabs = await server.signUp('tabs')
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(tabs, tabs.refreshToken)))
    expect(new Set(answers.map((answer) => answer.refreshToken as string)).size).toBe(1)
    expect(answers.flatMap((answer) => answer.errors as unknown[])).toEqual([])
  })

  test('an old token that comes again ends the session, its tokens and its live sockets', async () => {
    const victim = await server.signUp('victim')
    const live = victim.subscribe(LIVE)
    await live.next()
    const second = await refresh(victim, victim.refreshToken)
    const third = await refresh(victim, second.refreshToken)
    // The first was replaced by one that has been used already: no honest client still has it.
    expect((await refresh(victim, victim.refreshToken)).errors).toEqual([{ __typename: 'InvalidCredentials', path: ['refreshToken'] }])
    expect(await live.ended()).toMatchObject({ code: 4403 })
    victim.token = third.accessToken
    expect(await victim.ask(ME)).toEqual({ me: null })
    expect((await refresh(victim, third.refreshToken)).errors).toHaveLength(1)
  })

  test('a used token is no repeat any more after some seconds', async () => {
    const slow = await server.signUp('slow')
    await refresh(slow, slow.refreshToken)
    await server.sql`update refresh_token set used_at = used_at - interval '11 seconds' where hash = ${createHash('sha256').update(Buffer.from(slow.refreshToken ?? '', 'base64url')).digest()}`
    expect((await refresh(slow, slow.refreshToken)).errors).toHaveLength(1)
    expect(await slow.ask(ME)).toEqual({ me: null })
  })

  test('works from an httpOnly cookie, which the answer does not repeat', async () => {
    const dora = await server.signUp('dora')
    const post = (query: string, variables: object, cookie = '') =>
      fetch(`${server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', cookie }, body: JSON.stringify({ query, variables }) })
    const signedIn = await post(LOGIN, { input: { login: 'dora', password: PASSWORD, cookie: true } })
    expect(((await signedIn.json()) as Untyped).data.login).toMatchObject({ refreshToken: null, errors: [] })
    const [cookie] = signedIn.headers.getSetCookie()
    expect(cookie).toMatch(/^parley_refresh=[\w-]{43}; Path=\/; HttpOnly; Max-Age=2592000; SameSite=Lax$/)
    const refreshed = await post(REFRESH, { input: {} }, cookie?.split(';')[0])
    expect(((await refreshed.json()) as Untyped).data.refreshSession).toMatchObject({ user: { username: 'dora' }, refreshToken: null, errors: [] })
    expect(refreshed.headers.getSetCookie()).toHaveLength(1)
    // The cookie alone reads nothing: only a token does.
    const read = await post('{ me { username } chats { totalCount } }', {}, cookie?.split(';')[0])
    expect(((await read.json()) as Untyped).errors[0].extensions.code).toBe('UNAUTHENTICATED')
    dora.token = null
  })
})

describe('the end of a session', () => {
  test('logout voids the token and closes the live socket', async () => {
    const erin = await server.signUp('erin')
    const live = erin.subscribe(LIVE)
    await live.next()
    expect(await erin.ask('mutation { logout { errors { message } query { me { id } } } }')).toEqual({ logout: { errors: [], query: { me: null } } })
    expect(await live.ended()).toMatchObject({ code: 4403 })
    expect(await erin.ask(ME)).toEqual({ me: null })
    expect((await refresh(erin, erin.refreshToken)).errors).toHaveLength(1)
  })

  test('another session of the same person goes on', async () => {
    const frank = await server.signUp('frank')
    const phone = server.anonymous()
    phone.token = (await phone.ask(LOGIN, { input: { login: 'frank', password: PASSWORD } })).login.accessToken
    const live = phone.subscribe('subscription { events { cursor events { __typename } } }')
    await live.next()
    await frank.ask('mutation { logout { errors { message } } }')
    expect((await live.next()).events.events).toEqual([{ __typename: 'UserChanged' }])
    expect(await phone.ask(ME)).toEqual({ me: { username: 'frank' } })
  })

  test('a socket is closed when its token ends', async () => {
    const grace = await server.signUp('grace')
    grace.token = await shortToken(grace.token ?? '', 2)
    const live = grace.subscribe(LIVE)
    await live.next()
    expect(await live.ended()).toMatchObject({ code: 4403, reason: 'Session ended' })
  })

  test('a stream over SSE is cut as well', async () => {
    const henry = await server.signUp('henry')
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${henry.token}` },
      body: JSON.stringify({ query: LIVE }),
    })
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await henry.ask('mutation { logout { errors { message } } }')
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow()
  })
})

/** A token of the same session that ends in some seconds. */
async function shortToken(token: string, seconds: number): Promise<string> {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  const key = new TextEncoder().encode('a secret key for tests, long enough')
  return new SignJWT({ ...claims, exp: Math.floor(Date.now() / 1000) + seconds }).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' }).sign(key)
}
