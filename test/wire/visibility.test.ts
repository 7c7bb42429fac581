import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { take } from '../support/events.ts'
import { succeed } from '../support/refusal.ts'

// An event is for those who were members when it happened; what it speaks of may be from before their time, or from after it.

const EVENTS = `subscription ($after: String) { events(after: $after) { cursor events {
  __typename chatId seq ... on MessageAdded { message { number text replyTo { text } } chat { id } } ... on MessageChanged { change message { number text editHistory { text } } chat { id } }
} } }`

let server: TestServer
let alice: Client
let bob: Client
let carol: Client

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
})
afterAll(() => server.close())

/** What came of one chat over a resumed stream, so many events. */
async function since(client: Client, after: string, count: number, chatId: string): Promise<Untyped[]> {
  const { events } = await take(client.subscribe(EVENTS, { after }), count)
  return events.filter((event) => event.chatId === chatId)
}

const cursorOf = async (client: Client) => (await client.ask('{ eventCursor }')).eventCursor as string

describe('who joined late', () => {
  test('hears that an old message changed, and nothing of what it says', async () => {
    const chatId = await alice.group('Garden', bob)
    const old = await alice.send(chatId, 'the secret')
    await succeed(alice, 'addMembers', { chatId, userIds: [carol.id] })
    const stream = carol.subscribe(EVENTS)
    await stream.next()
    await succeed(alice, 'editMessage', { messageId: old, text: 'the secret, in other words' })
    const { events } = await take(stream, 1)
    expect(events).toMatchObject([{ __typename: 'MessageChanged', change: 'EDITED', message: { number: 1, text: null, editHistory: [] }, chat: { id: chatId } }])
    // Whoever was there hears it.
    expect((await bob.ask('query ($id: ID!) { message(id: $id) { text } }', { id: old })).message.text).toBe('the secret, in other words')
    expect((await carol.ask('query ($id: ID!) { message(id: $id) { text } }', { id: old })).message).toBeNull()
  })

  test('reads an answer without what it answers', async () => {
    const chatId = await alice.group('Garden', bob)
    const old = await alice.send(chatId, 'the secret')
    await succeed(alice, 'addMembers', { chatId, userIds: [carol.id] })
    const stream = carol.subscribe(EVENTS)
    await stream.next()
    await bob.send(chatId, 'indeed', { replyToId: old })
    expect((await take(stream, 1)).events).toMatchObject([{ message: { number: 2, text: 'indeed', replyTo: null } }])
  })
})

describe('who left', () => {
  test('gets by a cursor from before what was said in their time, as it was said', async () => {
    const chatId = await alice.group('Garden', bob)
    const cursor = await cursorOf(bob)
    await alice.send(chatId, 'while you were here')
    const edited = await alice.send(chatId, 'first wording')
    await succeed(alice, 'editMessage', { messageId: edited, text: 'second wording' })
    await succeed(bob, 'leaveChat', { chatId })
    expect(await since(bob, cursor, 4, chatId)).toMatchObject([
      { __typename: 'MessageAdded', message: { text: 'while you were here' }, chat: null },
      { __typename: 'MessageAdded', message: { text: 'second wording' } },
      { __typename: 'MessageChanged', message: { text: 'second wording' } },
      { __typename: 'ChatRemoved' },
    ])
  })

  test('gets nothing that was written into a message after they had gone', async () => {
    const chatId = await alice.group('Garden', bob)
    const cursor = await cursorOf(bob)
    const id = await alice.send(chatId, 'harmless')
    await succeed(bob, 'leaveChat', { chatId })
    await succeed(alice, 'editMessage', { messageId: id, text: 'about bob' })
    expect(await since(bob, cursor, 2, chatId)).toMatchObject([{ __typename: 'MessageAdded', message: { number: 1, text: null }, chat: null }, { __typename: 'ChatRemoved' }])
  })

  test('and came back gets both times, and nothing of what was between them', async () => {
    const chatId = await alice.group('Garden', bob)
    const cursor = await cursorOf(bob)
    await alice.send(chatId, 'before')
    await succeed(alice, 'removeMember', { chatId, userId: bob.id })
    await alice.send(chatId, 'between')
    await succeed(alice, 'addMembers', { chatId, userIds: [bob.id] })
    await alice.send(chatId, 'after')
    const events = await since(bob, cursor, 4, chatId)
    expect(events.map((event) => [event.__typename, event.message?.text])).toEqual([
      ['MessageAdded', 'before'],
      ['ChatRemoved', undefined],
      ['ChatAdded', undefined],
      ['MessageAdded', 'after'],
    ])
  })
})

describe('a direct chat that was deleted from the list', () => {
  const LIST = '{ chats(first: 50) { nodes { id lastMessage { text } messages(last: 50) { nodes { text } } } } }'
  const idsOf = (answer: Untyped) => answer.chats.nodes.map(({ id }: Untyped) => id)

  test('is not brought back by what is told late', async () => {
    const chatId = await alice.directChat(bob)
    const cursor = await cursorOf(bob)
    const id = await alice.send(chatId, 'old news')
    await succeed(bob, 'deleteChat', { chatId })
    await succeed(alice, 'editMessage', { messageId: id, text: 'old news, edited' })
    const { events } = await take(bob.subscribe(EVENTS, { after: cursor }), 3)
    const told = events.filter((event) => event.chatId === chatId && event.__typename !== 'ReceiptsChanged')
    expect(told).toHaveLength(3)
    expect(told.filter((event) => event.__typename !== 'ChatRemoved')).toMatchObject([
      { __typename: 'MessageAdded', message: { text: null }, chat: null },
      { __typename: 'MessageChanged', message: { text: null }, chat: null },
    ])
    expect(told.find((event) => event.__typename === 'ChatRemoved').seq).toBeNull()
    expect(idsOf(await bob.ask(LIST))).not.toContain(chatId)
    expect(idsOf(await alice.ask(LIST))).toContain(chatId)
  })

  test('comes back with the next message, empty but for it, and in the right order for who was away', async () => {
    const chatId = await carol.directChat(bob)
    await carol.send(chatId, 'old news')
    const cursor = await cursorOf(bob)
    await succeed(bob, 'deleteChat', { chatId })
    await carol.send(chatId, 'fresh news')
    const { chats } = await bob.ask(LIST)
    expect(chats.nodes.find(({ id }: Untyped) => id === chatId)).toMatchObject({ lastMessage: { text: 'fresh news' }, messages: { nodes: [{ text: 'fresh news' }] } })
    const { events } = await take(bob.subscribe(EVENTS, { after: cursor }), 3)
    const told = events.filter((event) => event.chatId === chatId).map((event) => event.__typename as string)
    // Whatever comes first, in the end the chat is there.
    expect(told.filter((name) => name.startsWith('Chat'))).toEqual(['ChatRemoved', 'ChatAdded'])
    expect(told).toContain('MessageAdded')
  })
})
