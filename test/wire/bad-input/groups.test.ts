import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { numberIn } from '../../support/groups.ts'
import { whileHeld } from '../../support/locks.ts'
import { expectBadInput, expectRefused, globalId, invalid, mutation, notFound, succeed } from '../../support/refusal.ts'
import type { Fault, MutationName } from '../../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
/** Alice's, with Bob; and one that Alice is not in. */
let garden: string
let kitchen: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  garden = await alice.group('Garden', bob)
  kitchen = await bob.group('Kitchen', carol)
})
afterAll(() => server.close())

const UNKNOWN = globalId('User', 999_999)
const notAChat = invalid(['chatId'], 'chatId is not the ID of a Chat.')
const noSuchChat = notFound(['chatId'], 'No such chat.')

/** What each mutation of a chat takes besides the chat. */
const OF_A_CHAT: [MutationName, () => object][] = [
  ['updateChat', () => ({ title: 'Roses' })],
  ['addMembers', () => ({ userIds: [bob.id] })],
  ['removeMember', () => ({ userId: bob.id })],
  ['setMemberRole', () => ({ userId: bob.id, role: 'ADMIN' })],
  ['createInvite', () => ({})],
  ['revokeInvite', () => ({})],
  ['leaveChat', () => ({})],
  ['deleteChat', () => ({})],
  ['updateChatSettings', () => ({ pinned: true })],
]

describe.each(OF_A_CHAT)('%s does nothing', (name, input) => {
  test('in a chat of others, which reads like one that does not exist', async () => {
    for (const chatId of [kitchen, globalId('Chat', 999_999), globalId('Chat', 0)]) await expectRefused(server, alice, name, { chatId, ...input() }, noSuchChat)
  })

  test('by what is no ID of a chat', async () => {
    for (const chatId of ['', 'garden', '\0', alice.id, globalId('Chat', 1, 2), 'A'.repeat(10_000)]) await expectRefused(server, alice, name, { chatId, ...input() }, notAChat)
  })

  test('with more than it takes', async () => {
    for (const extra of ['actorId', 'seq', 'memberCount', 'createdAt']) {
      const { errors, data, status } = await alice.request(mutation(name), { input: { chatId: garden, ...input(), [extra]: 1 } })
      expect({ status, data }).toEqual({ status: 400, data: undefined })
      expect(errors?.[0]?.message).toContain(`Field "${extra}" is not defined by type`)
    }
  })
})

describe('nobody is added', () => {
  const CASES: [string, () => string[], ...Fault[]][] = [
    ['who does not exist', () => [bob.id, UNKNOWN, carol.id], notFound(['userIds', '1'], 'No such user.')],
    [
      'of several who do not exist, each told',
      () => [UNKNOWN, carol.id, globalId('User', 888_888), UNKNOWN],
      notFound(['userIds', '0'], 'No such user.'),
      notFound(['userIds', '2'], 'No such user.'),
      notFound(['userIds', '3'], 'No such user.'),
    ],
    [
      'by IDs that are none, each told',
      () => ['carol', carol.id, garden],
      invalid(['userIds', '0'], 'userIds.0 is not the ID of a User.'),
      invalid(['userIds', '2'], 'userIds.2 is not the ID of a User.'),
    ],
    ['of 101 at once', () => Array.from({ length: 101 }, (_, n) => globalId('User', n)), invalid(['userIds'], 'userIds must be at most 100 at once.')],
    ['of 101 times the same', () => Array.from({ length: 101 }, () => carol.id), invalid(['userIds'], 'userIds must be at most 100 at once.')],
  ]
  test.each(CASES)('%s', async (_name, userIds, ...faults) => {
    await expectRefused(server, alice, 'addMembers', { chatId: garden, userIds: userIds() }, ...faults)
  })

  test('by the ID of somebody else’s chat, whose members it does not hold up', async () => {
    const number = numberIn(kitchen)
    await whileHeld(server, async ({ tx }) => {
      await tx`select from stream where id = ${number} for update`
      // Would it wait for the kitchen, it would wait for ever: the test lets go only after.
      await expectRefused(server, alice, 'addMembers', { chatId: garden, userIds: [globalId('User', number)] }, notFound(['userIds', '0'], 'No such user.'))
      return {}
    })
  })

  test('whose account is deleted', async () => {
    const gone = await server.signUp('gone')
    await server.sql`update users set deleted_at = now() where username = 'gone'`
    await expectRefused(server, alice, 'addMembers', { chatId: garden, userIds: [carol.id, gone.id] }, notFound(['userIds', '1'], 'No such user.'))
  })
})

describe('no member is removed and no role given', () => {
  const CASES: [string, () => string, Fault][] = [
    ['to somebody outside', () => carol.id, notFound(['userId'], 'No such member.')],
    ['to a user who does not exist', () => UNKNOWN, notFound(['userId'], 'No such member.')],
    ['by an ID that is none', () => 'bob', invalid(['userId'], 'userId is not the ID of a User.')],
    ['by the ID of a chat', () => garden, invalid(['userId'], 'userId is not the ID of a User.')],
  ]
  test.each(CASES)('%s', async (_name, userId, fault) => {
    await expectRefused(server, alice, 'removeMember', { chatId: garden, userId: userId() }, fault)
    await expectRefused(server, alice, 'setMemberRole', { chatId: garden, userId: userId(), role: 'ADMIN' }, fault)
  })

  test('that nobody has', async () => {
    for (const role of ['KING', '', null, 0]) expect((await alice.request(mutation('setMemberRole'), { input: { chatId: garden, userId: bob.id, role } })).status).toBe(400)
  })
})

describe('a group keeps its name', () => {
  const CASES: [string, object, ...Fault[]][] = [
    ['where the new one is null', { title: null }, invalid(['title'], 'title cannot be cleared.')],
    ['where it is empty', { title: ' ' }, invalid(['title'], 'title must not be empty.')],
    ['where it has 121 letters', { title: 'g'.repeat(121) }, invalid(['title'], 'title must have at most 120 characters, it has 121.')],
    ['where it holds a NUL', { title: 'Gar\0den' }, invalid(['title'], 'title must not contain the NUL character.')],
    ['where the description has 1,001 letters', { title: 'Roses', description: 'd'.repeat(1001) }, invalid(['description'], 'description must have at most 1000 characters, it has 1001.')],
    [
      'with several faults, each told',
      { title: null, description: '\uD800' },
      invalid(['title'], 'title cannot be cleared.'),
      invalid(['description'], 'description must be well-formed Unicode (it contains half of a surrogate pair).'),
    ],
  ]
  test.each(CASES)('%s', async (_name, input, ...faults) => {
    await expectRefused(server, alice, 'updateChat', { chatId: garden, ...input }, ...faults)
  })

  test('up to 120 letters and 1,000 of description', async () => {
    const longest = { title: '💐'.repeat(120), description: '🌹'.repeat(1000) }
    expect((await succeed(alice, 'updateChat', { chatId: garden, ...longest })).chat).toEqual({ id: garden, ...longest })
  })
})

describe('a chat keeps its settings', () => {
  const YEARS = invalid(['mutedUntil'], 'mutedUntil must be in the years 1970 to 9999.')
  const CASES: [string, object, ...Fault[]][] = [
    ['where archived is null', { archived: null }, invalid(['archived'], 'archived cannot be cleared.')],
    ['where pinned is null', { pinned: null, mutedUntil: null }, invalid(['pinned'], 'pinned cannot be cleared.')],
    ['where both are, each told', { archived: null, pinned: null }, invalid(['archived'], 'archived cannot be cleared.'), invalid(['pinned'], 'pinned cannot be cleared.')],
    ['until the year zero', { mutedUntil: '0000-01-01T00:00:00Z' }, YEARS],
    ['until before 1970', { mutedUntil: '1970-01-01T00:00:00+01:00' }, YEARS],
    ['until after 9999', { mutedUntil: '9999-12-31T23:59:59-01:00' }, YEARS],
  ]
  test.each(CASES)('%s', async (_name, input, ...faults) => {
    await expectRefused(server, alice, 'updateChatSettings', { chatId: garden, ...input }, ...faults)
  })

  test('where something is of another type', async () => {
    for (const input of [{ mutedUntil: 'tomorrow' }, { mutedUntil: 0 }, { archived: 'yes' }, { pinned: 1 }]) {
      expect((await alice.request(mutation('updateChatSettings'), { input: { chatId: garden, ...input } })).status).toBe(400)
    }
  })
})

test('chats are listed by no filter that there is not, and from no cursor of theirs before they had pins', async () => {
  const LIST = 'query ($filter: ChatFilter, $after: String) { chats(filter: $filter, after: $after) { totalCount } }'
  for (const filter of [{ kind: 'SECRET' }, { unread: 'yes' }, { members: 2 }, []]) expect((await alice.request(LIST, { filter })).status).toBe(400)
  const after = Buffer.from(JSON.stringify(['2026-01-31T09:30:00.000Z', 1])).toString('base64url')
  await expectBadInput(alice, LIST, { after }, '`after` is not a cursor of this list.')
})
