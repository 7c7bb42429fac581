import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
let chatId: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  chatId = await alice.directChat(bob)
})
afterAll(() => server.close())

const PRESENCE = 'subscription ($userIds: [ID!]!) { presence(userIds: $userIds) { user { username } presence { state lastSeenAt } } }'
const LIVE = 'subscription { events { cursor } }'
const SET_TYPING = 'mutation ($input: SetTypingInput!) { setTyping(input: $input) { errors { __typename path } } }'

describe('presence', () => {
  test('first as it is, then as it changes, over all devices', async () => {
    const stream = alice.subscribe(PRESENCE, { userIds: [bob.id] })
    expect((await stream.next()).presence).toEqual({ user: { username: 'bob' }, presence: { state: 'OFFLINE', lastSeenAt: null } })
    const phone = bob.subscribe(LIVE)
    expect((await stream.next()).presence.presence.state).toBe('ONLINE')
    const laptop = bob.subscribe(LIVE)
    await laptop.next()
    await phone.next()
    await bob.close()
    const { presence } = (await stream.next()).presence
    expect(presence.state).toBe('OFFLINE')
    expect(Math.abs(Date.parse(presence.lastSeenAt) - Date.now())).toBeLessThan(10_000)
    // One device alone ending would have been no news: nothing else came.
    expect(stream.waiting).toBe(0)
  })

  test('is shown to those who share a chat, and to nobody else', async () => {
    const stream = carol.subscribe(PRESENCE, { userIds: [bob.id, carol.id] })
    expect((await stream.next()).presence.user.username).toBe('carol')
    expect(await carol.ask('query ($id: ID!) { user(id: $id) { presence { state } } }', { id: bob.id })).toEqual({ user: { presence: null } })
    expect(await alice.ask('query ($id: ID!) { user(id: $id) { presence { state } } }', { id: bob.id })).toEqual({ user: { presence: { state: 'OFFLINE' } } })
    expect(stream.waiting).toBe(0)
  })

  test('of more than a hundred people is refused', async () => {
    const { errors } = await carol.subscribe(PRESENCE, { userIds: Array.from({ length: 101 }, () => bob.id) }).result()
    expect(errors?.[0]).toMatchObject({ message: '`userIds` must be at most 100, it has 101.', extensions: { code: 'BAD_USER_INPUT' } })
  })
})

describe('typing', () => {
  test('reaches the others of the chat, and ends with the message', async () => {
    const stream = bob.subscribe('subscription { typing { chatId actor { displayName } typing } }')
    const own = alice.subscribe('subscription { typing { typing } }')
    const strange = carol.subscribe('subscription { typing { typing } }')
    await Promise.all([online(bob), online(alice), online(carol)])
    expect(await alice.ask(SET_TYPING, { input: { chatId, typing: true } })).toEqual({ setTyping: { errors: [] } })
    expect((await stream.next()).typing).toEqual({ chatId, actor: { displayName: 'Alice' }, typing: true })
    await alice.send(chatId, 'there it is')
    expect((await stream.next()).typing).toEqual({ chatId, actor: { displayName: 'Alice' }, typing: false })
    expect([own.waiting, strange.waiting, stream.waiting]).toEqual([0, 0, 0])
  })

  test('is over by itself when nobody repeats it', async () => {
    const stream = bob.subscribe('subscription ($chatId: ID!) { typing(chatId: $chatId) { typing } }', { chatId })
    await online(bob)
    await alice.ask(SET_TYPING, { input: { chatId, typing: true } })
    expect((await stream.next()).typing.typing).toBe(true)
    expect((await stream.next()).typing.typing).toBe(false)
  })

  test('is not for strangers, neither to say nor to hear', async () => {
    expect(await carol.ask(SET_TYPING, { input: { chatId, typing: true } })).toEqual({ setTyping: { errors: [{ __typename: 'NotFound', path: ['chatId'] }] } })
    const { errors } = await carol.subscribe('subscription ($chatId: ID!) { typing(chatId: $chatId) { typing } }', { chatId }).result()
    expect(errors?.[0]?.message).toBe('`chatId`: no such chat.')
  })

  /** A socket that was opened after another's subscription: by its first answer the server has taken both. */
  async function online(person: Client): Promise<void> {
    const probe = person.subscribe(LIVE)
    await probe.next()
    probe.unsubscribe()
  }
})
