import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { expectBadInput, globalId, succeed } from '../../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
/** Alice and Bob; Bob and Carol. */
let garden: string
let kitchen: string
let mine: string
let unseen: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  garden = await alice.group('Garden', bob)
  await alice.directChat(bob)
  kitchen = await bob.group('Kitchen', carol)
  mine = await alice.send(garden, 'The roses are out.')
  unseen = await bob.send(kitchen, 'Do not tell Alice.')
})
afterAll(() => server.close())

const PAGE = 'first: $first, after: $after, last: $last, before: $before'
const LISTS = {
  chats: `chats(${PAGE}) { edges { cursor } }`,
  users: `users(${PAGE}) { edges { cursor } }`,
  members: `chat(id: $garden) { members(${PAGE}) { edges { cursor } } }`,
  messages: `chat(id: $garden) { messages(${PAGE}) { edges { cursor } } }`,
}
type ListName = keyof typeof LISTS
const NAMES = Object.keys(LISTS) as ListName[]

function documentOf(list: ListName): string {
  const field = LISTS[list]
  return `query (${field.includes('$garden') ? '$garden: ID!, ' : ''}$first: Int, $after: String, $last: Int, $before: String) { ${field} }`
}

/** The first cursor of a list. */
async function cursorOf(list: ListName): Promise<string> {
  const data = await alice.ask(documentOf(list), { garden })
  return (data[list] ?? data.chat[list]).edges[0].cursor as string
}

function refusePage(list: ListName, variables: object, message: string): Promise<void> {
  return expectBadInput(alice, documentOf(list), { garden, ...variables }, message)
}

describe.each(NAMES)('the list of %s', (list) => {
  test('has no page of 1000, nor of -1', async () => {
    for (const size of [1000, 101, -1, -2_147_483_648]) {
      await refusePage(list, { first: size }, `\`first\` must be from 0 to 100, it is ${size}.`)
      await refusePage(list, { last: size }, `\`last\` must be from 0 to 100, it is ${size}.`)
    }
  })

  test('is not read from both ends', async () => {
    const [after, before] = [await cursorOf(list), await cursorOf(list)]
    for (const variables of [{ first: 1, last: 1 }, { first: 1, before }, { last: 1, after }, { after, before }, { first: 0, last: 0 }]) {
      await refusePage(list, variables, 'Use `first` with `after`, or `last` with `before`, not both pairs.')
    }
  })

  test('has no page of nothing but an empty one', async () => {
    for (const variables of [{ first: 0 }, { last: 0 }]) {
      const data = await alice.ask(documentOf(list), { garden, ...variables })
      expect((data[list] ?? data.chat[list]).edges).toEqual([])
    }
  })

  test('does not go on from what is no cursor', async () => {
    const cursor = await cursorOf(list)
    for (const broken of ['', ' ', 'cursor', '\0', '💥', `${cursor}=`, ` ${cursor}`, cursor.slice(0, -2), 'A'.repeat(10_000), written(null), written({}), written([]), written([[]]), written(-1), written(1.5), written(true)]) {
      await refusePage(list, { after: broken }, '`after` is not a cursor of this list.')
    }
    await refusePage(list, { before: 'cursor' }, '`before` is not a cursor of this list.')
  })

  test('does not go on from the cursor of another list', async () => {
    for (const other of NAMES.filter((name) => name !== list)) await refusePage(list, { after: await cursorOf(other) }, '`after` is not a cursor of this list.')
  })
})

describe('a cursor that somebody made up', () => {
  const NOW = '2026-01-31T09:30:00.000Z'
  test.each([
    ['chats', 'a day that no month has', [false, '2026-02-31T09:30:00.000Z', 1]],
    ['chats', 'a time with words in it', [false, '2026-01-31 09:30 (noon)', 1]],
    ['chats', 'a year far away', [false, '9999-12-31T23:59:59.999+99', 1]],
    ['chats', 'the year zero', [false, '0000-01-01T00:00:00.000Z', 1]],
    ['chats', 'a number that is no ID', [false, NOW, -1.5]],
    ['chats', 'a pin that is a number', [1, NOW, 1]],
    ['members', 'a day that no month has', [2, '2026-02-31T09:30:00.000Z', 1]],
    ['members', 'a time with words in it', [2, '2026-01-31 09:30 (noon)', 1]],
    ['members', 'a rank beyond all', [1e12, NOW, 1]],
    ['members', 'a rank of no letters', ['', NOW, 1]],
    ['members', 'a rank of no numbers', [[], NOW, 1]],
    ['members', 'a rank that is true', [true, NOW, 1]],
    ['members', 'a rank that is nothing', [null, NOW, 1]],
    ['users', 'a NUL', 'bob\0'],
  ] as [ListName, string, unknown][])('is none of %s: %s', async (list, _name, key) => {
    await refusePage(list, { after: written(key) }, '`after` is not a cursor of this list.')
  })

  test.each([
    ['chats', [true, NOW, Number.MAX_SAFE_INTEGER]],
    ['members', [0, NOW, 0]],
    ['messages', 0],
    ['messages', Number.MAX_SAFE_INTEGER],
    ['users', ''],
    ['users', "'; drop table users; --"],
  ] as [ListName, unknown][])('but could be one of %s (%j) is a place in the list', async (list, key) => {
    for (const variables of [{ after: written(key) }, { before: written(key) }]) expect((await alice.request(documentOf(list), { garden, ...variables })).errors).toBeUndefined()
  })
})

describe('history around a message', () => {
  const AROUND = 'query ($garden: ID!, $around: ID, $first: Int, $after: String) { chat(id: $garden) { messages(around: $around, first: $first, after: $after) { nodes { id } } } }'

  test('needs a message of this chat', async () => {
    const NOT_HERE = '`around` is not a message of this chat.'
    for (const around of [unseen, globalId('Message', 999_999, 1), sibling(mine, 0), sibling(mine, 999)]) await expectBadInput(alice, AROUND, { garden, around }, NOT_HERE)
    for (const around of ['', 'message', garden]) await expectBadInput(alice, AROUND, { garden, around }, '`around` is not the ID of a Message.')
  })

  test('needs no cursor', async () => {
    await expectBadInput(alice, AROUND, { garden, around: mine, after: await cursorOf('messages') }, 'Use `around` with `first` or `last` for the size of the page, without `after` and `before`.')
    await expectBadInput(alice, AROUND, { garden, around: mine, first: 101 }, '`first` must be from 0 to 100, it is 101.')
  })
})

describe('something by its ID', () => {
  const BY_ID: [string, string, string][] = [
    ['chat', 'query ($id: ID!) { it: chat(id: $id) { id } }', '`id` is not the ID of a Chat.'],
    ['message', 'query ($id: ID!) { it: message(id: $id) { id } }', '`id` is not the ID of a Message.'],
    ['user', 'query ($id: ID!) { it: user(id: $id) { id } }', '`id` is not the ID of a User.'],
    ['directChat', 'query ($id: ID!) { it: directChat(userId: $id) { id } }', '`userId` is not the ID of a User.'],
    ['node', 'query ($id: ID!) { it: node(id: $id) { id } }', '`id` is not a global ID.'],
    ['nodes', 'query ($id: ID!) { it: nodes(ids: [$id]) { id } }', '`ids` is not a global ID.'],
  ]

  test.each(BY_ID)('(%s) is not found by what is no ID', async (_name, document, message) => {
    const broken = ['', ' ', 'garden', '\0', '💥', `${garden}=`, 'A'.repeat(10_000), globalId('Chat'), globalId('Chat', 1, 2), globalId('Chat', -1), globalId('Chat', 1.5), globalId('Nothing', 1), globalId('constructor', 1), globalId('__proto__', 1)]
    for (const id of broken) await expectBadInput(alice, document, { id }, message)
  })

  test('is not found by the ID of another type', async () => {
    const others: Record<string, string[]> = { chat: [alice.id, mine], message: [garden, alice.id], user: [garden, mine], directChat: [garden, mine] }
    for (const [name, document, message] of BY_ID) for (const id of others[name] ?? []) await expectBadInput(alice, document, { id }, message)
  })

  test('that belongs to others reads like what does not exist', async () => {
    const read = async (document: string, id: string) => (await alice.ask(document, { id })).it as Untyped
    const [chat, message, , direct, node] = BY_ID.map(([, document]) => document) as [string, string, string, string, string]
    for (const id of [kitchen, globalId('Chat', 999_999)]) expect([await read(chat, id), await read(node, id)]).toEqual([null, null])
    for (const id of [unseen, sibling(mine, 999), sibling(mine, 0)]) expect([await read(message, id), await read(node, id)]).toEqual([null, null])
    for (const id of [carol.id, alice.id, globalId('User', 999_999)]) expect(await read(direct, id)).toBeNull()
  })

  test('is asked for by a hundred at once, not by more', async () => {
    const NODES = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }'
    const ids = Array.from({ length: 101 }, () => garden)
    await expectBadInput(alice, NODES, { ids }, '`ids` must be at most 100, it has 101.')
    expect((await alice.ask(NODES, { ids: ids.slice(1) })).nodes).toHaveLength(100)
  })

  test('that is a deleted message is still there', async () => {
    const messageId = await alice.send(garden, 'Never mind.')
    await succeed(alice, 'deleteMessage', { messageId })
    expect(await alice.ask('query ($id: ID!) { node(id: $id) { ... on Message { text } } }', { id: messageId })).toEqual({ node: { text: null } })
  })
})

/** A cursor as the server would write it. */
function written(key: unknown): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** The ID of the message of this number in the same chat. */
function sibling(id: string, number: number): string {
  return globalId('Message', Number(Buffer.from(id, 'base64url').toString().split(':')[1]), number)
}
