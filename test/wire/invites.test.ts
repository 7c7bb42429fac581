import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { appoint, inviteTo, numberIn, rolesIn } from '../support/groups.ts'
import { whileHeld } from '../support/locks.ts'
import { contentOf, expectRefused, notFound, succeed } from '../support/refusal.ts'

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
})
afterAll(() => server.close())

beforeEach(async () => {
  garden = await alice.group('Garden', bob)
})

const PREVIEW = 'query ($code: String!) { chatByInvite(code: $code) { title description memberCount } }'
const NO_INVITE = notFound(['code'], 'No such invite.')
const inviteSeenBy = async (person: Client) => (await person.ask('query ($id: ID!) { chat(id: $id) { invite { code url createdAt } } }', { id: garden })).chat.invite

describe('an invite', () => {
  test('is one per group, seen by those who manage it, and written as a link', async () => {
    expect(await inviteSeenBy(alice)).toBeNull()
    const { invite } = await succeed(alice, 'createInvite', { chatId: garden })
    expect(invite).toEqual({ code: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/), url: `${server.url}/join/${invite.code}`, createdAt: expect.any(String) })
    await appoint(alice, garden, 'ADMIN', bob)
    const before = await contentOf(server)
    expect((await succeed(bob, 'createInvite', { chatId: garden })).invite).toEqual(invite)
    expect(await contentOf(server)).toEqual(before)
    expect([await inviteSeenBy(alice), await inviteSeenBy(bob)]).toEqual([invite, invite])
    await appoint(alice, garden, 'MEMBER', bob)
    expect(await inviteSeenBy(bob)).toBeNull()
  })

  test('links to where clients reach the server', async () => {
    const public_ = await startServer({ settings: { PUBLIC_URL: 'https://chat.example.com/' } })
    const dora = await public_.signUp('dora')
    const { invite } = await succeed(dora, 'createInvite', { chatId: await dora.group('Garden') })
    expect(invite.url).toBe(`https://chat.example.com/join/${invite.code}`)
    await public_.close()
  })

  test('shows whoever has it what it leads into, and lets them in', async () => {
    await succeed(alice, 'updateChat', { chatId: garden, description: 'Roses and thorns' })
    await alice.send(garden, 'before Carol')
    const code = await inviteTo(alice, garden)
    expect(await carol.ask(PREVIEW, { code })).toEqual({ chatByInvite: { title: 'Garden', description: 'Roses and thorns', memberCount: 2 } })
    expect((await succeed(carol, 'joinChat', { code })).chat).toEqual({ id: garden, title: 'Garden', memberCount: 3 })
    expect(await rolesIn(carol, garden)).toEqual(['alice OWNER', 'bob MEMBER', 'carol MEMBER'])
    expect(await carol.ask('query ($id: ID!) { chat(id: $id) { unreadCount messages { totalCount } } }', { id: garden })).toEqual({ chat: { unreadCount: 0, messages: { totalCount: 0 } } })
  })

  test('changes nothing for who is in the group already', async () => {
    const code = await inviteTo(alice, garden)
    const before = await contentOf(server)
    expect((await succeed(bob, 'joinChat', { code })).chat.id).toBe(garden)
    expect((await succeed(alice, 'joinChat', { code })).chat.id).toBe(garden)
    expect(await contentOf(server)).toEqual(before)
    expect(await rolesIn(alice, garden)).toEqual(['alice OWNER', 'bob MEMBER'])
  })

  test('that was taken back leads nowhere, and the next one has another code', async () => {
    const code = await inviteTo(alice, garden)
    expect((await succeed(alice, 'revokeInvite', { chatId: garden })).chat.invite).toBeNull()
    const before = await contentOf(server)
    await succeed(alice, 'revokeInvite', { chatId: garden })
    expect(await contentOf(server)).toEqual(before)
    expect(await carol.ask(PREVIEW, { code })).toEqual({ chatByInvite: null })
    await expectRefused(server, carol, 'joinChat', { code }, NO_INVITE)
    // Not even to who is in it: the code says nothing any more.
    await expectRefused(server, bob, 'joinChat', { code }, NO_INVITE)
    const next = await inviteTo(alice, garden)
    expect(next).not.toBe(code)
    await expectRefused(server, carol, 'joinChat', { code }, NO_INVITE)
    await succeed(carol, 'joinChat', { code: next })
  })

  test.each([
    ['nothing', ''],
    ['too short', 'AAAA'],
    ['one letter too long', 'A'.repeat(23)],
    ['one that nobody made', 'A'.repeat(22)],
    ['a pattern', '%'.repeat(22)],
    ['a NUL', `${'A'.repeat(21)}\0`],
    ['half of a surrogate pair', '\uD800'],
    ['100,000 letters', 'A'.repeat(100_000)],
  ])('by a code that is %s leads nowhere', async (_name, code) => {
    expect(await carol.ask(PREVIEW, { code })).toEqual({ chatByInvite: null })
    await expectRefused(server, carol, 'joinChat', { code }, NO_INVITE)
  })
})

describe('fifty who join at the same time', () => {
  const JOIN = 'mutation ($input: JoinChatInput!) { joinChat(input: $input) { chat { id } errors { __typename path } } }'
  const joinFifty = (code: string) => Promise.all(Array.from({ length: 50 }, async () => (await carol.ask(JOIN, { input: { code } })).joinChat))
  const eventsOfCarol = () => server.sql<{ seq: number }[]>`select seq, kind from event where stream_id = ${numberIn(garden)} and ref_id = ${numberIn(carol.id)}`

  test('as the same person are in it once', async () => {
    const code = await inviteTo(alice, garden)
    for (const answer of await joinFifty(code)) expect(answer).toEqual({ chat: { id: garden }, errors: [] })
    expect(await eventsOfCarol()).toHaveLength(1)
    expect(await rolesIn(alice, garden)).toEqual(['alice OWNER', 'bob MEMBER', 'carol MEMBER'])
  })

  test('after the invite was taken back are not in it', async () => {
    const code = await inviteTo(alice, garden)
    await succeed(alice, 'revokeInvite', { chatId: garden })
    for (const answer of await joinFifty(code)) expect(answer).toEqual({ chat: null, errors: [{ __typename: 'NotFound', path: ['code'] }] })
    expect(await eventsOfCarol()).toHaveLength(0)
  })

  test('while it is taken back are in it once, or not at all', async () => {
    const code = await inviteTo(alice, garden)
    const [answers] = await Promise.all([joinFifty(code), succeed(alice, 'revokeInvite', { chatId: garden })])
    const joined = (await eventsOfCarol()).length
    expect(joined).toBeLessThanOrEqual(1)
    expect((await rolesIn(alice, garden)).length).toBe(2 + joined)
    if (joined === 0) expect(answers.every(({ chat }) => chat === null)).toBe(true)
  })

  test('and wait while it is taken back are not in it', async () => {
    const code = await inviteTo(alice, garden)
    // All of them have read the code before it is gone, and wait for the group that the test holds.
    const { answers } = await whileHeld(server, async ({ tx, waiters }) => {
      await tx`select from stream where id = ${numberIn(garden)} for update`
      const answers = Promise.all([1, 2, 3].map(async () => (await carol.ask(JOIN, { input: { code } })).joinChat))
      await waiters(3)
      await tx`update chat set invite_code = null where id = ${numberIn(garden)}`
      return { answers }
    })
    for (const answer of await answers) expect(answer).toEqual({ chat: null, errors: [{ __typename: 'NotFound', path: ['code'] }] })
    expect(await eventsOfCarol()).toHaveLength(0)
  })
})
