import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { expectRefused, globalId, invalid, mutation, notFound, succeed, wrongCredentials } from '../support/refusal.ts'

let server: TestServer
let alice: Client
beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
})
afterAll(() => server.close())

const LIVE = 'subscription { events { cursor } }'
const SESSIONS = '{ me { sessions { id current userAgent createdAt lastUsedAt } } }'
const sessionsOf = async (client: Client): Promise<Untyped[]> => (await client.ask(SESSIONS)).me.sessions
const REVOKE_OTHERS = 'mutation { revokeOtherSessions { revokedCount errors { __typename } query { me { sessions { current } } } } }'

/** One more device of somebody. */
async function signIn(login: string, password = PASSWORD, userAgent = 'a phone'): Promise<Client> {
  const device = server.anonymous()
  const { data } = await device.request(mutation('login'), { input: { login, password } }, { 'user-agent': userAgent })
  device.token = data.login.accessToken
  device.refreshToken = data.login.refreshToken
  return device
}

/** A live connection over SSE; `ended` resolves when it is cut. */
async function listen(client: Client): Promise<{ ended: Promise<void> }> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${client.token}` },
    body: JSON.stringify({ query: LIVE }),
  })
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  const ended = (async () => {
    while (!(await reader.read()).done);
  })()
  return { ended: ended.catch(() => undefined) }
}

/** How long it takes until each of these has ended, from the deed on. */
async function timeUntil(deed: () => Promise<unknown>, ends: () => Promise<unknown>[]): Promise<number> {
  const began = performance.now()
  await deed()
  await Promise.all(ends())
  return performance.now() - began
}

describe('the list of sessions', () => {
  test('shows every device, the newest use first, and which of them asks', async () => {
    const bob = await server.signUp('bob')
    const phone = await signIn('bob', PASSWORD, 'Phone/1.0')
    const tablet = await signIn('bob', PASSWORD, 'Tablet/2.0')
    expect((await sessionsOf(phone)).map(({ userAgent, current }) => [userAgent, current])).toEqual([
      ['Tablet/2.0', false],
      ['Phone/1.0', true],
      ['node', false],
    ])
    await succeed(bob, 'refreshSession', { refreshToken: bob.refreshToken })
    const [first] = await sessionsOf(tablet)
    expect(first).toMatchObject({ userAgent: 'node', current: false })
    expect(Date.parse(first.lastUsedAt)).toBeGreaterThan(Date.parse(first.createdAt))
  })

  test('leaves out what has ended, and what nobody used for a month', async () => {
    const carol = await server.signUp('carol')
    const [ended, old] = [await signIn('carol', PASSWORD, 'ended'), await signIn('carol', PASSWORD, 'old')]
    const [oldOne] = await sessionsOf(old)
    await ended.ask('mutation { logout { errors { message } } }')
    await server.sql`update session set last_used_at = now() - interval '31 days' where user_agent = 'old'`
    expect((await sessionsOf(carol)).map(({ userAgent }) => userAgent)).toEqual(['node'])
    expect(await carol.ask('query ($id: ID!) { node(id: $id) { id } }', { id: oldOne.id })).toEqual({ node: null })
  })

  test('holds a hundred at most', async () => {
    const dora = await server.signUp('dora')
    await server.sql`insert into session (user_id) select id from users cross join generate_series(1, 120) where username = 'dora'`
    expect(await sessionsOf(dora)).toHaveLength(100)
  })

  test('is nobody else’s to see, nor is a session by its ID', async () => {
    const [session] = await sessionsOf(alice)
    const mallory = await server.signUp('mallory')
    expect(await mallory.ask('query ($id: ID!, $session: ID!) { user(id: $id) { username sessions { id } } node(id: $session) { id } }', { id: alice.id, session: session.id })).toEqual({
      user: { username: 'alice', sessions: null },
      node: null,
    })
    expect(await alice.ask('query ($id: ID!) { node(id: $id) { __typename ... on Session { current } } }', { id: session.id })).toEqual({ node: { __typename: 'Session', current: true } })
  })
})

describe('ending a session from another device', () => {
  test('voids its tokens and closes its socket and its stream within a second; the one that asks goes on', async () => {
    const erin = await server.signUp('erin')
    const phone = await signIn('erin')
    const [socket, mine] = [phone.subscribe(LIVE), erin.subscribe('subscription { events { events { __typename } } }')]
    await Promise.all([socket.next(), mine.next()])
    const stream = await listen(phone)
    const session = (await sessionsOf(erin)).find(({ current }) => !current)
    let revoked: Untyped
    const took = await timeUntil(
      async () => (revoked = await succeed(erin, 'revokeSession', { sessionId: session.id })),
      () => [socket.ended(), stream.ended],
    )
    expect(took).toBeLessThan(1000)
    expect(revoked).toEqual({ revokedSessionId: session.id })
    expect(await socket.ended()).toMatchObject({ code: 4403 })
    expect(await phone.ask('{ me { id } }')).toEqual({ me: null })
    await expectRefused(server, server.anonymous(), 'refreshSession', { refreshToken: phone.refreshToken }, wrongCredentials(['refreshToken'], 'The refresh token is not valid (any more). Sign in again.'))
    expect((await mine.next()).events.events).toEqual([{ __typename: 'UserChanged' }])
    expect(await sessionsOf(erin)).toHaveLength(1)
  })

  test('and of all the others at once, which are counted', async () => {
    const frank = await server.signUp('frank')
    const others = await Promise.all([signIn('frank'), signIn('frank'), signIn('frank')])
    const sockets = others.map((other) => other.subscribe(LIVE))
    const mine = frank.subscribe('subscription { events { events { __typename } } }')
    await Promise.all([...sockets, mine].map((socket) => socket.next()))
    const stream = await listen(others[0] as Client)
    let answer: Untyped
    const took = await timeUntil(
      async () => (answer = (await frank.ask(REVOKE_OTHERS)).revokeOtherSessions),
      () => [...sockets.map((socket) => socket.ended()), stream.ended],
    )
    expect(took).toBeLessThan(1000)
    expect(answer).toEqual({ revokedCount: 3, errors: [], query: { me: { sessions: [{ current: true }] } } })
    // One event for all of them.
    expect((await mine.next()).events.events).toEqual([{ __typename: 'UserChanged' }])
    expect((await frank.ask(REVOKE_OTHERS)).revokeOtherSessions.revokedCount).toBe(0)
    expect(mine.waiting).toBe(0)
  })

  test('where it is one’s own signs out: the answer reads as nobody', async () => {
    const grace = await server.signUp('grace')
    const [session] = await sessionsOf(grace)
    const { revokeSession } = await grace.ask('mutation ($id: ID!) { revokeSession(input: { sessionId: $id }) { errors { message } query { me { id } } } }', { id: session.id })
    expect(revokeSession).toEqual({ errors: [], query: { me: null } })
    expect(await grace.ask('{ me { id } }')).toEqual({ me: null })
  })

  test('is refused where it is not one’s own, has ended, or is none', async () => {
    const henry = await server.signUp('henry')
    const phone = await signIn('henry')
    const ended = (await sessionsOf(phone)).find(({ current }) => current)
    await phone.ask('mutation { logout { errors { message } } }')
    const [ofAlice] = await sessionsOf(alice)
    const none = notFound(['sessionId'], 'No such session.')
    for (const sessionId of [ofAlice.id, ended.id, globalId('Session', 999_999)]) await expectRefused(server, henry, 'revokeSession', { sessionId }, none)
    await expectRefused(server, henry, 'revokeSession', { sessionId: alice.id }, invalid(['sessionId'], 'sessionId is not the ID of a Session.'))
    expect(await sessionsOf(alice)).toHaveLength(1)
  })
})

describe('another password', () => {
  const NEW = 'another battery, another staple'

  test('opens, the old one does not, and all other sessions end within a second', async () => {
    const ivan = await server.signUp('ivan')
    const phone = await signIn('ivan')
    const [socket, mine] = [phone.subscribe(LIVE), ivan.subscribe(LIVE)]
    await Promise.all([socket.next(), mine.next()])
    const stream = await listen(phone)
    expect(await succeed(ivan, 'changePassword', { currentPassword: PASSWORD, newPassword: NEW })).toEqual({ user: { username: 'ivan' } })
    expect(await timeUntil(() => Promise.resolve(), () => [socket.ended(), stream.ended])).toBeLessThan(1000)
    expect(await phone.ask('{ me { id } }')).toEqual({ me: null })
    await mine.next()
    expect(await sessionsOf(ivan)).toHaveLength(1)
    await succeed(ivan, 'refreshSession', { refreshToken: ivan.refreshToken })
    await succeed(server.anonymous(), 'login', { login: 'ivan', password: NEW })
    await expectRefused(server, server.anonymous(), 'login', { login: 'ivan', password: PASSWORD }, wrongCredentials(null, 'The login or the password is wrong.'))
  })

  test('takes the old one, and must be one', async () => {
    const phone = await signIn('alice')
    const wrong = wrongCredentials(['currentPassword'], 'The password is wrong.')
    for (const currentPassword of ['', 'a wrong password', PASSWORD.repeat(10), `${PASSWORD}\0`]) await expectRefused(server, alice, 'changePassword', { currentPassword, newPassword: NEW }, wrong)
    await expectRefused(server, alice, 'changePassword', { currentPassword: PASSWORD, newPassword: 'short' }, invalid(['newPassword'], 'newPassword must have at least 8 characters.'))
    expect(await phone.ask('{ me { username } }')).toEqual({ me: { username: 'alice' } })
  })

  test('of two at once by the same old one only one counts', async () => {
    const judy = await server.signUp('judy')
    const answers = await Promise.all(['the first of the two', 'the second of the two'].map((newPassword) => judy.ask(mutation('changePassword'), { input: { currentPassword: PASSWORD, newPassword } })))
    expect(answers.flatMap((answer) => answer.changePassword.errors)).toMatchObject([{ code: 'INVALID_CREDENTIALS', path: ['currentPassword'] }])
  })
})
