import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'

let server: TestServer
let alice: Client
let bob: Client

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
})
afterAll(() => server.close())

const EVENTS = `subscription ($after: String, $chatId: ID) { events(after: $after, chatId: $chatId) { cursor caughtUp reset { reason chatIds }
  events { __typename chatId seq actor { id } ... on MessageAdded { message { id text number } chat { id unreadCount } } ... on MessageChanged { change message { text deletedAt } } ... on ChatAdded { chat { id title } } ... on UserChanged { user { displayName } } } } }`

test('two people sign up, write, and see each other’s messages live', async () => {
  const stream = bob.subscribe(EVENTS)
  expect((await stream.next()).events).toMatchObject({ events: [], caughtUp: true, reset: null })

  const chatId = await alice.directChat(bob)
  expect((await stream.next()).events.events).toEqual([{ __typename: 'ChatAdded', chatId, seq: 1, actor: { id: alice.id }, chat: { id: chatId, title: 'Alice' } }])

  const messageId = await alice.send(chatId, 'Hello Bob')
  const batch = (await stream.next()).events
  expect(batch.events).toEqual([
    { __typename: 'MessageAdded', chatId, seq: 2, actor: { id: alice.id }, message: { id: messageId, text: 'Hello Bob', number: 1 }, chat: { id: chatId, unreadCount: 1 } },
  ])
  stream.unsubscribe()

  await alice.send(chatId, 'Are you there?')
  const later = bob.subscribe(EVENTS, { after: batch.cursor })
  expect((await later.next()).events).toMatchObject({ caughtUp: true, events: [{ seq: 3, message: { text: 'Are you there?' } }] })
})
