import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { conflict, contentOf, expectRefused, globalId, invalid, notFound, succeed } from '../../support/refusal.ts'
import type { Fault } from '../../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
/** Bob and Carol. */
let kitchen: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  kitchen = await bob.group('Kitchen', carol)
})
afterAll(() => server.close())

const UNKNOWN = globalId('User', 999_999)

describe('a direct chat is not made', () => {
  const CASES: [string, () => string, Fault][] = [
    ['with oneself', () => alice.id, invalid(['userId'], 'A direct chat needs another person.')],
    ['with a user who does not exist', () => UNKNOWN, notFound(['userId'], 'No such user.')],
    ['with user number zero', () => globalId('User', 0), notFound(['userId'], 'No such user.')],
    ['by an ID that is none', () => 'bob', invalid(['userId'], 'userId is not the ID of a User.')],
    ['by an empty ID', () => '', invalid(['userId'], 'userId is not the ID of a User.')],
    ['by an ID of 10,000 letters', () => 'A'.repeat(10_000), invalid(['userId'], 'userId is not the ID of a User.')],
    ['by an ID with two numbers', () => globalId('User', 1, 2), invalid(['userId'], 'userId is not the ID of a User.')],
    ['by the ID of a chat', () => kitchen, invalid(['userId'], 'userId is not the ID of a User.')],
  ]
  test.each(CASES)('%s', async (_name, userId, fault) => {
    await expectRefused(server, alice, 'createDirectChat', { userId: userId() }, fault)
  })

  test('a second time: it is found, and nothing is written', async () => {
    const made = await succeed(alice, 'createDirectChat', { userId: bob.id })
    expect(made.created).toBe(true)
    const before = await contentOf(server)
    expect(await succeed(bob, 'createDirectChat', { userId: alice.id })).toEqual({ ...made, created: false })
    expect(await contentOf(server)).toEqual(before)
  })
})

describe('a group is not made', () => {
  const CASES: [string, () => object, ...Fault[]][] = [
    ['without a title', () => ({ title: ' ' }), invalid(['title'], 'title must not be empty.')],
    ['with a title of 121 letters', () => ({ title: 'g'.repeat(121) }), invalid(['title'], 'title must have at most 120 characters, it has 121.')],
    ['with a NUL in the title', () => ({ title: 'Gar\0den' }), invalid(['title'], 'title must not contain the NUL character.')],
    ['with a description of 1,001 letters', () => ({ description: 'd'.repeat(1001) }), invalid(['description'], 'description must have at most 1000 characters, it has 1001.')],
    ['with a member who does not exist', () => ({ memberIds: [bob.id, UNKNOWN, carol.id] }), notFound(['memberIds', '1'], 'No such user.')],
    [
      'with several who do not exist, each told',
      () => ({ memberIds: [UNKNOWN, bob.id, globalId('User', 888_888)] }),
      notFound(['memberIds', '0'], 'No such user.'),
      notFound(['memberIds', '2'], 'No such user.'),
    ],
    ['with an ID that is none', () => ({ memberIds: [bob.id, 'carol'] }), invalid(['memberIds', '1'], 'memberIds.1 is not the ID of a User.')],
    [
      'with several IDs that are none',
      () => ({ memberIds: ['carol', bob.id, ''] }),
      invalid(['memberIds', '0'], 'memberIds.0 is not the ID of a User.'),
      invalid(['memberIds', '2'], 'memberIds.2 is not the ID of a User.'),
    ],
    ['with a chat as a member', () => ({ memberIds: [kitchen] }), invalid(['memberIds', '0'], 'memberIds.0 is not the ID of a User.')],
    ['with 101 members', () => ({ memberIds: Array.from({ length: 101 }, (_, n) => globalId('User', n)) }), invalid(['memberIds'], 'memberIds must be at most 100 at once; more can be added later.')],
    ['with 101 times the same member', () => ({ memberIds: Array.from({ length: 101 }, () => bob.id) }), invalid(['memberIds'], 'memberIds must be at most 100 at once; more can be added later.')],
    ['with a clientId that is no UUID', () => ({ clientId: 'first' }), invalid(['clientId'], 'clientId must be a UUID.')],
    [
      'with several faults, each told',
      () => ({ title: '', description: '\0', clientId: '' }),
      invalid(['title'], 'title must not be empty.'),
      invalid(['description'], 'description must not contain the NUL character.'),
      invalid(['clientId'], 'clientId must be a UUID.'),
    ],
  ]
  test.each(CASES)('%s', async (_name, input, ...faults) => {
    await expectRefused(server, alice, 'createGroupChat', { title: 'Garden', memberIds: [bob.id], ...input() }, ...faults)
  })

  test.each([
    ['another title', () => ({ title: 'Kitchen' })],
    ['another description', () => ({ description: 'with roses' })],
    ['another member', () => ({ memberIds: [bob.id, carol.id] })],
  ])('by a clientId that was used for %s', async (_name, change) => {
    const input = { clientId: randomUUID(), title: 'Garden', memberIds: [bob.id] }
    const made = await succeed(alice, 'createGroupChat', input)
    const before = await contentOf(server)
    expect(await succeed(alice, 'createGroupChat', { ...input, title: ' Garden ' })).toEqual(made)
    expect(await contentOf(server)).toEqual(before)
    await expectRefused(server, alice, 'createGroupChat', { ...input, ...change() }, conflict(['clientId'], 'This clientId was used for another chat.'))
  })

  test('of oneself alone and of a hundred names for two it is', async () => {
    for (const [memberIds, memberCount] of [[[], 1], [[alice.id], 1], [Array.from({ length: 100 }, () => bob.id), 2]] as const) {
      const { id } = (await succeed(alice, 'createGroupChat', { title: 'Garden', memberIds })).chat
      expect(await alice.ask('query ($id: ID!) { chat(id: $id) { memberCount } }', { id })).toEqual({ chat: { memberCount } })
    }
  })
})

describe('typing is not told', () => {
  const CASES: [string, () => string, Fault][] = [
    ['in a chat of others', () => kitchen, notFound(['chatId'], 'No such chat.')],
    ['in a chat that does not exist', () => globalId('Chat', 999_999), notFound(['chatId'], 'No such chat.')],
    ['by an ID that is none', () => 'kitchen', invalid(['chatId'], 'chatId is not the ID of a Chat.')],
    ['by the ID of a user', () => bob.id, invalid(['chatId'], 'chatId is not the ID of a Chat.')],
  ]
  test.each(CASES)('%s', async (_name, chatId, fault) => {
    await expectRefused(server, alice, 'setTyping', { chatId: chatId(), typing: true }, fault)
  })
})
