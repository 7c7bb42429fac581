import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { contentOf, succeed } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let chatId: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
})
afterAll(() => server.close())

beforeEach(async () => {
  chatId = await alice.group('Garden', bob)
})

const LATER = '2999-12-31T23:59:59.999Z'

describe('how somebody sets a chat', () => {
  test('is theirs alone, and what is left out stays as it is', async () => {
    const set = async (input: object) => (await succeed(bob, 'updateChatSettings', { chatId, ...input })).chat.viewerMember
    expect(await set({ mutedUntil: LATER })).toEqual({ mutedUntil: LATER, archived: false, pinned: false })
    expect(await set({ archived: true, pinned: true })).toEqual({ mutedUntil: LATER, archived: true, pinned: true })
    expect(await set({ archived: false })).toEqual({ mutedUntil: LATER, archived: false, pinned: true })
    expect(await set({ mutedUntil: null })).toEqual({ mutedUntil: null, archived: false, pinned: true })
    const { chat } = await alice.ask('query ($chatId: ID!) { chat(id: $chatId) { members { nodes { user { username } mutedUntil archived pinned } } } }', { chatId })
    expect(chat.members.nodes).toEqual([
      { user: { username: 'alice' }, mutedUntil: null, archived: false, pinned: false },
      { user: { username: 'bob' }, mutedUntil: null, archived: null, pinned: null },
    ])
  })

  test('goes for a direct chat as well', async () => {
    const direct = await bob.directChat(alice)
    expect((await succeed(bob, 'updateChatSettings', { chatId: direct, pinned: true })).chat.viewerMember.pinned).toBe(true)
  })

  test('as it is already, writes nothing', async () => {
    await succeed(bob, 'updateChatSettings', { chatId, mutedUntil: LATER, pinned: true })
    const before = await contentOf(server)
    await succeed(bob, 'updateChatSettings', { chatId, mutedUntil: LATER, pinned: true, archived: false })
    await succeed(bob, 'updateChatSettings', { chatId })
    expect(await contentOf(server)).toEqual(before)
  })

  test('holds until any moment from 1970 to 9999', async () => {
    for (const mutedUntil of ['1970-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z']) {
      expect((await succeed(bob, 'updateChatSettings', { chatId, mutedUntil })).chat.viewerMember.mutedUntil).toBe(mutedUntil)
    }
  })
})
