import type { JWTPayload } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Client } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { HostProduct } from '../support/host-product.ts'
import { expectRefused, mutation, notAllowed, succeed } from '../support/refusal.ts'

let product: HostProduct
let server: TestServer
beforeAll(async () => {
  product = await HostProduct.start()
  server = await startServer({ settings: { ...product.settings, REGISTRATION_OPEN: 'false' } })
})
afterAll(async () => {
  await server.close()
  await product.close()
})

const ME = '{ me { id username displayName email roles } }'
const LIVE = 'subscription { events { cursor events { __typename ... on UserChanged { user { displayName } } } } }'

/** Somebody with this token. */
function bearing(token: string, at = server): Client {
  const client = at.anonymous()
  client.token = token
  return client
}

async function comes(subject: string, claims: JWTPayload = {}, at = server): Promise<Client> {
  const client = bearing(await product.token(subject, claims), at)
  client.id = (await client.ask(ME)).me.id
  return client
}

const countOf = async (externalId: string) => (await server.sql<{ count: number }[]>`select count(*)::int as count from users where external_id = ${externalId}`)[0]?.count

describe('whoever the host product has signed in', () => {
  test('is a user at first sight, with the name and address of the claims, though registration is closed', async () => {
    const alice = await comes('auth0|alice', { preferred_username: 'alice', name: ' Alice Adams ', email: 'alice@example.com' })
    expect(await alice.ask(ME)).toEqual({ me: { id: alice.id, username: 'alice', displayName: 'Alice Adams', email: 'alice@example.com', roles: [] } })
    // The same one again, by another token.
    expect((await comes('auth0|alice')).id).toBe(alice.id)
  })

  test('is one user, however many requests come first at once', async () => {
    const token = await product.token('crowd')
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await bearing(token).ask(ME)).me.id as string))
    expect(new Set(ids).size).toBe(1)
    expect(await countOf('crowd')).toBe(1)
  })

  test('chats with people who have accounts here, over HTTP, WebSocket and SSE', async () => {
    const open = await startServer({ settings: product.settings })
    const [bob, carol] = [await open.signUp('bob'), await comes('carol', {}, open)]
    const live = carol.subscribe('subscription { events { events { ... on MessageAdded { message { text } } } } }')
    await live.next()
    const stream = await fetch(`${open.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${carol.token}` },
      body: JSON.stringify({ query: LIVE }),
    })
    expect(stream.status).toBe(200)
    await stream.body?.cancel()
    const chatId = await bob.directChat(carol)
    await bob.send(chatId, 'hello from here')
    await carol.send(chatId, 'hello from there')
    const texts: unknown[] = []
    while (texts.length < 2) texts.push(...(await live.next()).events.events.flatMap(({ message }: { message?: { text: string } }) => message?.text ?? []))
    expect(texts).toEqual(['hello from here', 'hello from there'])
    await open.close()
  })

  test('has no session: logging out does nothing, and there is no password to change or to confirm by', async () => {
    const dora = await comes('dora')
    expect(await dora.ask('mutation { logout { errors { message } query { me { sessions { id } } } } }')).toEqual({ logout: { errors: [], query: { me: { sessions: [] } } } })
    expect((await dora.ask('mutation { revokeOtherSessions { revokedCount errors { message } } }')).revokeOtherSessions).toEqual({ revokedCount: 0, errors: [] })
    const none = notAllowed(['currentPassword'], 'This account has no password here: it signs in elsewhere.')
    await expectRefused(server, dora, 'changePassword', { currentPassword: PASSWORD, newPassword: PASSWORD }, none)
    await expectRefused(server, dora, 'updateProfile', { email: 'dora@example.com', currentPassword: PASSWORD }, none)
    expect((await dora.ask(ME)).me.username).toBe('dora')
  })

  test('is connected no longer than the token lasts', async () => {
    const erin = await comes('erin', { exp: Math.floor(Date.now() / 1000) + 2 })
    const live = erin.subscribe(LIVE)
    await live.next()
    expect(await live.ended()).toMatchObject({ code: 4403, reason: 'Session ended' })
    // A token for months is longer than any timer, and one for ever longer than any date.
    for (const exp of [Math.floor(Date.now() / 1000) + 90 * 24 * 3600, 1e15]) {
      const frank = await comes('frank', { exp })
      const lasting = frank.subscribe(LIVE)
      await lasting.next()
      await succeed(frank, 'updateProfile', { bio: 'hello' })
      expect((await lasting.next()).events.events).toHaveLength(1)
    }
  })

  test('is nobody any more once the account is deleted, and no token brings it back', async () => {
    const grace = await comes('grace')
    const live = grace.subscribe(LIVE)
    await live.next()
    const [, id] = Buffer.from(grace.id, 'base64url').toString().split(':')
    await server.sql`update users set deleted_at = now() where id = ${Number(id)}`
    // Whatever moves the user's stream makes the connection look again.
    await server.sql.begin(async (tx) => {
      await tx`update stream set head_seq = head_seq + 1, max_xid = pg_current_xact_id() where id = ${Number(id)}`
      await tx`insert into event (stream_id, seq, kind, ref_id) select id, head_seq, 51, id from stream where id = ${Number(id)}`
    })
    expect(await live.ended()).toMatchObject({ code: 4403 })
    expect(await bearing(await product.token('grace')).ask(ME)).toEqual({ me: null })
    expect(await bearing(await product.token('grace')).subscribe(LIVE).ended()).toMatchObject({ code: 4403 })
    expect(await countOf('grace')).toBe(1)
  })
})

describe('the username', () => {
  test.each([
    ['Zoë Müller', 'Zoe-Muller'],
    ['henry@example.com', 'henry'],
    ['.henry.ii.', 'henry.ii'],
    ['x', 'user-x'],
    ['deleted-7', 'user-deleted-7'],
    ['張偉', 'user'],
    ['i'.repeat(40), 'i'.repeat(32)],
    [`${'j'.repeat(31)}-j`, 'j'.repeat(31)],
  ])('out of "%s" is %s', async (preferred_username, expected) => {
    expect((await (await comes(`named ${preferred_username}`, { preferred_username })).ask(ME)).me.username).toBe(expected)
  })

  test('that is taken gets a suffix', async () => {
    for (const [subject, preferred_username, pattern] of [['kate 1', 'kate', /^kate$/], ['kate 2', 'KATE', /^KATE-\d+$/], ['kate 3', 'kate', /^kate-\d+$/], ['long 1', 'l'.repeat(32), /^l{32}$/], ['long 2', 'l'.repeat(32), /^l+-\d+$/]] as const) {
      const { username } = (await (await comes(subject, { preferred_username })).ask(ME)).me
      expect(username).toMatch(pattern)
      expect(username.length).toBeLessThanOrEqual(32)
    }
  })

  test('and the rest come from the claims that the settings name', async () => {
    const other = await startServer({ settings: { ...product.settings, AUTH_CLAIM_USERNAME: 'nick', AUTH_CLAIM_NAME: 'https://product.example/full_name', AUTH_CLAIM_EMAIL: 'mail' } })
    const liam = await comes('liam', { nick: 'liam.l', 'https://product.example/full_name': 'Liam L', mail: 'liam@example.com', name: 'no', email: 'no@example.com' }, other)
    expect((await liam.ask(ME)).me).toMatchObject({ username: 'liam.l', displayName: 'Liam L', email: 'liam@example.com' })
    await other.close()
  })

  test('is shown where no name is claimed; an address that is none, not verified or taken is left out', async () => {
    await comes('mia', { email: 'mia@example.com' })
    for (const [subject, claims] of [
      ['nina', { email: 'Mia@example.com' }],
      ['olga', { email: 'none' }],
      ['pete', { email: 'pete@example.com', email_verified: false }],
      ['quin', { name: ' ', email: 7 }],
      ['rosa', { name: 'ro\0sa' }],
    ] as const) {
      expect((await (await comes(subject, claims)).ask(ME)).me).toMatchObject({ username: subject, displayName: subject, email: null })
    }
    expect((await (await comes('sara', { name: `${'🎈'.repeat(90)}` })).ask(ME)).me.displayName).toBe('🎈'.repeat(80))
  })
})

describe('claims that change', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  test('change the profile, once a minute at most and never back; the user’s devices hear of it', async () => {
    const tina = await comes('tina', { name: 'Tina', email: 'tina@example.com' })
    const live = tina.subscribe(LIVE)
    await live.next()
    const [before] = await server.sql<{ xid: string }[]>`select profile_xid::text as xid from users where external_id = 'tina'`
    const now = Math.floor(Date.now() / 1000)
    const renamed = await comes('tina', { name: 'Tina T', email: 'tt@example.com', iat: now + 1 })
    expect((await renamed.ask(ME)).me).toMatchObject({ displayName: 'Tina T', email: 'tt@example.com' })
    expect((await live.next()).events.events).toEqual([{ __typename: 'UserChanged', user: { displayName: 'Tina T' } }])
    const [after] = await server.sql<{ xid: string }[]>`select profile_xid::text as xid from users where external_id = 'tina'`
    expect(BigInt(after?.xid ?? 0)).toBeGreaterThan(BigInt(before?.xid ?? 0))
    // Within the minute nothing more; after it the newer token counts, and not the older one.
    const again = await product.token('tina', { name: 'Tina U', email: 'tt@example.com', iat: now + 2 })
    expect((await bearing(again).ask(ME)).me.displayName).toBe('Tina T')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    expect((await tina.ask(ME)).me.displayName).toBe('Tina T')
    expect((await bearing(again).ask(ME)).me.displayName).toBe('Tina U')
    expect((await live.next()).events.events).toEqual([{ __typename: 'UserChanged', user: { displayName: 'Tina U' } }])
  })

  test('to an address that somebody has change the rest', async () => {
    await comes('uma', { email: 'uma@example.com' })
    await comes('vera', { name: 'Vera', email: 'vera@example.com' })
    const later = await comes('vera', { name: 'Vera V', email: 'uma@example.com' })
    expect((await later.ask(ME)).me).toMatchObject({ displayName: 'Vera V', email: 'vera@example.com' })
    expect((await (await comes('vera')).ask(ME)).me).toMatchObject({ displayName: 'Vera V', email: 'vera@example.com' })
  })
})

test('nobody needs an account here to have one: the mutation register stays closed', async () => {
  const { register } = await server.anonymous().ask(mutation('register'), { input: { username: 'late', email: 'late@example.com', password: PASSWORD } })
  expect(register.errors).toMatchObject([{ code: 'NOT_ALLOWED' }])
})
