import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { appoint, inviteTo, numberIn, rolesIn } from '../support/groups.ts'
import { whileHeld } from '../support/locks.ts'
import { contentOf, expectRefused, mutation, notAllowed, notFound, succeed } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
let dora: Client
let garden: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  dora = await server.signUp('dora')
})
afterAll(() => server.close())

beforeEach(async () => {
  garden = await alice.group('Garden', bob)
})

const CHAT = 'query ($id: ID!) { chat(id: $id) { title description memberCount members { totalCount } seq } }'
const NO_CHAT = notFound(['chatId'], 'No such chat.')

describe('who is in a group', () => {
  test('grows by those who are added, each once, and they read only what comes then', async () => {
    await alice.send(garden, 'before Carol')
    const { chat } = await succeed(alice, 'addMembers', { chatId: garden, userIds: [carol.id, bob.id, carol.id, alice.id] })
    expect(chat).toEqual({ id: garden, memberCount: 3 })
    expect(await rolesIn(carol, garden)).toEqual(['alice OWNER', 'bob MEMBER', 'carol MEMBER'])
    await alice.send(garden, 'hello Carol')
    const view = await carol.ask('query ($id: ID!) { chat(id: $id) { unreadCount viewerMember { readUpTo } messages { totalCount nodes { text } } } }', { id: garden })
    expect(view.chat).toEqual({ unreadCount: 1, viewerMember: { readUpTo: 1 }, messages: { totalCount: 1, nodes: [{ text: 'hello Carol' }] } })
    await carol.send(garden, 'hello all')
  })

  test('stays as it is when those who are added are in it: nothing is written', async () => {
    const before = await contentOf(server)
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [bob.id, alice.id] })
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [] })
    expect(await contentOf(server)).toEqual(before)
  })

  test('is counted alike by those who add the same people at the same time', async () => {
    await appoint(alice, garden, 'ADMIN', bob)
    await Promise.all([alice, bob, alice, bob].map((manager) => succeed(manager, 'addMembers', { chatId: garden, userIds: [carol.id, dora.id] })))
    expect((await alice.ask(CHAT, { id: garden })).chat).toMatchObject({ memberCount: 4, members: { totalCount: 4 }, seq: 4 })
  })

  test('shrinks by those who are removed: to them the group does not exist any more', async () => {
    const messageId = await bob.send(garden, 'Bob was here')
    expect((await succeed(alice, 'removeMember', { chatId: garden, userId: bob.id })).chat).toEqual({ id: garden, memberCount: 1 })
    expect(await bob.ask('query ($id: ID!, $messageId: ID!) { chat(id: $id) { id } node(id: $id) { id } message(id: $messageId) { id } chats { totalCount } }', { id: garden, messageId })).toMatchObject({ chat: null, node: null, message: null })
    await expectRefused(server, bob, 'sendMessage', { chatId: garden, clientId: crypto.randomUUID(), text: 'still here?' }, NO_CHAT)
    await expectRefused(server, bob, 'editMessage', { messageId, text: 'changed' }, notFound(['messageId'], 'No such message.'))
    expect(await rolesIn(alice, garden)).toEqual(['alice OWNER'])
  })

  test('is joined again by somebody new: without the role and the settings of before', async () => {
    await appoint(alice, garden, 'ADMIN', bob)
    await succeed(bob, 'updateChatSettings', { chatId: garden, pinned: true, archived: true, mutedUntil: '2999-01-01T00:00:00.000Z' })
    const place = async () => (await bob.ask('query ($id: ID!) { chat(id: $id) { viewerMember { id role pinned archived mutedUntil joinedAt } } }', { id: garden })).chat.viewerMember
    const before = await place()
    await succeed(bob, 'leaveChat', { chatId: garden })
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [bob.id] })
    const after = await place()
    expect(after).toEqual({ id: before.id, role: 'MEMBER', pinned: false, archived: false, mutedUntil: null, joinedAt: expect.any(String) })
    expect(Date.parse(after.joinedAt)).toBeGreaterThan(Date.parse(before.joinedAt))
    expect(await server.sql`select from_seq, to_seq, history_from from member_interval where chat_id = ${numberIn(garden)}`).toEqual([{ from_seq: 1, to_seq: 3, history_from: 1 }])
  })
})

test('somebody whose account ends while they are being added is not in it', async () => {
  const erik = await server.signUp('erik')
  const { answer } = await whileHeld(server, async ({ tx, waiters }) => {
    await tx`select from stream where id = ${numberIn(erik.id)} for update`
    const answer = alice.ask(mutation('addMembers'), { input: { chatId: garden, userIds: [carol.id, erik.id] } })
    await waiters(1)
    await tx`update users set deleted_at = now() where id = ${numberIn(erik.id)}`
    return { answer }
  })
  expect(await answer).toEqual({ addMembers: { chat: null, errors: [notFound(['userIds', '1'], 'No such user.')] } })
  expect(await rolesIn(alice, garden)).toEqual(['alice OWNER', 'bob MEMBER'])
})

describe('a direct chat', () => {
  const GROUP_ONLY = notAllowed(['chatId'], 'This is possible in a group only.')

  test('is of two people for ever', async () => {
    const chatId = await alice.directChat(bob)
    await expectRefused(server, alice, 'addMembers', { chatId, userIds: [carol.id] }, GROUP_ONLY)
    await expectRefused(server, alice, 'removeMember', { chatId, userId: bob.id }, GROUP_ONLY)
    await expectRefused(server, alice, 'setMemberRole', { chatId, userId: bob.id, role: 'ADMIN' }, GROUP_ONLY)
    await expectRefused(server, alice, 'createInvite', { chatId }, GROUP_ONLY)
    await expectRefused(server, alice, 'revokeInvite', { chatId }, GROUP_ONLY)
    await expectRefused(server, alice, 'updateChat', { chatId, title: 'Us' }, GROUP_ONLY)
    await expectRefused(server, alice, 'leaveChat', { chatId }, notAllowed(['chatId'], 'A direct chat cannot be left: delete it instead.'))
  })

  test('that somebody deletes leaves their list with its history, and the other’s stays as it is', async () => {
    const [erin, frank] = [await server.signUp('erin'), await server.signUp('frank')]
    const chatId = await erin.directChat(frank)
    await erin.send(chatId, 'old words')
    await frank.send(chatId, 'more old words')
    expect(await succeed(erin, 'deleteChat', { chatId })).toEqual({ deletedChatId: chatId })
    const look = 'query ($id: ID!) { chats { totalCount nodes { id } } chat(id: $id) { title unreadCount lastMessage { text } messages { totalCount nodes { text } } } }'
    expect(await erin.ask(look, { id: chatId })).toEqual({
      chats: { totalCount: 0, nodes: [] },
      chat: { title: 'Frank', unreadCount: 0, lastMessage: null, messages: { totalCount: 0, nodes: [] } },
    })
    expect(await frank.ask(look, { id: chatId })).toMatchObject({ chats: { totalCount: 1 }, chat: { messages: { totalCount: 2 } } })
    // Again changes nothing.
    const before = await contentOf(server)
    await succeed(erin, 'deleteChat', { chatId })
    expect(await contentOf(server)).toEqual(before)

    await frank.send(chatId, 'Are you there?')
    expect(await erin.ask(look, { id: chatId })).toEqual({
      chats: { totalCount: 1, nodes: [{ id: chatId }] },
      chat: { title: 'Frank', unreadCount: 1, lastMessage: { text: 'Are you there?' }, messages: { totalCount: 1, nodes: [{ text: 'Are you there?' }] } },
    })
  })

  test('that was deleted is the same one again for whoever opens it, still without its history', async () => {
    const [gina, hans] = [await server.signUp('gina'), await server.signUp('hans')]
    const chatId = await gina.directChat(hans)
    await gina.send(chatId, 'old words')
    await succeed(gina, 'deleteChat', { chatId })
    expect(await succeed(gina, 'createDirectChat', { userId: hans.id })).toEqual({ chat: { id: chatId }, created: false })
    expect(await gina.ask('query ($id: ID!) { chats { nodes { id } } chat(id: $id) { messages { totalCount } } }', { id: chatId })).toEqual({ chats: { nodes: [{ id: chatId }] }, chat: { messages: { totalCount: 0 } } })
  })

  test('that was deleted without a word in it comes back as well', async () => {
    const [ida, jan] = [await server.signUp('ida'), await server.signUp('jan')]
    const chatId = await ida.directChat(jan)
    await succeed(ida, 'deleteChat', { chatId })
    expect(await ida.ask('{ chats { totalCount } }')).toEqual({ chats: { totalCount: 0 } })
    await ida.send(chatId, 'first word')
    expect(await ida.ask('{ chats { totalCount } }')).toEqual({ chats: { totalCount: 1 } })
  })
})

describe('a group', () => {
  test('has the name and description that it was given', async () => {
    expect((await succeed(alice, 'updateChat', { chatId: garden, title: '  Roses ', description: 'and thorns' })).chat).toEqual({ id: garden, title: 'Roses', description: 'and thorns' })
    expect((await succeed(alice, 'updateChat', { chatId: garden, title: 'Tulips' })).chat).toEqual({ id: garden, title: 'Tulips', description: 'and thorns' })
    const before = await contentOf(server)
    await succeed(alice, 'updateChat', { chatId: garden, title: 'Tulips ', description: 'and thorns' })
    await succeed(alice, 'updateChat', { chatId: garden })
    expect(await contentOf(server)).toEqual(before)
    expect((await succeed(alice, 'updateChat', { chatId: garden, description: null })).chat).toEqual({ id: garden, title: 'Tulips', description: null })
  })

  test('that its owner ends is over for all', async () => {
    const code = await inviteTo(alice, garden)
    expect(await succeed(alice, 'deleteChat', { chatId: garden })).toEqual({ deletedChatId: garden })
    for (const person of [alice, bob]) expect(await person.ask('query ($id: ID!, $code: String!) { chat(id: $id) { id } chatByInvite(code: $code) { title } }', { id: garden, code })).toEqual({ chat: null, chatByInvite: null })
    await expectRefused(server, alice, 'deleteChat', { chatId: garden }, NO_CHAT)
    await expectRefused(server, alice, 'addMembers', { chatId: garden, userIds: [bob.id] }, NO_CHAT)
    await expectRefused(server, bob, 'joinChat', { code }, notFound(['code'], 'No such invite.'))
    expect(await server.sql`select c.member_count, c.invite_code, m.to_seq from chat c join member m on m.chat_id = c.id where c.id = ${numberIn(garden)}`).toEqual([1, 2].map(() => ({ member_count: 0, invite_code: null, to_seq: 3 })))
  })

  test('is left by its last member with nothing behind: no invite leads into it', async () => {
    const code = await inviteTo(alice, garden)
    await succeed(bob, 'leaveChat', { chatId: garden })
    expect(await succeed(alice, 'leaveChat', { chatId: garden })).toEqual({ chatId: garden })
    expect(await bob.ask('query ($code: String!) { chatByInvite(code: $code) { title } }', { code })).toEqual({ chatByInvite: null })
    await expectRefused(server, alice, 'leaveChat', { chatId: garden }, NO_CHAT)
  })

  test('is handed over by its last owner: to the admin who is there for longest, before any member', async () => {
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [carol.id] })
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [dora.id] })
    await appoint(alice, garden, 'ADMIN', dora)
    await appoint(alice, garden, 'ADMIN', carol)
    await succeed(alice, 'leaveChat', { chatId: garden })
    expect(await rolesIn(bob, garden)).toEqual(['carol OWNER', 'dora ADMIN', 'bob MEMBER'])
    await succeed(dora, 'leaveChat', { chatId: garden })
    await succeed(carol, 'leaveChat', { chatId: garden })
    expect(await rolesIn(bob, garden)).toEqual(['bob OWNER'])
  })

  test('is not handed over while another owner stays', async () => {
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [carol.id] })
    await appoint(alice, garden, 'OWNER', carol)
    await succeed(alice, 'leaveChat', { chatId: garden })
    expect(await rolesIn(bob, garden)).toEqual(['carol OWNER', 'bob MEMBER'])
  })

  test('keeps an owner when all of its owners leave at the same time', async () => {
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [carol.id, dora.id] })
    await appoint(alice, garden, 'OWNER', bob)
    await appoint(alice, garden, 'OWNER', carol)
    await Promise.all([alice, bob, carol].map((owner) => succeed(owner, 'leaveChat', { chatId: garden })))
    expect(await rolesIn(dora, garden)).toEqual(['dora OWNER'])
  })
})

test('whoever types stops with the removal', async () => {
  const stream = alice.subscribe('subscription { typing { actor { displayName } typing } }')
  const probe = alice.subscribe('subscription { events { cursor } }')
  await probe.next()
  await succeed(bob, 'setTyping', { chatId: garden, typing: true })
  expect((await stream.next()).typing).toEqual({ actor: { displayName: 'Bob' }, typing: true })
  const began = performance.now()
  await succeed(alice, 'removeMember', { chatId: garden, userId: bob.id })
  expect((await stream.next()).typing).toEqual({ actor: { displayName: 'Bob' }, typing: false })
  // Far sooner than by itself.
  expect(performance.now() - began).toBeLessThan(3000)
})
