import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { expectBadInput, expectRefused, globalId, invalid, notFound, succeed } from '../../support/refusal.ts'
import type { Fault } from '../../support/refusal.ts'

// What may not be said of being there, and whom nobody can block.

let server: TestServer
let alice: Client
let bob: Client
let chatId: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  chatId = await alice.directChat(bob)
})
afterAll(() => server.close())

describe('a presence is not set', () => {
  const CASES: [string, object, ...Fault[]][] = [
    ['with a text of 141 letters', { statusText: 'a'.repeat(141) }, invalid(['statusText'], 'statusText must have at most 140 characters, it has 141.')],
    ['with a NUL', { statusText: 'a\0b' }, invalid(['statusText'], 'statusText must not contain the NUL character.')],
    ['with half of a surrogate pair', { statusText: '\ud83d' }, invalid(['statusText'], 'statusText must be well-formed Unicode (it contains half of a surrogate pair).')],
  ]
  test.each(CASES)('%s', async (_name, input, ...faults) => {
    await expectRefused(server, alice, 'setPresence', { availability: 'BUSY', ...input }, ...faults)
  })

  test('to what nobody can be', async () => {
    for (const availability of ['ONLINE', 'busy', '', null, 1]) {
      const { errors } = await alice.request('mutation ($input: SetPresenceInput!) { setPresence(input: $input) { user { id } } }', { input: { availability } })
      expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT')
    }
  })

  test('but 140 letters of any sort may be said, and what is left out stays', async () => {
    const statusText = '👋'.repeat(140)
    expect(await succeed(alice, 'setPresence', { availability: 'BUSY', statusText })).toMatchObject({ user: { presence: { availability: 'BUSY', statusText } } })
    expect(await succeed(alice, 'setPresence', { availability: 'AVAILABLE' })).toMatchObject({ user: { presence: { availability: 'AVAILABLE', statusText } } })
    for (const empty of [null, '', ' \n']) {
      await succeed(alice, 'setPresence', { availability: 'AVAILABLE', statusText })
      expect(await succeed(alice, 'setPresence', { availability: 'AVAILABLE', statusText: empty })).toMatchObject({ user: { presence: { statusText: null } } })
    }
  })
})

describe.each(['blockUser', 'unblockUser'] as const)('%s', (name) => {
  test('needs another person', async () => {
    await expectRefused(server, alice, name, { userId: alice.id }, invalid(['userId'], 'userId must be another person.'))
  })

  test('needs somebody who exists', async () => {
    for (const id of [globalId('User', 999_999), globalId('User', Number.MAX_SAFE_INTEGER)]) await expectRefused(server, alice, name, { userId: id }, notFound(['userId'], 'No such user.'))
  })

  test('needs the ID of a user', async () => {
    for (const id of ['', 'alice', chatId, `${bob.id}=`, globalId('User', -1), '\0']) await expectRefused(server, alice, name, { userId: id }, invalid(['userId'], 'userId is not the ID of a User.'))
  })

  test('done twice changes nothing', async () => {
    await succeed(alice, name, { userId: bob.id })
    const stream = async () => server.sql`select head_seq, closed from stream order by id`
    const before = await stream()
    expect(await succeed(alice, name, { userId: bob.id })).toEqual({ user: { username: 'bob' } })
    expect(await stream()).toEqual(before)
  })
})

describe('lists of people', () => {
  const LISTS = {
    blockedUsers: 'query ($first: Int, $after: String) { me { blockedUsers(first: $first, after: $after) { nodes { id } } } }',
    activeMembers: 'query ($chatId: ID!, $first: Int, $after: String) { chat(id: $chatId) { activeMembers(first: $first, after: $after) { nodes { id } } } }',
    'users who are online': 'query ($first: Int, $after: String) { users(online: true, first: $first, after: $after) { nodes { id } } }',
  }
  test.each(Object.entries(LISTS))('%s have pages of at most 100, and cursors of their own', async (_name, document) => {
    const variables = document.includes('$chatId') ? { chatId } : {}
    for (const first of [101, -1]) await expectBadInput(alice, document, { ...variables, first }, `\`first\` must be from 0 to 100, it is ${first}.`)
    for (const after of ['', 'cursor', Buffer.from('[1]').toString('base64url'), Buffer.from('"\\u0000"').toString('base64url')]) {
      await expectBadInput(alice, document, { ...variables, after }, '`after` is not a cursor of this list.')
    }
    expect((await alice.request(document, { ...variables, first: 0 })).errors).toBeUndefined()
  })
})
