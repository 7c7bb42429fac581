import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { HostProduct } from '../support/host-product.ts'
import { Line, closeLines } from '../support/line.ts'
import { conflict, contentOf, globalId, invalid, mutation, notAllowed } from '../support/refusal.ts'

const KEY = 'the key of the product, long enough'

let product: HostProduct
let server: TestServer
let alice: Client
let bob: Client
/** Somebody without a token; what they show goes into headers. */
let backend: Client
beforeAll(async () => {
  product = await HostProduct.start()
  // Everything that can be limited is, to one use an hour.
  const once = ['register', 'sendMessage', 'users', 'createDirectChat'].map((name) => `${name}=1/3600`).join()
  server = await startServer({ settings: { ...product.settings, SERVER_KEY: KEY, REGISTRATION_OPEN: 'false', RATE_LIMITS: once } })
  backend = server.anonymous()
  alice = await byToken('alice')
  bob = await byToken('bob')
})
afterEach(() => {
  closeLines()
})
afterAll(async () => {
  await server.close()
  await product.close()
})

async function byToken(subject: string): Promise<Client> {
  const client = server.anonymous()
  client.token = await product.token(subject)
  client.id = (await client.ask('{ me { id } }')).me.id
  return client
}

const key = { 'x-parley-server-key': KEY }
const as = (user: Client) => ({ ...key, 'x-parley-act-as': user.id })
const account = (username: string, more: object = {}) => ({ input: { username, email: `${username}@example.com`, password: PASSWORD, ...more } })
const ME = '{ me { username } }'
const register = async (variables: object, headers: Record<string, string> = key): Promise<Untyped> => (await backend.request(mutation('register'), variables as Record<string, unknown>, headers)).data.register

describe('with the server key alone', () => {
  test('nobody is signed in, and accounts are made though registration is closed, as many as need be', async () => {
    expect(await backend.request(ME, {}, key)).toEqual({ status: 200, data: { me: null } })
    expect((await backend.request('{ chats { totalCount } }', {}, key)).errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' })
    for (const username of ['carol', 'dora', 'erin']) expect(await register(account(username))).toMatchObject({ user: { id: expect.any(String) }, accessToken: expect.any(String), errors: [] })
    expect((await register(account('late'), {})).errors).toEqual([notAllowed(null, 'Registration is closed on this server.')])
  })

  test('an account is linked to the subject whose tokens then sign in to it', async () => {
    const { user } = await register(account('frank', { externalId: 'subject of frank' }))
    const frank = server.anonymous()
    frank.token = await product.token('subject of frank', { preferred_username: 'somebody' })
    expect(await frank.ask('{ me { id username email } }')).toEqual({ me: { id: user.id, username: 'frank', email: 'frank@example.com' } })
    // There is a password as well.
    expect((await frank.ask(mutation('changePassword'), { input: { currentPassword: PASSWORD, newPassword: PASSWORD } })).changePassword.errors).toEqual([])
  })

  test('a subject has one account, and nobody else links one', async () => {
    await register(account('grace', { externalId: 'grace' }))
    const before = await contentOf(server)
    const taken = conflict(['externalId'], 'This externalId has an account already.')
    expect((await register(account('grace2', { externalId: 'grace' }))).errors).toEqual([taken])
    expect((await register(account('grace2', { externalId: 'alice' }))).errors).toEqual([taken])
    expect((await register(account('grace2', { externalId: '' }))).errors).toEqual([invalid(['externalId'], 'externalId must not be empty.')])
    expect(await contentOf(server)).toEqual(before)
    const answers = await Promise.all(Array.from({ length: 5 }, (_, n) => register(account(`many${n}`, { externalId: 'many' }))))
    expect(answers.flatMap(({ errors }) => errors as unknown[])).toEqual(Array.from({ length: 4 }, () => taken))
    const open = await startServer()
    const { data } = await open.anonymous().request(mutation('register'), account('henry', { externalId: 'henry' }))
    expect(data.register.errors).toEqual([notAllowed(['externalId'], 'externalId is for the server key alone.')])
    await open.close()
  })

  test('over WebSocket it is the same', async () => {
    const params = { connectionParams: { serverKey: KEY } }
    const { register } = await backend.subscribe(mutation('register'), account('ivan'), params).next()
    expect(register.errors).toEqual([])
    expect(await backend.subscribe(ME, {}, params).next()).toEqual({ me: null })
  })

  test('a token beside it counts', async () => {
    expect(await alice.request(ME, {}, key)).toMatchObject({ data: { me: { username: 'alice' } } })
    expect(await alice.request(ME, {}, as(bob))).toMatchObject({ data: { me: { username: 'bob' } } })
  })

  test('nobody becomes an admin by coming first', async () => {
    const empty = await startServer({ settings: { SERVER_KEY: KEY } })
    const { data } = await empty.anonymous().request('mutation ($input: RegisterInput!) { register(input: $input) { user { roles } } }', account('first'), key)
    expect(data.register.user).toEqual({ roles: [] })
    await empty.close()
  })
})

describe('acting as a user', () => {
  test('creates chats and sends through the same mutations, without limit; the others see the user do it', async () => {
    const live = bob.subscribe('subscription { events { events { __typename actor { id } ... on MessageAdded { message { text sender { id } } } } } }')
    await live.next()
    const { data } = await backend.request(mutation('createDirectChat'), { input: { userId: bob.id } }, as(alice))
    const chatId = data.createDirectChat.chat.id as string
    for (let n = 0; n < 3; n++) {
      const sent = await backend.request(mutation('sendMessage'), { input: { chatId, text: `number ${n}`, clientId: randomUUID() } }, as(alice))
      expect(sent.data.sendMessage.errors).toEqual([])
    }
    const seen: Untyped[] = []
    while (seen.length < 4) seen.push(...(await live.next()).events.events)
    expect(seen.map(({ __typename, message }) => message?.text ?? __typename)).toEqual(['ChatAdded', 'number 0', 'number 1', 'number 2'])
    expect(new Set(seen.map(({ actor }) => actor.id))).toEqual(new Set([alice.id]))
    // By alice's own hand it is limited.
    const send = async () => (await alice.ask(mutation('sendMessage'), { input: { chatId, text: 'mine', clientId: randomUUID() } })).sendMessage.errors
    expect([await send(), await send()]).toMatchObject([[], [{ code: 'RATE_LIMITED' }]])
    for (let n = 0; n < 3; n++) expect((await backend.request('{ users { nodes { id } } }', {}, as(alice))).errors).toBeUndefined()
  })

  test('has the roles of the user, and nothing beyond', async () => {
    const setRoles = async () => (await backend.request(mutation('setUserRoles'), { input: { userId: bob.id, roles: ['AGENT'] } }, as(alice))).data.setUserRoles.errors
    expect(await setRoles()).toEqual([notAllowed(null, 'Only an admin of this server gives roles.')])
    await server.sql`update users set roles = '{ADMIN}' where username = 'alice'`
    expect(await setRoles()).toEqual([])
  })

  test('reads and listens over WebSocket, for as long as the account is there', async () => {
    const judy = await byToken('judy')
    const params = { connectionParams: { serverKey: KEY, actAs: judy.id } }
    expect(await backend.subscribe(ME, {}, params).next()).toEqual({ me: { username: 'judy' } })
    const line = await new Line(server).init(params.connectionParams)
    expect(await line.next()).toMatchObject({ type: 'connection_ack', payload: { expiresAt: null } })
    const live = backend.subscribe('subscription { events { events { __typename } } }', {}, params)
    await live.next()
    const [, id] = Buffer.from(judy.id, 'base64url').toString().split(':')
    await server.sql`update users set deleted_at = now() where id = ${Number(id)}`
    await server.sql`update stream set head_seq = head_seq + 1, max_xid = pg_current_xact_id() where id = ${Number(id)}`
    await server.sql`insert into event (stream_id, seq, kind, ref_id) select id, head_seq, 51, id from stream where id = ${Number(id)}`
    expect(await live.ended()).toMatchObject({ code: 4403 })
    expect(await line.ended).toBe(4403)
  })

  test('has no session of its own: logging out does nothing', async () => {
    expect((await backend.request('mutation { logout { errors { message } query { me { username } } } }', {}, as(alice))).data).toEqual({ logout: { errors: [], query: { me: { username: 'alice' } } } })
  })

  test.each([
    ['nobody', () => globalId('User', 999_999)],
    ['a chat', () => globalId('Chat', 1)],
    ['no ID', () => 'alice'],
    ['nothing', () => ''],
    ['somebody who is deleted', async () => {
      const { user } = await register(account('kate'))
      await server.sql`update users set deleted_at = now() where username = 'kate'`
      return user.id as string
    }],
  ])('as %s is bad input', async (_name, actAs) => {
    const id = await actAs()
    const message = 'x-parley-act-as is not the global ID of a user.'
    for (const query of [ME, '{ serverInfo { version } }', '{ chats { totalCount } }']) {
      expect(await backend.request(query, {}, { ...key, 'x-parley-act-as': id })).toEqual({ status: 400, errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })
    }
    const line = await new Line(server).init({ serverKey: KEY, actAs: id })
    const reason = new Promise((resolve) => line.socket.once('close', (_code, text: Buffer) => { resolve(text.toString()) }))
    expect([await line.ended, await reason]).toEqual([4400, message])
  })

  test('takes the server key', async () => {
    const message = 'x-parley-act-as needs x-parley-server-key.'
    expect(await alice.request(ME, {}, { 'x-parley-act-as': bob.id })).toEqual({ status: 400, errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })
    expect(await (await new Line(server).init({ token: alice.token, actAs: bob.id })).ended).toBe(4400)
  })
})

describe('a wrong server key', () => {
  const WRONG = ['', 'x', KEY.slice(1), `${KEY}x`, KEY.toUpperCase()]

  test('is refused over HTTP for every operation, also one that is open to all, and beside a good token', async () => {
    for (const wrong of WRONG) {
      for (const query of ['{ serverInfo { version } }', ME, 'mutation { login(input: { login: "alice", password: "a guess" }) { errors { message } } }', '{ chats { totalCount } }']) {
        const answer = await alice.request(query, {}, { 'x-parley-server-key': wrong, 'x-parley-act-as': bob.id })
        expect(answer).toEqual({ status: 401, errors: [{ message: 'The server key is wrong.', extensions: { code: 'UNAUTHENTICATED' } }] })
      }
    }
    const plain = await fetch(`${server.url}/graphql?query=${encodeURIComponent(ME)}`, { headers: { accept: 'application/json', 'x-parley-server-key': 'x' } })
    expect(plain.status).toBe(401)
  })

  test('closes a WebSocket with 4403', async () => {
    for (const serverKey of [...WRONG, 7, {}, [KEY], false]) expect(await (await new Line(server).init({ serverKey, token: alice.token })).ended).toBe(4403)
  })

  test('is any, where none is set', async () => {
    const keyless = await startServer()
    for (const given of ['', 'null', KEY]) expect((await keyless.anonymous().request('{ serverInfo { version } }', {}, { 'x-parley-server-key': given })).status).toBe(401)
    expect(await (await new Line(keyless).init({ serverKey: KEY })).ended).toBe(4403)
    await keyless.close()
  })

  test('and a good one are nothing that a web page is let send', async () => {
    const open = await startServer({ settings: { SERVER_KEY: KEY, CORS_ORIGINS: 'https://app.example.com' } })
    const preflight = await fetch(`${open.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-parley-server-key,x-parley-act-as' },
    })
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
    expect(preflight.headers.get('access-control-allow-headers')).not.toMatch(/server-key|act-as/i)
    await open.close()
  })
})

test('guesses at an account’s password are counted even with the server key', async () => {
  const strict = await startServer({ settings: { SERVER_KEY: KEY, RATE_LIMITS: 'login=2/3600' } })
  const guess = async () => (await strict.anonymous().request(mutation('login'), { input: { login: 'liam', password: 'a guess' } }, key)).data.login.errors[0].code as string
  expect([await guess(), await guess(), await guess()]).toEqual(['INVALID_CREDENTIALS', 'INVALID_CREDENTIALS', 'RATE_LIMITED'])
  await strict.close()
})
