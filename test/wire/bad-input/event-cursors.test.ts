import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeCursor } from '../../../src/event/cursor.ts'
import type { Client, Stream, Untyped } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { globalId } from '../../support/refusal.ts'
import { numberOf } from '../../support/live.ts'

// A subscription never fails for its cursor: it says why it cannot go on from there, and goes on from now.

let server: TestServer
let alice: Client
let bob: Client
/** Alice and Bob; Alice alone. */
let garden: string
let diary: string
/** Alice's own cursor of all her chats. */
let own: string

const EVENTS = 'subscription ($after: String, $chatId: ID) { events(after: $after, chatId: $chatId) { cursor caughtUp reset { reason chatIds } events { __typename ... on MessageAdded { message { text } } } } }'

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  garden = await alice.group('Garden', bob)
  diary = await alice.group('Diary')
  await alice.send(diary, 'Dear diary')
  own = await cursorOf(alice)
})
afterAll(() => server.close())

async function cursorOf(client: Client, chatId?: string): Promise<string> {
  const stream = client.subscribe(EVENTS, { chatId })
  const { events } = await stream.next()
  stream.unsubscribe()
  return events.cursor as string
}

let count = 0
/** The stream begins with a reset, has a cursor that works, and brings what happens from now on. */
async function expectReset(client: Client, stream: Stream<Untyped>, reason: string): Promise<void> {
  const first = (await stream.next()).events
  expect(first).toEqual({ cursor: expect.any(String), caughtUp: true, reset: { reason, chatIds: null }, events: [] })
  const text = `after reset ${++count}`
  await alice.send(garden, text)
  expect((await stream.next()).events).toMatchObject({ reset: null, events: [{ __typename: 'MessageAdded', message: { text } }] })
  stream.unsubscribe()
  const again = client.subscribe(EVENTS, { after: first.cursor })
  expect((await again.next()).events).toMatchObject({ reset: null, events: [{ message: { text } }] })
  again.unsubscribe()
}

/** The numbers of a cursor of Alice's, with more of them at its end. */
function extended(...more: (bigint | number)[]): string {
  const bytes = [...Buffer.from(own, 'base64url')]
  for (const number of more) {
    let rest = BigInt(number)
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
    bytes.push(Number(rest))
  }
  return Buffer.from(bytes).toString('base64url')
}

/** A cursor of Alice's, of all her chats, but for what is given. */
async function forged(change: { client?: Client; chatId?: string; horizon?: bigint; epoch?: string; delivered?: [number, number][] }): Promise<string> {
  const [meta] = await server.sql<{ epoch: string }[]>`select data_epoch() as epoch`
  return encodeCursor({
    viewerId: numberOf((change.client ?? alice).id),
    chatId: change.chatId === undefined ? null : numberOf(change.chatId),
    epoch: change.epoch ?? meta?.epoch ?? '',
    horizon: change.horizon ?? 3n,
    delivered: new Map(change.delivered),
  })
}

const PAGE_CURSOR = Buffer.from('["2026-01-31T09:30:00.000Z",1]').toString('base64url')
const BROKEN: [string, () => string | Promise<string>, string][] = [
  ['nothing', () => '', 'INVALID_CURSOR'],
  ['a word', () => 'cursor', 'INVALID_CURSOR'],
  ['a NUL', () => `${own}\0`, 'INVALID_CURSOR'],
  ['a picture', () => '💥', 'INVALID_CURSOR'],
  ['a cursor of a page', () => PAGE_CURSOR, 'INVALID_CURSOR'],
  ['a global ID', () => garden, 'INVALID_CURSOR'],
  ['half of a cursor', () => own.slice(0, own.length / 2), 'INVALID_CURSOR'],
  ['a cursor with something behind it', () => extended(1), 'INVALID_CURSOR'],
  ['a cursor with spaces', () => ` ${own} `, 'INVALID_CURSOR'],
  ['10,000 letters', () => 'A'.repeat(10_000), 'INVALID_CURSOR'],
  ['a number beyond all', () => Buffer.alloc(200, 255).toString('base64url'), 'INVALID_CURSOR'],
  ['a cursor of Bob’s', () => cursorOf(bob), 'INVALID_CURSOR'],
  ['a cursor of a single chat', () => cursorOf(alice, garden), 'INVALID_CURSOR'],
  ['a cursor of other data', () => forged({ epoch: '00000000000000000000000000000000' }), 'NEW_EPOCH'],
  ['a cursor from a time to come', () => forged({ horizon: 2n ** 63n - 1n }), 'NEW_EPOCH'],
  ['a cursor beyond the newest event of a chat', () => forged({ delivered: [[numberOf(garden), 1_000_000]] }), 'NEW_EPOCH'],
  ['a cursor with an event number beyond all', () => extended(999_999, 2n ** 63n - 1n), 'INVALID_CURSOR'],
  ['a cursor with a chat beyond all', () => extended(2n ** 63n - 1n, 1), 'INVALID_CURSOR'],
]

describe('a stream of all chats that should go on from', () => {
  test.each(BROKEN)('%s begins anew, and says so', async (_name, after, reason) => {
    await expectReset(alice, alice.subscribe(EVENTS, { after: await after() }), reason)
  })

  test.each(BROKEN.filter(([name]) => name !== 'a cursor of a single chat'))('%s, carried by the connection, begins anew and says so', async (_name, carried, reason) => {
    const resumeAfter = await carried()
    await expectReset(alice, alice.subscribe(EVENTS, {}, { connectionParams: { token: alice.token, resumeAfter } }), reason)
  })

  test('a single chat’s cursor, carried by the connection, begins anew: it was meant for another stream', async () => {
    const resumeAfter = await cursorOf(alice, garden)
    const stream = alice.subscribe(EVENTS, {}, { connectionParams: { token: alice.token, resumeAfter } })
    expect((await stream.next()).events).toMatchObject({ caughtUp: true, reset: null, events: [] })
  })

  test('a cursor that names chats of others tells nothing of them', async () => {
    const carol = await server.signUp('carol')
    const secret = await carol.group('Secret')
    await carol.send(secret, 'psst')
    const stream = alice.subscribe(EVENTS, { after: extended(numberOf(secret), 0) })
    const { events } = (await stream.next()).events
    expect(JSON.stringify(events)).not.toContain('psst')
    expect(events.every((event: Untyped) => event.__typename === 'MessageAdded')).toBe(true)
  })
})

describe('a stream of one chat that should go on from', () => {
  test.each(BROKEN.filter(([, , reason]) => reason === 'INVALID_CURSOR').filter(([name]) => name !== 'a cursor of a single chat'))('%s begins anew, and says so', async (_name, after) => {
    const stream = alice.subscribe(EVENTS, { chatId: garden, after: await after() })
    expect((await stream.next()).events).toMatchObject({ caughtUp: true, reset: { reason: 'INVALID_CURSOR', chatIds: null }, events: [] })
  })

  test.each([
    ['a cursor of all chats', () => own],
    ['a cursor of another chat', () => cursorOf(alice, diary)],
  ])('%s begins anew, and says so', async (_name, after) => {
    const stream = alice.subscribe(EVENTS, { chatId: garden, after: await after() })
    expect((await stream.next()).events).toMatchObject({ caughtUp: true, reset: { reason: 'INVALID_CURSOR', chatIds: null }, events: [] })
  })
})

describe('a subscription is refused', () => {
  const NO_CHAT = '`chatId`: no such chat.'
  const NO_ID = '`chatId` is not the ID of a Chat.'
  const users = (n: number) => Array.from({ length: n }, (_, i) => globalId('User', i))
  test.each([
    ['events of a stranger’s chat', EVENTS, () => ({ chatId: diary }), NO_CHAT],
    ['events of a stranger’s chat from a cursor of one’s own', EVENTS, async () => ({ chatId: diary, after: await cursorOf(bob) }), NO_CHAT],
    ['events of a stranger’s chat from a broken cursor', EVENTS, () => ({ chatId: diary, after: 'cursor' }), NO_CHAT],
    ['events of a stranger’s chat from the beginning', EVENTS, async () => ({ chatId: diary, after: await forged({ client: bob, chatId: diary }) }), NO_CHAT],
    ['events of a stranger’s chat from a time to come', EVENTS, async () => ({ chatId: diary, after: await forged({ client: bob, chatId: diary, horizon: 2n ** 62n }) }), NO_CHAT],
    ['events of a stranger’s chat of other data', EVENTS, async () => ({ chatId: diary, after: await forged({ client: bob, chatId: diary, epoch: '00000000000000000000000000000000' }) }), NO_CHAT],
    ['events of a chat that does not exist', EVENTS, () => ({ chatId: globalId('Chat', 999_999) }), NO_CHAT],
    ['events by an ID that is none', EVENTS, () => ({ chatId: 'garden' }), NO_ID],
    ['events by the ID of a user', EVENTS, () => ({ chatId: alice.id }), NO_ID],
    ['messages of a stranger’s chat', 'subscription ($chatId: ID!) { messageAdded(chatId: $chatId) { id } }', () => ({ chatId: diary }), NO_CHAT],
    ['messages by an ID that is none', 'subscription ($chatId: ID!) { messageAdded(chatId: $chatId) { id } }', () => ({ chatId: '' }), NO_ID],
    ['typing in a stranger’s chat', 'subscription ($chatId: ID) { typing(chatId: $chatId) { typing } }', () => ({ chatId: diary }), NO_CHAT],
    ['typing by an ID that is none', 'subscription ($chatId: ID) { typing(chatId: $chatId) { typing } }', () => ({ chatId: 'garden' }), NO_ID],
    ['presence of 101 people', 'subscription ($userIds: [ID!]!) { presence(userIds: $userIds) { user { id } } }', () => ({ userIds: users(101) }), '`userIds` must be at most 100, it has 101.'],
    ['presence of a chat', 'subscription ($userIds: [ID!]!) { presence(userIds: $userIds) { user { id } } }', () => ({ userIds: [garden] }), '`userIds` is not the ID of a User.'],
  ])('for %s', async (_name, document, variables, message) => {
    const { data, errors } = await bob.subscribe(document, await variables()).result()
    expect(errors).toMatchObject([{ message, extensions: { code: 'BAD_USER_INPUT' } }])
    expect(data ?? null).toBeNull()
  })
})
