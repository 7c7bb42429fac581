import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Client, Stream, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { expectRefused, globalId, mutation, notAllowed, notFound, succeed } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
let count = 0

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** Three people whom nothing binds yet. */
beforeEach(async () => {
  count += 1
  ;[alice, bob, carol] = (await Promise.all(['alice', 'bob', 'carol'].map((name) => server.signUp(`${name}${count}`)))) as [Client, Client, Client]
})

const CLOSED = 'Nobody can write in this chat: one of you has blocked the other, or is gone.'
const UNKNOWN = globalId('User', 999_999)
const BLOCKED = 'query ($first: Int, $after: String, $last: Int) { me { blockedUsers(first: $first, after: $after, last: $last) { nodes { username } pageInfo { hasNextPage endCursor } } } }'
const EVENTS = 'subscription { events { events { __typename ... on MessageAdded { message { text } } ... on UserChanged { user { username } } } } }'
const PRESENCE = 'subscription ($userIds: [ID!]!) { presence(userIds: $userIds) { presence { state } } }'
const SEEN = 'query ($id: ID!) { user(id: $id) { username presence { state } } }'

const block = (who: Client, whom: Client) => succeed(who, 'blockUser', { userId: whom.id })
const unblock = (who: Client, whom: Client) => succeed(who, 'unblockUser', { userId: whom.id })
const message = (to: object) => ({ ...to, text: 'Hello!', clientId: randomUUID() })
const blockedBy = async (who: Client) => (await who.ask(BLOCKED)).me.blockedUsers.nodes.map(({ username }: { username: string }) => username)

/** Connects a device that stays, and answers what it hears. */
async function connect(person: Client): Promise<Stream<Untyped>> {
  const device = person.subscribe(EVENTS)
  await device.next()
  return device
}

describe('whom somebody has blocked', () => {
  test('is a list of their own, which nobody else reads', async () => {
    expect(await block(alice, carol)).toEqual({ user: { username: `carol${count}` } })
    await block(alice, bob)
    expect(await blockedBy(alice)).toEqual([`bob${count}`, `carol${count}`])
    const first = (await alice.ask(BLOCKED, { first: 1 })).me.blockedUsers
    expect([first.nodes, first.pageInfo.hasNextPage]).toEqual([[{ username: `bob${count}` }], true])
    expect((await alice.ask(BLOCKED, { first: 1, after: first.pageInfo.endCursor })).me.blockedUsers.nodes).toEqual([{ username: `carol${count}` }])
    expect((await alice.ask(BLOCKED, { last: 1 })).me.blockedUsers.nodes).toEqual([{ username: `carol${count}` }])
    expect(await blockedBy(bob)).toEqual([])
    expect(await bob.ask('query ($id: ID!) { user(id: $id) { blockedUsers { nodes { id } } } }', { id: alice.id })).toEqual({ user: { blockedUsers: null } })
    expect(await unblock(alice, carol)).toEqual({ user: { username: `carol${count}` } })
    expect(await blockedBy(alice)).toEqual([`bob${count}`])
  })

  test('is told to their other devices, once for each change, and to nobody else', async () => {
    await alice.directChat(bob)
    const [own, other] = await Promise.all([connect(alice), connect(bob)])
    await block(alice, bob)
    await block(alice, bob)
    await unblock(alice, bob)
    await unblock(alice, bob)
    const group = await carol.group('The end of it', alice, bob)
    await carol.send(group, 'Did you hear?')
    expect(await untilMessage(own)).toEqual([
      { __typename: 'UserChanged', user: { username: `alice${count}` } },
      { __typename: 'UserChanged', user: { username: `alice${count}` } },
      { __typename: 'ChatAdded' },
      { __typename: 'MessageAdded', message: { text: 'Did you hear?' } },
    ])
    expect(await untilMessage(other)).toEqual([{ __typename: 'ChatAdded' }, { __typename: 'MessageAdded', message: { text: 'Did you hear?' } }])
  })

  async function untilMessage(stream: Stream<Untyped>): Promise<Untyped[]> {
    const events: Untyped[] = []
    while (events.at(-1)?.__typename !== 'MessageAdded') events.push(...(await stream.next()).events.events)
    return events
  }
})

describe('the direct chat of two', () => {
  test('is closed to both, and opens again', async () => {
    const chatId = await alice.directChat(bob)
    await alice.send(chatId, 'Before')
    await block(alice, bob)
    for (const [who, whom] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      await expectRefused(server, who, 'sendMessage', message({ chatId }), notAllowed(['chatId'], CLOSED))
      await expectRefused(server, who, 'sendMessage', message({ recipientId: whom.id }), notAllowed(['recipientId'], CLOSED))
      // It is still there, with what was said.
      expect(await succeed(who, 'createDirectChat', { userId: whom.id })).toEqual({ chat: { id: chatId }, created: false })
      expect((await who.ask('query ($id: ID!) { chat(id: $id) { lastMessage { text } } }', { id: chatId })).chat.lastMessage.text).toBe('Before')
    }
    await unblock(alice, bob)
    await bob.send(chatId, 'After')
    await alice.send(chatId, 'After all')
  })

  test('stays closed as long as one of them blocks', async () => {
    const chatId = await alice.directChat(bob)
    await block(alice, bob)
    await block(bob, alice)
    await unblock(alice, bob)
    await expectRefused(server, alice, 'sendMessage', message({ chatId }), notAllowed(['chatId'], CLOSED))
    await unblock(bob, alice)
    await alice.send(chatId, 'Peace')
  })

  test('answers a message that came before the block once more', async () => {
    const input = message({ chatId: await alice.directChat(bob) })
    const sent = await succeed(alice, 'sendMessage', input)
    await block(bob, alice)
    expect(await succeed(alice, 'sendMessage', input)).toEqual({ ...sent, duplicate: true })
  })

  test('is not made any more: to the one who is blocked the other is not there at all', async () => {
    await block(alice, bob)
    const toAlice = { userId: alice.id }
    await expectRefused(server, bob, 'createDirectChat', toAlice, notFound(['userId'], 'No such user.'))
    await expectRefused(server, bob, 'sendMessage', message({ recipientId: alice.id }), notFound(['recipientId'], 'No such user.'))
    expect((await bob.request(mutation('createDirectChat'), { input: toAlice })).data).toEqual((await bob.request(mutation('createDirectChat'), { input: { userId: UNKNOWN } })).data)
    const [known, unknown] = await Promise.all([alice.id, UNKNOWN].map((recipientId) => bob.request(mutation('sendMessage'), { input: message({ recipientId }) })))
    expect(known?.data).toEqual(unknown?.data)
    const UNBLOCK = 'Unblock this user first.'
    await expectRefused(server, alice, 'createDirectChat', { userId: bob.id }, notAllowed(['userId'], UNBLOCK))
    await expectRefused(server, alice, 'sendMessage', message({ recipientId: bob.id }), notAllowed(['recipientId'], UNBLOCK))
    // Whoever blocks and is blocked is not told of the latter.
    await block(bob, alice)
    await expectRefused(server, alice, 'createDirectChat', { userId: bob.id }, notAllowed(['userId'], UNBLOCK))
    await unblock(alice, bob)
    await expectRefused(server, alice, 'createDirectChat', { userId: bob.id }, notFound(['userId'], 'No such user.'))
    await unblock(bob, alice)
    expect(await succeed(alice, 'createDirectChat', { userId: bob.id })).toMatchObject({ created: true })
  })
})

describe('a group', () => {
  test('goes on as before for two of whom one has blocked the other', async () => {
    const chatId = await carol.group('Garden', alice, bob)
    await block(alice, bob)
    const device = await connect(alice)
    await bob.send(chatId, 'The roses are out.')
    expect((await device.next()).events.events).toEqual([{ __typename: 'MessageAdded', message: { text: 'The roses are out.' } }])
    await alice.send(chatId, 'I see them.')
    const { nodes } = (await bob.ask('query ($id: ID!) { chat(id: $id) { members { nodes { user { username } } } } }', { id: chatId })).chat.members
    expect(nodes).toHaveLength(3)
  })

  test('is not made with somebody who has blocked its maker, as if they were not there', async () => {
    await block(alice, bob)
    const group = (...ids: string[]) => ({ title: 'Garden', memberIds: ids })
    await expectRefused(server, bob, 'createGroupChat', group(carol.id, alice.id, UNKNOWN), notFound(['memberIds', '1'], 'No such user.'), notFound(['memberIds', '2'], 'No such user.'))
    // Nobody is kept from bringing in those whom they have blocked themselves.
    await succeed(alice, 'createGroupChat', group(bob.id))
    await unblock(alice, bob)
    await succeed(bob, 'createGroupChat', group(alice.id))
  })
})

describe('presence and typing', () => {
  test('of the two are hidden from each other, and from nobody else', async () => {
    const group = await carol.group('Garden', alice, bob)
    const active = async (who: Client) => {
      const data = await who.ask('query ($id: ID!) { chat(id: $id) { activeMembers { nodes { username } } } users(online: true) { nodes { username } } }', { id: group })
      const [members, users] = [data.chat.activeMembers, data.users].map(({ nodes }: Untyped) => nodes.map(({ username }: { username: string }) => username.replace(/\d+/, '')))
      expect(members).toEqual(users)
      return members
    }
    for (const person of [alice, bob, carol]) await connect(person)
    expect(await active(alice)).toEqual(['alice', 'bob', 'carol'])
    await block(alice, bob)
    expect([await active(alice), await active(bob), await active(carol)]).toEqual([
      ['alice', 'carol'],
      ['bob', 'carol'],
      ['alice', 'bob', 'carol'],
    ])
    expect((await alice.ask(SEEN, { id: bob.id })).user).toEqual({ username: `bob${count}`, presence: null })
    expect((await bob.ask(SEEN, { id: alice.id })).user).toEqual({ username: `alice${count}`, presence: null })
    expect((await carol.ask(SEEN, { id: alice.id })).user.presence).toEqual({ state: 'ONLINE' })
    await unblock(alice, bob)
    expect((await bob.ask(SEEN, { id: alice.id })).user.presence).toEqual({ state: 'ONLINE' })
  })

  test('are not heard of any more by those who listen already', async () => {
    await carol.group('Garden', alice, bob)
    const [own, other, third] = [alice, bob, carol].map((person) => person.subscribe(PRESENCE, { userIds: [alice.id, bob.id].filter((id) => id !== person.id) })) as [Stream<Untyped>, Stream<Untyped>, Stream<Untyped>]
    // Everybody is there by their own subscription; whose came first may have been heard as OFFLINE before.
    const online = async (stream: Stream<Untyped>) => {
      while ((await stream.next()).presence.presence.state !== 'ONLINE');
    }
    await Promise.all([online(own), online(other), online(third).then(() => online(third))])
    await block(alice, bob)
    for (const person of [alice, bob]) await succeed(person, 'setPresence', { availability: 'AWAY' })
    expect((await third.next()).presence.presence.state).toBe('AWAY')
    expect((await third.next()).presence.presence.state).toBe('AWAY')
    expect([own.waiting, other.waiting]).toEqual([0, 0])
    await unblock(alice, bob)
    // What was missed meanwhile is told now, and nothing else before it.
    expect((await own.next()).presence.presence.state).toBe('AWAY')
    expect((await other.next()).presence.presence.state).toBe('AWAY')
  })

  test('do not go over a block: neither in the direct chat nor in a group', async () => {
    const direct = await alice.directChat(bob)
    const group = await carol.group('Garden', alice, bob)
    await block(alice, bob)
    for (const person of [alice, bob]) await expectRefused(server, person, 'setTyping', { chatId: direct, typing: true }, notAllowed(['chatId'], CLOSED))
    const typing = (person: Client) => person.subscribe('subscription { typing { actor { displayName } typing } }')
    const [own, other, third] = [typing(alice), typing(bob), typing(carol)]
    for (const person of [alice, bob, carol]) await connect(person)
    for (const person of [alice, bob, carol]) await succeed(person, 'setTyping', { chatId: group, typing: true })
    // Carol hears both. Alice and Bob hear Carol, who began last, and nothing before.
    const heard = async (stream: Stream<Untyped>) => (await stream.next()).typing.actor.displayName.replace(/\d+/, '') as string
    expect([await heard(third), await heard(third)].sort()).toEqual(['Alice', 'Bob'])
    expect([await heard(own), await heard(other)]).toEqual(['Carol', 'Carol'])
  })
})

test('who saw somebody type before the block hears that it is over, and nothing after', async () => {
  const group = await carol.group('Garden', alice, bob)
  const stream = alice.subscribe('subscription { typing { actor { displayName } typing } }')
  await connect(alice)
  const type = (person: Client, typing: boolean) => succeed(person, 'setTyping', { chatId: group, typing })
  const heard = async () => {
    const { actor, typing } = (await stream.next()).typing
    return [actor.displayName.replace(/\d+/, ''), typing]
  }
  await type(bob, true)
  expect(await heard()).toEqual(['Bob', true])
  await block(alice, bob)
  await type(bob, false)
  expect(await heard()).toEqual(['Bob', false])
  await type(bob, true)
  await type(bob, false)
  await type(carol, true)
  expect(await heard()).toEqual(['Carol', true])
})
