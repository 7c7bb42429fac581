import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { hideHistory, listen, numberOf, succeedOverSocket } from '../support/live.ts'
import { contentOf, succeed } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  await server.signUp('dora')
})
afterAll(() => server.close())

async function mentionsIn(client: Client, messageId: string): Promise<string[]> {
  const { message } = await client.ask('query ($id: ID!) { message(id: $id) { mentions { username } } }', { id: messageId })
  return message.mentions.map((user: Untyped) => user.username).sort()
}

const unreadMentions = async (client: Client, id: string): Promise<number> => (await client.ask('query ($id: ID!) { chat(id: $id) { unreadMentionCount } }', { id })).chat.unreadMentionCount

/** The rows that unread mentions are counted by, as usernames. */
async function rowsOf(chatId: string): Promise<string[]> {
  const rows = await server.sql<{ username: string }[]>`select username from mention join users on id = user_id where chat_id = ${numberOf(chatId)} order by number, username`
  return rows.map((row) => row.username)
}

describe('a text mentions', () => {
  test('members of the chat, in any case, and nobody else', async () => {
    const chatId = await alice.group('Garden', bob, carol)
    expect(await mentionsIn(carol, await alice.send(chatId, 'Look, @Bob and (@CAROL)! Not @dora, @nobody, carol@example.com or dora@bob.'))).toEqual(['bob', 'carol'])
    expect(await mentionsIn(carol, await alice.send(chatId, 'Nobody at all'))).toEqual([])
  })

  test('somebody whose name goes on only by that name', async () => {
    const [bobby, bobb] = [await server.signUp('bob.by'), await server.signUp('bobb')]
    const chatId = await alice.group('Bobs', bob, bobby, bobb)
    expect(await mentionsIn(bob, await alice.send(chatId, 'Hello @bob.by.'))).toEqual(['bob.by'])
    expect(await mentionsIn(bob, await alice.send(chatId, 'Hello @bobb-'))).toEqual(['bobb'])
    expect(await mentionsIn(bob, await alice.send(chatId, 'Hello @bob...'))).toEqual(['bob'])
    expect(await mentionsIn(bob, await alice.send(chatId, 'Hello @bob.b'))).toEqual([])
  })

  test('the other of a direct chat, also with the message that makes the chat', async () => {
    const erin = await server.signUp('erin')
    const { message } = await succeed(alice, 'sendMessage', { recipientId: erin.id, clientId: randomUUID(), text: 'Welcome @erin' })
    expect(await mentionsIn(erin, message.id)).toEqual(['erin'])
    expect((await erin.ask('{ chats { nodes { unreadMentionCount } } }')).chats.nodes).toEqual([{ unreadMentionCount: 1 }])
  })

  test('at most fifty members, those whom it names first', { timeout: 120_000 }, async () => {
    const crowd = await Promise.all(Array.from({ length: 52 }, (_, n) => server.signUp(`member${n}`)))
    const chatId = await alice.group('Crowd', ...crowd)
    const strangers = Array.from({ length: 60 }, (_, n) => `@stranger${n}`)
    const text = [...strangers, ...crowd.map((_, n) => `@member${51 - n}`)].join(' ')
    expect(await mentionsIn(alice, await alice.send(chatId, text))).toEqual(crowd.slice(2).map((_, n) => `member${n + 2}`).sort())
  })
})

describe('unread mentions', () => {
  test('are counted above the read mark, each message once, one’s own not', async () => {
    const [garden, kitchen] = [await alice.group('Garden', bob, carol), await alice.group('Kitchen', bob)]
    const first = await alice.send(garden, '@bob @bob @carol')
    await alice.send(garden, 'hello')
    await carol.send(garden, '@bob?')
    await bob.send(garden, 'I am @bob')
    await alice.send(kitchen, '@bob')
    expect(await bob.ask('{ chats(first: 2) { nodes { title unreadMentionCount } } }')).toEqual({ chats: { nodes: [{ title: 'Kitchen', unreadMentionCount: 1 }, { title: 'Garden', unreadMentionCount: 2 }] } })
    expect(await unreadMentions(carol, garden)).toBe(1)
    expect(await unreadMentions(alice, garden)).toBe(0)
    await succeed(bob, 'markRead', { messageId: first })
    expect(await unreadMentions(bob, garden)).toBe(1)
  })

  test('from before somebody’s time are not theirs', async () => {
    const chatId = await alice.group('Garden', bob)
    await alice.send(chatId, '@bob')
    await alice.send(chatId, '@bob again')
    await hideHistory(server, bob, chatId, 2)
    expect(await unreadMentions(bob, chatId)).toBe(1)
  })

  test('follow the text through edits, and end with it', async () => {
    const chatId = await alice.group('Garden', bob, carol)
    const messageId = await alice.send(chatId, 'Who waters? @bob @alice')
    expect(await rowsOf(chatId)).toEqual(['bob'])
    await succeed(alice, 'editMessage', { messageId, text: 'Who waters? @carol, @bob, not @dora' })
    expect([await mentionsIn(bob, messageId), await rowsOf(chatId)]).toEqual([['bob', 'carol'], ['bob', 'carol']])
    expect(await unreadMentions(carol, chatId)).toBe(1)
    await succeed(alice, 'editMessage', { messageId, text: 'Who waters? @carol or me, @alice?' })
    expect([await mentionsIn(bob, messageId), await rowsOf(chatId)]).toEqual([['alice', 'carol'], ['carol']])
    expect([await unreadMentions(bob, chatId), await unreadMentions(carol, chatId), await unreadMentions(alice, chatId)]).toEqual([0, 1, 0])
    await succeed(alice, 'deleteMessage', { messageId })
    expect([await mentionsIn(bob, messageId), await rowsOf(chatId)]).toEqual([[], []])
    expect(await unreadMentions(carol, chatId)).toBe(0)
  })

  test('are those of the first message where a clientId comes again', async () => {
    const chatId = await alice.group('Garden', bob)
    const input = { chatId, clientId: randomUUID(), text: '@bob' }
    await succeed(alice, 'sendMessage', input)
    const before = await contentOf(server)
    await succeed(alice, 'sendMessage', input)
    expect(await contentOf(server)).toEqual(before)
    expect(await unreadMentions(bob, chatId)).toBe(1)
  })
})

test('whoever is mentioned hears it with the message, and with an edit', async () => {
  const chatId = await alice.group('Garden', bob, carol)
  const next = await listen(bob, chatId, 'id mentions { username }')
  const { message } = await succeedOverSocket(alice, 'sendMessage', { chatId, clientId: randomUUID(), text: 'Hello @bob' })
  expect(await next()).toMatchObject({ __typename: 'MessageAdded', message: { id: message.id, mentions: [{ username: 'bob' }] } })
  await succeedOverSocket(alice, 'editMessage', { messageId: message.id, text: 'Hello @carol' })
  expect(await next()).toMatchObject({ __typename: 'MessageChanged', change: 'EDITED', message: { id: message.id, mentions: [{ username: 'carol' }] } })
})
