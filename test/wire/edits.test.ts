import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { listen, numberOf, succeedOverSocket } from '../support/live.ts'
import { contentOf, succeed } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
let garden: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  garden = await alice.group('Garden', bob, carol)
})
afterAll(() => server.close())

const MESSAGE = 'query ($id: ID!) { message(id: $id) { text revision createdAt editedAt deletedAt seq location { name } mentions { username } reactions { emoji } pinnedAt editHistory { revision text at } } }'
const read = async (client: Client, id: string): Promise<Untyped> => (await client.ask(MESSAGE, { id })).message
const edit = (client: Client, messageId: string, text: string) => succeed(client, 'editMessage', { messageId, text })

describe('an edited message', () => {
  test('keeps what it said before, oldest first, each with when it was written', async () => {
    const messageId = await alice.send(garden, 'helo')
    const { createdAt, editHistory } = await read(bob, messageId)
    expect(editHistory).toEqual([])
    await edit(alice, messageId, 'hello')
    const { editedAt } = await read(bob, messageId)
    await edit(alice, messageId, 'hello!')
    const message = await read(bob, messageId)
    expect(message).toMatchObject({ text: 'hello!', revision: 3 })
    expect(message.editHistory).toEqual([
      { revision: 1, text: 'helo', at: createdAt },
      { revision: 2, text: 'hello', at: editedAt },
    ])
    expect(Date.parse(message.editedAt)).toBeGreaterThanOrEqual(Date.parse(editedAt))
  })

  test('with the same text is not edited: no revision, no history, nobody hears of it', async () => {
    const messageId = await alice.send(garden, 'hello @bob')
    const before = await contentOf(server)
    await edit(alice, messageId, 'hello @bob')
    expect(await contentOf(server)).toEqual(before)
  })

  test('that had no text gets one, and its history says so', async () => {
    const chatId = await alice.directChat(bob)
    const { message } = await succeed(alice, 'sendMessage', { chatId, clientId: crypto.randomUUID(), location: { latitude: 1, longitude: 2, name: 'Here' } })
    await edit(alice, message.id, 'I am here.')
    expect(await read(bob, message.id)).toMatchObject({ text: 'I am here.', location: { name: 'Here' }, editHistory: [{ revision: 1, text: null }] })
  })

  test('keeps the newest hundred of its former texts', async () => {
    const messageId = await alice.send(garden, 'text 1')
    // A long life, made short: edits 2 to 99 as they are stored.
    await server.sql`insert into message_revision (chat_id, number, revision, body, at)
      select chat_id, number, n, 'text ' || n, created_at from message, generate_series(1, 98) n where body = 'text 1'`
    await server.sql`update message set revision = 99, body = 'text 99' where body = 'text 1'`
    for (let n = 100; n <= 103; n++) await edit(alice, messageId, `text ${n}`)
    const { editHistory, revision } = await read(bob, messageId)
    expect(revision).toBe(103)
    expect(editHistory.map((former: Untyped) => [former.revision, former.text])).toEqual(Array.from({ length: 100 }, (_, i) => [i + 3, `text ${i + 3}`]))
    const [{ count } = { count: -1 }] = await server.sql<{ count: number }[]>`select count(*)::int as count from message_revision where body like 'text %'`
    expect(count).toBe(100)
  })

  test('tells which event gave it its text: a reaction does not, an edit does', async () => {
    const chatId = await alice.directChat(carol)
    const messageId = await alice.send(chatId, 'hello')
    const numbers = async () => (await server.sql`select seq, body_seq from message where chat_id = ${numberOf(chatId)}`)[0]
    await succeed(carol, 'addReaction', { messageId, emoji: '👋' })
    expect(await numbers()).toEqual({ seq: 3, body_seq: 2 })
    await edit(alice, messageId, 'hello!')
    expect(await numbers()).toEqual({ seq: 4, body_seq: 4 })
  })

  test('by twenty at once has a history without gaps', async () => {
    const messageId = await alice.send(garden, 'text 0')
    await Promise.all(Array.from({ length: 20 }, (_, n) => edit(alice, messageId, `text ${n + 1}`)))
    const { text, revision, editHistory } = await read(bob, messageId)
    expect(revision).toBe(21)
    expect(editHistory.map((former: Untyped) => former.revision)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1))
    expect(new Set([...editHistory.map((former: Untyped) => former.text), text])).toEqual(new Set(Array.from({ length: 21 }, (_, n) => `text ${n}`)))
  })
})

describe('a deleted message', () => {
  test('has lost everything that it said and that was said of it', async () => {
    const { message } = await succeed(alice, 'sendMessage', { chatId: garden, clientId: crypto.randomUUID(), text: 'secret for @bob', location: { latitude: 1, longitude: 2, name: 'secret place' } })
    await edit(alice, message.id, 'secret for @bob and @carol')
    await succeed(bob, 'addReaction', { messageId: message.id, emoji: '🤫' })
    await succeed(alice, 'pinMessage', { messageId: message.id })
    await succeed(alice, 'deleteMessage', { messageId: message.id })
    expect(await read(bob, message.id)).toMatchObject({ text: null, deletedAt: expect.any(String), location: null, mentions: [], reactions: [], pinnedAt: null, editHistory: [] })
    // Nor is it anywhere behind the API.
    const left = await server.sql`
      select 'message' as where from message m where m::text like '%secret%'
      union all select 'revision' from message_revision r where r::text like '%secret%'
      union all select 'reaction' from reaction where emoji = '🤫'
      union all select 'mention' from mention n where (chat_id, number) in (select chat_id, number from message where deleted_at is not null)`
    expect(left).toEqual([])
  })

  test('may be anybody’s where an owner or admin of a group deletes it', async () => {
    const chatId = await alice.group('Kitchen', bob, carol)
    const [bobs, carols] = [await bob.send(chatId, 'spam'), await carol.send(chatId, 'more spam')]
    await succeed(alice, 'deleteMessage', { messageId: bobs })
    await server.sql`update member set role = 'ADMIN' where chat_id = ${numberOf(chatId)} and user_id = ${numberOf(bob.id)}`
    await succeed(bob, 'deleteMessage', { messageId: carols })
    for (const messageId of [bobs, carols]) expect(await read(carol, messageId)).toMatchObject({ text: null, deletedAt: expect.any(String) })
  })
})

test('the others hear of edits and deletions, with the message as it is', async () => {
  const messageId = await alice.send(garden, 'helo')
  const next = await listen(bob, garden, 'id seq text revision editHistory { text } deletedAt')
  await succeedOverSocket(alice, 'editMessage', { messageId, text: 'hello' })
  const edited = await next()
  expect(edited).toEqual({
    __typename: 'MessageChanged',
    change: 'EDITED',
    seq: edited.message.seq,
    actor: { id: alice.id },
    message: { id: messageId, seq: expect.any(Number), text: 'hello', revision: 2, editHistory: [{ text: 'helo' }], deletedAt: null },
  })
  await succeedOverSocket(alice, 'deleteMessage', { messageId })
  expect(await next()).toMatchObject({ change: 'DELETED', seq: edited.seq + 1, message: { id: messageId, seq: edited.seq + 1, text: null, revision: 2, editHistory: [], deletedAt: expect.any(String) } })
})
