import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { contentOf, mutation } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let chatId: string
beforeAll(async () => {
  server = await startServer({ settings: { RATE_LIMITS: 'sendMessage=3/3600, users=2/3600, currentPassword=2/3600, refreshSession=2/3600, updateProfile=5/1' } })
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  chatId = await alice.directChat(bob)
})
afterAll(() => server.close())

const SEND = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } duplicate errors { __typename code path message ... on RateLimited { retryAfterSeconds } } } }'
const LIMITED = { __typename: 'RateLimited', code: 'RATE_LIMITED', path: null, message: 'Too often. Wait a moment and try again.', retryAfterSeconds: expect.any(Number) }

const send = async (client: Client): Promise<Untyped> => (await client.ask(SEND, { input: { chatId, text: 'hello', clientId: randomUUID() } })).sendMessage

describe('a mutation beyond its quota', () => {
  test('does nothing and says when to come again, over HTTP and WebSocket alike', async () => {
    for (let n = 0; n < 3; n++) expect((await send(alice)).errors).toEqual([])
    const before = await contentOf(server)
    const overHttp = await send(alice)
    const overSocket = (await alice.subscribe(SEND, { input: { chatId, text: 'hello', clientId: randomUUID() } }).next()).sendMessage
    for (const answer of [overHttp, overSocket]) {
      expect(answer).toEqual({ message: null, duplicate: null, errors: [LIMITED] })
      expect(answer.errors[0].retryAfterSeconds).toBeGreaterThan(3500)
    }
    expect(await contentOf(server)).toEqual(before)
    // What is wrong with the input does not even come up.
    expect((await alice.ask(SEND, { input: { chatId: 'none', clientId: 'none' } })).sendMessage.errors).toEqual([LIMITED])
  })

  test('is so for one user only, and no other mutation', async () => {
    expect((await send(bob)).errors).toEqual([])
    expect((await alice.ask(mutation('setTyping'), { input: { chatId, typing: true } })).setTyping.errors).toEqual([])
  })

  test('counts each of several in one request', async () => {
    const carol = await server.signUp('carol')
    const group = await carol.group('Garden', bob)
    const one = (n: number) => `m${n}: sendMessage(input: { chatId: "${group}", text: "hello", clientId: "${randomUUID()}" }) { message { text } errors { __typename } }`
    const answer = await carol.ask(`mutation { ${[1, 2, 3, 4, 5].map(one).join(' ')} typing: setTyping(input: { chatId: "${group}", typing: false }) { errors { __typename } } }`)
    const sent = { message: { text: 'hello' }, errors: [] }
    const refused = { message: null, errors: [{ __typename: 'RateLimited' }] }
    expect(answer).toEqual({ m1: sent, m2: sent, m3: sent, m4: refused, m5: refused, typing: { errors: [] } })
  })

  test('is free again after its time', async () => {
    const dora = await server.signUp('dora')
    const change = async () => (await dora.ask(mutation('updateProfile'), { input: { bio: 'hello' } })).updateProfile.errors.length as number
    await expect.poll(change, { interval: 1 }).toBe(1)
    await expect.poll(change, { interval: 100 }).toBe(0)
  })

  test('without sign-in is counted for each address, whoever else is signed in there', async () => {
    const refresh = async (client: Client) => (await client.ask('mutation { refreshSession(input: { refreshToken: "none" }) { errors { __typename } } }')).refreshSession.errors
    expect(await refresh(server.anonymous())).toEqual([{ __typename: 'InvalidCredentials' }])
    expect(await refresh(server.anonymous())).toEqual([{ __typename: 'InvalidCredentials' }])
    expect(await refresh(bob)).toEqual([{ __typename: 'RateLimited' }])
  })
})

describe('a query beyond its quota', () => {
  test('is refused as a whole with 429 and the time to wait, over WebSocket with the code alone', async () => {
    const SEARCH = '{ users(search: "alice") { nodes { username } } }'
    const post = (accept: string, query = SEARCH) =>
      fetch(`${server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', accept, authorization: `Bearer ${bob.token}` }, body: JSON.stringify({ query }) })
    // Both in one request, by another name.
    expect((await post('*/*', '{ a: users { totalCount } b: users { totalCount } }')).status).toBe(200)
    for (const accept of ['application/graphql-response+json', 'application/json', '*/*']) {
      const response = await post(accept)
      expect(response.status).toBe(429)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(3500)
      expect(((await response.json()) as Untyped).errors).toMatchObject([{ message: 'Too often. Wait a moment and try again.', path: ['users'], extensions: { code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) } }])
    }
    const { errors } = await bob.subscribe(SEARCH).result()
    expect(errors?.[0]?.extensions).toEqual({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) })
    expect((await alice.request(SEARCH)).status).toBe(200)
  })

  test('is refused behind a mutation as well, which has been done', async () => {
    const erin = await server.signUp('erin')
    const answer = await erin.request('mutation { updateProfile(input: { bio: "done" }) { user { bio } query { a: users { totalCount } b: users { totalCount } c: users { totalCount } } } }')
    expect(answer.errors).toMatchObject([{ path: ['updateProfile', 'query', 'c'], extensions: { code: 'RATE_LIMITED' } }])
    expect(await erin.ask('{ me { bio } }')).toEqual({ me: { bio: 'done' } })
  })
})

test('guesses at the password are counted together, whatever they are for, and forgotten after the right one', async () => {
  const frank = await server.signUp('frank')
  const byEmail = async (currentPassword: string) => (await frank.ask(mutation('updateProfile'), { input: { email: `frank${Math.random()}@example.com`, currentPassword } })).updateProfile.errors
  const byPassword = async (currentPassword: string) => (await frank.ask(mutation('changePassword'), { input: { currentPassword, newPassword: PASSWORD } })).changePassword.errors
  const [wrong, limited] = [[{ code: 'INVALID_CREDENTIALS', path: ['currentPassword'] }], [{ code: 'RATE_LIMITED', path: null }]]
  expect(await byEmail('a guess')).toMatchObject(wrong)
  expect(await byPassword(PASSWORD)).toEqual([])
  expect(await byPassword('a guess')).toMatchObject(wrong)
  expect(await byEmail('a guess')).toMatchObject(wrong)
  expect(await byPassword(PASSWORD)).toMatchObject(limited)
  expect(await byEmail(PASSWORD)).toMatchObject(limited)
})
