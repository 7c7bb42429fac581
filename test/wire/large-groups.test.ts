import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { take } from '../support/events.ts'
import { addAll, appoint, crowd, numberIn } from '../support/groups.ts'
import { succeed } from '../support/refusal.ts'

// A group of five thousand: one after the other, as a large group lives.

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
let town: string

const SIZE = 5000

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  town = await alice.group('Town', bob)
  await addAll(alice, town, await crowd(server, SIZE - 2))
}, 120_000)
afterAll(() => server.close())

test('it has as many members as were added, in pages without a gap or a repeat', async () => {
  const seen: string[] = []
  let after: string | null = null
  for (let more = true; more; ) {
    const { chat }: Untyped = await bob.ask('query ($id: ID!, $after: String) { chat(id: $id) { memberCount members(first: 100, after: $after) { totalCount nodes { user { username } } pageInfo { endCursor hasNextPage } } } }', { id: town, after })
    expect([chat.memberCount, chat.members.totalCount]).toEqual([SIZE, SIZE])
    seen.push(...chat.members.nodes.map(({ user }: Untyped) => user.username))
    ;({ endCursor: after, hasNextPage: more } = chat.members.pageInfo)
  }
  expect(seen.slice(0, 2)).toEqual(['alice', 'bob'])
  expect(new Set(seen).size).toBe(SIZE)
})

test('its members write and hear each other', async () => {
  const stream = bob.subscribe('subscription ($chatId: ID!) { events(chatId: $chatId) { cursor events { ... on MessageAdded { message { text } } } } }', { chatId: town })
  await stream.next()
  await alice.send(town, 'Good morning, town')
  expect((await take(stream, 1)).events).toEqual([{ message: { text: 'Good morning, town' } }])
  await bob.send(town, 'Good morning, Alice')
  expect((await take(stream, 1)).events).toEqual([{ message: { text: 'Good morning, Alice' } }])
})

test('somebody comes, somebody leaves, and the owner hands over', async () => {
  await succeed(alice, 'addMembers', { chatId: town, userIds: [carol.id] })
  await appoint(alice, town, 'ADMIN', carol)
  await succeed(bob, 'leaveChat', { chatId: town })
  await succeed(alice, 'leaveChat', { chatId: town })
  const { chat } = await carol.ask('query ($id: ID!) { chat(id: $id) { memberCount viewerMember { role } } }', { id: town })
  expect(chat).toEqual({ memberCount: SIZE - 1, viewerMember: { role: 'OWNER' } })
})

test('it ends for all in one event', async () => {
  await succeed(carol, 'deleteChat', { chatId: town })
  const [row] = await server.sql`select count(*)::int as count from member where chat_id = ${numberIn(town)} and to_seq = (select head_seq from stream where id = ${numberIn(town)})`
  expect(row).toEqual({ count: SIZE - 1 })
})
