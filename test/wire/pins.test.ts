import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { hideHistory, listen, succeedOverSocket } from '../support/live.ts'
import { contentOf, mutation, notAllowed, succeed } from '../support/refusal.ts'

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

const pin = (client: Client, messageId: string) => succeed(client, 'pinMessage', { messageId })
const unpin = (client: Client, messageId: string) => succeed(client, 'unpinMessage', { messageId })

async function pinsOf(client: Client, chatId: string): Promise<string[]> {
  const { chat } = await client.ask('query ($id: ID!) { chat(id: $id) { pinnedMessages { text pinnedAt } } }', { id: chatId })
  for (const message of chat.pinnedMessages) expect(message.pinnedAt).toEqual(expect.any(String))
  return chat.pinnedMessages.map((message: Untyped) => message.text)
}

test('the pinned messages of a group are shown to all its members, the newest pin first', async () => {
  const chatId = await alice.group('Garden', bob)
  const [first, second, third] = [await bob.send(chatId, 'first'), await alice.send(chatId, 'second'), await alice.send(chatId, 'third')]
  expect(await pinsOf(bob, chatId)).toEqual([])
  expect(await pin(alice, second)).toEqual({ message: { id: second, pinnedAt: expect.any(String) } })
  await pin(alice, third)
  await pin(alice, first)
  expect(await pinsOf(bob, chatId)).toEqual(['first', 'third', 'second'])
  expect(await unpin(alice, third)).toEqual({ message: { id: third, pinnedAt: null } })
  expect(await pinsOf(bob, chatId)).toEqual(['first', 'second'])
  await pin(alice, third)
  expect(await pinsOf(alice, chatId)).toEqual(['third', 'first', 'second'])
})

test('in a direct chat both may pin and unpin', async () => {
  const chatId = await alice.directChat(bob)
  const messageId = await alice.send(chatId, 'The key is under the mat.')
  await pin(bob, messageId)
  expect(await pinsOf(alice, chatId)).toEqual(['The key is under the mat.'])
  await unpin(alice, messageId)
  expect(await pinsOf(bob, chatId)).toEqual([])
})

test('in a group an admin may as well', async () => {
  const chatId = await alice.group('Garden', bob)
  const messageId = await alice.send(chatId, 'Water on Mondays.')
  await server.sql`update member set role = 'ADMIN' where user_id = (select id from users where username = 'bob') and chat_id = (select max(chat_id) from member)`
  await pin(bob, messageId)
  expect(await pinsOf(alice, chatId)).toEqual(['Water on Mondays.'])
})

test('pinning what is pinned, or unpinning what is not, changes nothing, and nobody hears of it', async () => {
  const chatId = await alice.group('Garden', bob)
  const [pinned, other] = [await alice.send(chatId, 'pinned'), await alice.send(chatId, 'not pinned')]
  await pin(alice, pinned)
  const before = await contentOf(server)
  await pin(alice, pinned)
  await unpin(alice, other)
  expect(await contentOf(server)).toEqual(before)
})

test('a deleted message is not pinned any more, and unpinning it changes nothing', async () => {
  const chatId = await alice.group('Garden', bob)
  const messageId = await alice.send(chatId, 'gone soon')
  await pin(alice, messageId)
  await succeed(alice, 'deleteMessage', { messageId })
  expect(await pinsOf(bob, chatId)).toEqual([])
  expect(await unpin(alice, messageId)).toEqual({ message: { id: messageId, pinnedAt: null } })
})

test('an edited message stays pinned, with its new text', async () => {
  const chatId = await alice.group('Garden', bob)
  const messageId = await alice.send(chatId, 'Water on Mondays.')
  await pin(alice, messageId)
  await succeed(alice, 'editMessage', { messageId, text: 'Water on Tuesdays.' })
  expect(await pinsOf(bob, chatId)).toEqual(['Water on Tuesdays.'])
})

test('whoever came later does not see what was pinned of the time before', async () => {
  const chatId = await alice.group('Garden', bob, carol)
  const [early, late] = [await alice.send(chatId, 'early'), await alice.send(chatId, 'late')]
  await pin(alice, late)
  await pin(alice, early)
  await hideHistory(server, carol, chatId, 2)
  expect(await pinsOf(carol, chatId)).toEqual(['late'])
  expect(await pinsOf(bob, chatId)).toEqual(['early', 'late'])
})

test('fifty are pinned at once and not one more, however many try at the same time', { timeout: 60_000 }, async () => {
  const chatId = await alice.group('Garden', bob)
  const ids = await Promise.all(Array.from({ length: 53 }, (_, n) => alice.send(chatId, `note ${n}`)))
  const answers: Untyped[] = await Promise.all(ids.map((messageId) => alice.ask(mutation('pinMessage'), { input: { messageId } })))
  const full = notAllowed(['messageId'], 'At most 50 messages of a chat can be pinned.')
  expect(answers.flatMap((answer) => answer.pinMessage.errors)).toEqual([full, full, full])
  expect(await pinsOf(bob, chatId)).toHaveLength(50)
  // A pinned one may be pinned again, and another in the place of one that was taken off.
  const [pinned, unpinned] = [true, false].map((isPinned) => ids[answers.findIndex((answer) => (answer.pinMessage.errors.length === 0) === isPinned)] as string)
  await pin(alice, pinned as string)
  await unpin(alice, pinned as string)
  await pin(alice, unpinned as string)
  expect(await pinsOf(bob, chatId)).toHaveLength(50)
})

test('the others hear of pins as changes of the message, which has the number of the event', async () => {
  const chatId = await alice.group('Garden', bob)
  const messageId = await bob.send(chatId, 'The gate is open.')
  const next = await listen(bob, chatId, 'id seq pinnedAt')
  await succeedOverSocket(alice, 'pinMessage', { messageId })
  expect(await next()).toEqual({ __typename: 'MessageChanged', change: 'PINNED', seq: 3, actor: { id: alice.id }, message: { id: messageId, seq: 3, pinnedAt: expect.any(String) } })
  await succeedOverSocket(alice, 'unpinMessage', { messageId })
  expect(await next()).toEqual({ __typename: 'MessageChanged', change: 'PINNED', seq: 4, actor: { id: alice.id }, message: { id: messageId, seq: 4, pinnedAt: null } })
})
