import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { fill } from '../support/live.ts'
import { take, untilHeard } from '../support/events.ts'

const EVENTS = `subscription ($after: String, $chatId: ID) { events(after: $after, chatId: $chatId) {
  cursor caughtUp reset { reason chatIds } events { __typename chatId seq ... on MessageAdded { message { text } } ... on MessageChanged { change message { text } } ... on ChatAdded { chat { title } } }
} }`

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

const texts = (events: Untyped[]) => events.map((event) => event.message?.text)

describe('from now on', () => {
  test('a start without a cursor brings nothing old, and at once a cursor', async () => {
    const chatId = await alice.group('Garden', bob)
    await alice.send(chatId, 'before')
    const stream = bob.subscribe(EVENTS)
    expect((await stream.next()).events).toMatchObject({ events: [], caughtUp: true, reset: null })
    await alice.send(chatId, 'after')
    expect(texts((await take(stream, 1)).events)).toEqual(['after'])
  })

  test('several chats come over one stream, each in its order', async () => {
    const [garden, kitchen] = [await alice.group('Garden', bob), await carol.group('Kitchen', bob)]
    const stream = bob.subscribe(EVENTS)
    await stream.next()
    await Promise.all([1, 2, 3, 4, 5].flatMap((n) => [alice.send(garden, `garden ${n}`), carol.send(kitchen, `kitchen ${n}`)]))
    const { events } = await take(stream, 10)
    for (const chatId of [garden, kitchen]) {
      const seqs = events.filter((event) => event.chatId === chatId).map((event) => event.seq)
      expect(seqs).toEqual([2, 3, 4, 5, 6])
    }
  })

  test('the stream of one chat is silent about the others', async () => {
    const [garden, kitchen] = [await alice.group('Garden', bob), await alice.group('Kitchen', bob)]
    const stream = bob.subscribe(EVENTS, { chatId: kitchen })
    await stream.next()
    await alice.send(garden, 'roses')
    await alice.send(kitchen, 'bread')
    expect(texts((await take(stream, 1)).events)).toEqual(['bread'])
  })

  test('edits and deletions come as changes, with what the message is by then', async () => {
    const chatId = await alice.directChat(bob)
    const messageId = await alice.send(chatId, 'helo')
    const stream = bob.subscribe(EVENTS, { chatId })
    await stream.next()
    await alice.ask('mutation ($input: EditMessageInput!) { editMessage(input: $input) { errors { message } } }', { input: { messageId, text: 'hello' } })
    expect((await take(stream, 1)).events[0]).toMatchObject({ __typename: 'MessageChanged', change: 'EDITED', message: { text: 'hello' } })
    await alice.ask('mutation ($input: DeleteMessageInput!) { deleteMessage(input: $input) { errors { message } } }', { input: { messageId } })
    expect((await take(stream, 1)).events[0]).toMatchObject({ __typename: 'MessageChanged', change: 'DELETED', message: { text: null } })
  })

  test('a stranger’s chat does not exist', async () => {
    const chatId = await alice.group('Private', bob)
    const { errors } = await carol.subscribe(EVENTS, { chatId }).result()
    expect(errors).toEqual([{ message: '`chatId`: no such chat.', path: ['events'], locations: [expect.anything()], extensions: { code: 'BAD_USER_INPUT' } }])
    const { errors: unknown } = await carol.subscribe(EVENTS, { chatId: Buffer.from('Chat:999999').toString('base64url') }).result()
    expect(unknown).toEqual(errors)
  })
})

describe('from a cursor', () => {
  test('what was missed comes first and once, also after the server was restarted', async () => {
    const chatId = await alice.group('Garden', bob)
    const stream = bob.subscribe(EVENTS)
    await stream.next()
    await alice.send(chatId, 'one')
    const { cursor } = await take(stream, 1)
    stream.unsubscribe()
    await alice.send(chatId, 'two')
    await server.restart()
    await alice.send(chatId, 'three')
    const later = bob.subscribe(EVENTS, { after: cursor })
    const batch = (await later.next()).events
    expect(batch).toMatchObject({ caughtUp: true, reset: null })
    expect(texts(batch.events)).toEqual(['two', 'three'])
    await alice.send(chatId, 'four')
    expect(texts((await take(later, 1)).events)).toEqual(['four'])
  })

  test('a chat joined meanwhile comes as ChatAdded, then with its messages', async () => {
    const stream = carol.subscribe(EVENTS)
    const { cursor } = (await stream.next()).events
    stream.unsubscribe()
    const chatId = await alice.group('Surprise', carol)
    await alice.send(chatId, 'welcome')
    const { events } = await take(carol.subscribe(EVENTS, { after: cursor }), 2)
    expect(events).toMatchObject([
      { __typename: 'ChatAdded', chatId, seq: 1, chat: { title: 'Surprise' } },
      { __typename: 'MessageAdded', chatId, seq: 2 },
    ])
  })

  test('eventCursor continues from the very answer that it came with', async () => {
    const chatId = await alice.group('Garden', bob)
    await alice.send(chatId, 'seen')
    const { eventCursor, chat } = await bob.ask('query ($chatId: ID!) { chat(id: $chatId) { lastMessage { text } } eventCursor }', { chatId })
    expect(chat.lastMessage.text).toBe('seen')
    await alice.send(chatId, 'new')
    expect(texts((await take(bob.subscribe(EVENTS, { after: eventCursor }), 1)).events)).toEqual(['new'])
  })

  test('the connection may bring it, and the further of two counts', async () => {
    const chatId = await alice.group('Garden', bob)
    const stream = bob.subscribe(EVENTS)
    await stream.next()
    await alice.send(chatId, 'one')
    const early = (await take(stream, 1)).cursor
    await alice.send(chatId, 'two')
    const late = (await take(stream, 1)).cursor
    stream.unsubscribe()
    await alice.send(chatId, 'three')
    const carried = bob.subscribe(EVENTS, { after: early }, { connectionParams: { token: bob.token, resumeAfter: late } })
    expect(texts((await take(carried, 1)).events)).toEqual(['three'])
    const alone = bob.subscribe(EVENTS, {}, { connectionParams: { token: bob.token, resumeAfter: early } })
    expect(texts((await take(alone, 2)).events)).toEqual(['two', 'three'])
  })

  test('many missed events come in batches, each with a cursor to go on from', async () => {
    const chatId = await alice.group('Busy', bob)
    const { eventCursor } = await bob.ask('{ eventCursor }')
    for (let n = 0; n < 25; n++) await Promise.all(Array.from({ length: 10 }, (_, i) => alice.send(chatId, `${n * 10 + i}`)))
    const first = (await bob.subscribe(EVENTS, { after: eventCursor }).next()).events
    expect(first).toMatchObject({ caughtUp: false })
    expect(first.events).toHaveLength(100)
    const rest = bob.subscribe(EVENTS, { after: first.cursor })
    const { events } = await take(rest, 150)
    expect(events.map((event) => event.seq)).toEqual(Array.from({ length: 150 }, (_, i) => 102 + i))
  })

  test('more than a thousand in one chat is a reset of that chat alone', async () => {
    const [busy, calm] = [await alice.group('Busy', bob), await alice.group('Calm', bob)]
    const { eventCursor } = await bob.ask('{ eventCursor }')
    await fill(server, busy, alice, 1000)
    const exact = (await bob.subscribe(EVENTS, { after: eventCursor }).next()).events
    expect(exact.reset).toBeNull()
    await fill(server, busy, alice, 1)
    await alice.send(calm, 'still here')
    const over = (await bob.subscribe(EVENTS, { after: eventCursor }).next()).events
    expect(over.reset).toEqual({ reason: 'TOO_MANY', chatIds: [busy] })
    expect(texts(over.events)).toEqual(['still here'])
    await alice.send(busy, 'goes on')
    expect(texts((await take(bob.subscribe(EVENTS, { after: over.cursor }), 1)).events)).toEqual(['goes on'])
  })

  test('a broken, foreign or otherwise scoped cursor is a reset, and it goes on from there', async () => {
    const chatId = await alice.group('Garden', bob)
    const { eventCursor: ofAlice } = await alice.ask('{ eventCursor }')
    const ofChat = (await bob.subscribe(EVENTS, { chatId }).next()).events.cursor
    for (const after of ['', 'not a cursor!', 'AAAA', ofAlice, ofChat, ofAlice.slice(0, -2)]) {
      const stream = bob.subscribe(EVENTS, { after })
      expect((await stream.next()).events, after).toMatchObject({ events: [], caughtUp: true, reset: { reason: 'INVALID_CURSOR', chatIds: null } })
      await alice.send(chatId, `after ${after}`)
      expect(texts((await take(stream, 1)).events)).toEqual([`after ${after}`])
      stream.unsubscribe()
    }
  })

  test('a cursor from before a restore is a reset', async () => {
    const { eventCursor } = await bob.ask('{ eventCursor }')
    await server.sql`update meta set epoch = gen_random_uuid()`
    expect((await bob.subscribe(EVENTS, { after: eventCursor }).next()).events).toMatchObject({ reset: { reason: 'NEW_EPOCH', chatIds: null } })
  })
})

test('messageAdded brings the new messages of a chat, whoever sends them', async () => {
  const chatId = await alice.directChat(bob)
  const stream = bob.subscribe('subscription ($chatId: ID!) { messageAdded(chatId: $chatId) { number text sender { displayName } } }', { chatId })
  // The stream says nothing at its start: a first message that comes shows that it is open.
  const first = await untilHeard(stream, () => alice.send(chatId, 'ping'))
  expect(first.messageAdded).toMatchObject({ text: 'ping', sender: { displayName: 'Alice' } })
  // A change of a message is no new one.
  await alice.ask('mutation ($input: EditMessageInput!) { editMessage(input: $input) { errors { message } } }', { input: { messageId: await alice.send(chatId, 'ping'), text: 'edited' } })
  await bob.send(chatId, 'pong')
  let heard = first
  const ofAlice: number[] = []
  while (heard.messageAdded.sender.displayName === 'Alice') {
    ofAlice.push(heard.messageAdded.number)
    heard = await stream.next()
  }
  expect(new Set(ofAlice).size).toBe(ofAlice.length)
  expect(heard.messageAdded).toMatchObject({ text: 'pong', sender: { displayName: 'Bob' } })
})
