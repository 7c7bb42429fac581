import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Stream, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { addAll, crowd } from '../support/groups.ts'
import { mutation, succeed } from '../support/refusal.ts'
import { startStatementProxy } from '../support/statement-proxy.ts'
import type { StatementProxy } from '../support/statement-proxy.ts'

// A page costs a handful of statements, however much is on it. Counted on the wire, the check of the session included.

let seeding: TestServer
let proxy: StatementProxy
let counted: TestServer
/** Alice at the counted server. */
let alice: Client
/** Her friends there, all of them connected. */
let there: Client[]
let chatId: string
/** A chat of texts alone, which nobody has edited or reacted to. */
let plainId: string

const FRIENDS = 40

beforeAll(async () => {
  seeding = await startServer()
  const owner = await seeding.signUp('alice')
  const friends = await Promise.all(Array.from({ length: FRIENDS }, (_, n) => seeding.signUp(`friend${n}`)))
  const friend = (n: number) => friends[n % FRIENDS] as Client
  await Promise.all(
    Array.from({ length: 30 }, async (_, n) => {
      const direct = await owner.directChat(friend(n))
      // Empty ones, such with a last word of their own, such of the other's.
      if (n % 3 > 0) await (n % 3 === 1 ? owner : friend(n)).send(direct, `hello ${n}`)
      const group = await friend(n).group(`Group ${n}`, owner, ...[1, 2, 3, 4].map((step) => friend(n + step * 7)))
      for (let m = 0; m < n % 4; m++) await friend(n + m * 7).send(group, `message ${m} of ${n}`)
    }),
  )
  chatId = await owner.group('Everybody', ...friends)
  const old: string[] = []
  for (let n = 0; n < 40; n++) old.push(await friend(n).send(chatId, `old ${n}`))
  for (let n = 0; n < 100; n++) {
    // Answers to what is on the page before, to one's own, and to nothing.
    const replyToId = n % 3 === 0 ? undefined : n % 3 === 1 ? old[(n * 7) % 40] : old.at(-1)
    old.push(await friend(n * 3).send(chatId, `new ${n}${n % 4 === 0 ? ` @friend${n % 40} @friend${(n * 3) % 40} @alice` : ''}`, { replyToId }))
  }
  plainId = await owner.group('Plain', ...friends.slice(0, 10))
  for (let n = 0; n < 50; n++) await friend(n % 10).send(plainId, `plain ${n}`)
  // Deeds of all kinds on the newest messages.
  await Promise.all(
    old.slice(-60).map(async (messageId, n) => {
      if (n % 2 === 0) for (const person of [owner, friend(n), friend(n + 1)].slice(0, 1 + (n % 3))) await succeed(person, 'addReaction', { messageId, emoji: '👍' })
      if (n % 3 === 0) await succeed(friend(n + 2), 'addReaction', { messageId, emoji: '🎉' })
      if (n % 5 === 0) await succeed(owner, 'pinMessage', { messageId })
      if (n % 7 === 0) await succeed(friend((40 + n) * 3), 'editMessage', { messageId, text: `edited ${n} @friend1` })
    }),
  )

  proxy = await startStatementProxy(seeding.databaseUrl)
  counted = await startServer({ databaseUrl: proxy.databaseUrl })
  const atCounted = (person: Client) => {
    const client = counted.anonymous()
    client.token = person.token
    client.id = person.id
    return client
  }
  alice = atCounted(owner)
  there = friends.map(atCounted)
}, 180_000)

afterAll(async () => {
  await counted.close()
  await proxy.close()
  await seeding.close()
})

/** The statements of a request: of three runs the fewest, because the log is swept in between now and then. */
async function statementsOf(document: string, variables: Record<string, unknown>, client = alice): Promise<string[]> {
  const runs: string[][] = []
  for (let run = 0; run < 3; run++) runs.push(await proxy.during(() => client.ask(document, variables)))
  return fewest(runs)
}

function fewest(runs: string[][]): string[] {
  return runs.reduce((least, run) => (run.length < least.length ? run : least))
}

const CHATS = `query ($first: Int) { chats(first: $first) { nodes {
  id title kind unreadCount seq lastActivityAt viewerMember { role readUpTo }
  lastMessage { id text createdAt sender { id displayName } }
  members(first: 10) { nodes { role user { username displayName } } }
} pageInfo { hasNextPage endCursor } } }`

const MESSAGES = `query ($chatId: ID!, $last: Int) { chat(id: $chatId) { title messages(last: $last) { nodes {
  id number text createdAt sender { id displayName } replyTo { id text sender { displayName } }
} totalCount pageInfo { hasPreviousPage startCursor } } } }`

describe('a page of 50 chats with their last messages, unread counts, members and all these people', () => {
  test('is full and varied', async () => {
    const { nodes } = (await alice.ask(CHATS, { first: 50 })).chats
    expect(nodes).toHaveLength(50)
    expect(new Set(nodes.map(({ kind }: { kind: string }) => kind))).toEqual(new Set(['DIRECT', 'GROUP']))
    expect(new Set(nodes.map(({ unreadCount }: { unreadCount: number }) => unreadCount)).size).toBeGreaterThan(2)
    expect(new Set(nodes.flatMap(({ members }: { members: { nodes: { user: { username: string } }[] } }) => members.nodes.map(({ user }) => user.username))).size).toBe(FRIENDS + 1)
  })

  test('costs at most 8 statements', async () => {
    const statements = await statementsOf(CHATS, { first: 50 })
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(8)
    expect(statements.length).toBeGreaterThan(4)
  })
})

/** Everything that a message shows, on a page and in what it answers. */
const EVERYTHING = MESSAGES.replace(
  'replyTo {',
  `kind forwarded pinnedAt location { name } mentions { username } reactions { emoji count viewerReacted } editHistory { revision text at }
  replyTo { mentions { username } reactions { emoji count viewerReacted } editHistory { text }`,
)
const WITH_ACTORS = EVERYTHING.replaceAll('viewerReacted', 'viewerReacted actors(first: 3) { nodes { displayName } pageInfo { hasNextPage } }')

describe('a page of 50 messages with everything that they show', () => {
  test('is full and varied', async () => {
    const { nodes } = (await alice.ask(WITH_ACTORS, { chatId, last: 50 })).chat.messages
    expect(nodes).toHaveLength(50)
    const sizes = (of: (node: Untyped) => unknown) => new Set(nodes.map(of))
    expect(sizes((node) => node.reactions.length)).toEqual(new Set([0, 1, 2]))
    expect(sizes((node) => node.reactions.map((group: Untyped) => `${group.count}${group.viewerReacted}`).join()).size).toBeGreaterThan(3)
    expect(sizes((node) => node.editHistory.length)).toEqual(new Set([0, 1]))
    expect(sizes((node) => node.mentions.length).size).toBeGreaterThan(2)
    expect(sizes((node) => node.pinnedAt === null).size).toBe(2)
    expect(nodes.flatMap((node: Untyped) => node.replyTo?.reactions ?? []).length).toBeGreaterThan(5)
    expect(nodes.flatMap((node: Untyped) => node.reactions.flatMap((group: Untyped) => group.actors.nodes)).length).toBeGreaterThan(50)
  })

  test.each([
    ['without those who reacted', EVERYTHING, 8],
    ['with those who reacted', WITH_ACTORS, 11],
  ])('costs, %s, a fixed number of statements, and no more than one of 10', async (_name, document, most) => {
    const statements = await statementsOf(document, { chatId, last: 50 })
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(most)
    expect(statements.length).toBeLessThanOrEqual((await statementsOf(document, { chatId, last: 10 })).length)
  })

  test('costs no more than texts and senders where there is nothing else to show', async () => {
    const [bare, whole] = [await statementsOf(MESSAGES, { chatId: plainId, last: 50 }), await statementsOf(WITH_ACTORS, { chatId: plainId, last: 50 })]
    expect(whole.length, whole.join('\n')).toBe(bare.length)
  })
})

test('the pinned messages and unread mentions of 50 chats cost a statement each', async () => {
  const FIELDS = 'unreadMentionCount pinnedMessages { text pinnedAt reactions { emoji count viewerReacted } }'
  const { nodes } = (await alice.ask(`{ chats(first: 50) { nodes { title ${FIELDS} } } }`)).chats
  expect(nodes.find(({ title }: Untyped) => title === 'Everybody')).toMatchObject({ unreadMentionCount: expect.any(Number), pinnedMessages: { length: 12 } })
  const bare = await statementsOf('{ chats(first: 50) { nodes { title } } }', {})
  expect((await statementsOf('{ chats(first: 50) { nodes { title unreadMentionCount pinnedMessages { text } } } }', {})).length).toBe(bare.length + 2)
  expect((await statementsOf(`{ chats(first: 50) { nodes { title ${FIELDS} } } }`, {})).length).toBe(bare.length + 3)
})

test('a message into a known chat costs one statement, with all that its answer shows of it; what shows more is read', async () => {
  const cost = async (fields: string, more: Record<string, unknown> = {}) => {
    const document = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { ${fields} } duplicate errors { message } } }`
    // Each of its runs is a message of its own.
    const runs: string[][] = []
    for (let run = 0; run < 5; run++) runs.push(await proxy.during(() => alice.ask(document, { input: { chatId: plainId, clientId: randomUUID(), text: 'hello', ...more } })))
    return fewest(runs)
  }
  const own = 'id number seq cursor clientId kind text forwarded revision createdAt editedAt deletedAt pinnedAt location { name } mentions { username } reactions { emoji }'
  const statements = await cost(own, { location: { latitude: 1, longitude: 2, name: 'here' } })
  expect(statements).toHaveLength(1)
  expect(statements[0]).toContain('send_message')
  expect(await cost(`${own} sender { displayName }`)).toHaveLength(2)
  expect(await cost('chat { id }')).toHaveLength(2)
})

test('what this server has stored is not read from the log for its readers', async () => {
  const reader = there[0] as Client
  const stream = reader.subscribe('subscription ($chatId: ID!) { messageAdded(chatId: $chatId) { text } }', { chatId: plainId })
  const heard = async (text: string) => {
    const sending = alice.send(plainId, text)
    expect((await stream.next()).messageAdded.text).toBe(text)
    await sending
  }
  // Nobody says when a subscription has begun; what is sent until then is not brought.
  await expect.poll(() => counted.app.services.hub.size).toBe(1)
  // The first one is read: nothing is known of the chat's events by then.
  await heard('first')
  const statements = await proxy.during(async () => {
    for (const text of ['second', 'third', 'fourth']) await heard(text)
  })
  expect(statements.filter((text) => /from event where event\.stream_id/.test(text))).toEqual([])
  expect(statements.filter((text) => text.includes('send_message'))).toHaveLength(3)
  stream.unsubscribe()
  await expect.poll(() => counted.app.services.hub.size).toBe(0)
})

test('a text without an @ is sent without asking whom it mentions, one with any number of names asks once', async () => {
  const SEND = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { number } errors { message } } }'
  const costOf = async (text: string) => {
    // Each of its runs is a message of its own.
    const runs: string[][] = []
    for (let run = 0; run < 5; run++) runs.push(await proxy.during(() => alice.ask(SEND, { input: { chatId: plainId, clientId: randomUUID(), text } })))
    return fewest(runs).length
  }
  const plain = await costOf('hello')
  expect(await costOf('me@example.com')).toBe(plain)
  expect(await costOf('@friend1')).toBe(plain + 1)
  expect(await costOf(Array.from({ length: 40 }, (_, n) => `@friend${n}`).join(' '))).toBe(plain + 1)
})

describe('a page of 50 messages with their senders and what they answer', () => {
  test('is full and varied', async () => {
    const { nodes } = (await alice.ask(MESSAGES, { chatId, last: 50 })).chat.messages
    expect(nodes).toHaveLength(50)
    expect(new Set(nodes.map(({ sender }: { sender: { id: string } }) => sender.id)).size).toBe(FRIENDS)
    expect(nodes.filter(({ replyTo }: { replyTo: { text: string } | null }) => replyTo?.text.startsWith('old')).length).toBeGreaterThan(10)
  })

  test('costs at most 3 statements, and no more than one of 5', async () => {
    const statements = await statementsOf(MESSAGES, { chatId, last: 50 })
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(3)
    expect(statements.length).toBeGreaterThan(1)
    expect(statements.length).toBeLessThanOrEqual((await statementsOf(MESSAGES, { chatId, last: 5 })).length)
  })
})

describe('who of the people is there', () => {
  let listening: Stream<Untyped>[]
  beforeAll(async () => {
    // Each listens to Alice, so each is connected.
    listening = there.map((friend) => friend.subscribe('subscription ($id: ID!) { presence(userIds: [$id]) { presence { state } user { displayName } } }', { id: alice.id }))
    expect((await Promise.all(listening.map((stream) => stream.next()))).map(({ presence }) => presence.presence.state)).toEqual(Array.from({ length: FRIENDS }, () => 'OFFLINE'))
  })

  const USERS = 'query ($online: Boolean) { users(online: $online, first: 50) { nodes { username presence { state statusText lastSeenAt } } } }'
  const ACTIVE = 'query ($chatId: ID!) { chat(id: $chatId) { activeMembers(first: 30) { nodes { username presence { state } } } } }'
  const EVERYWHERE = '{ chats(first: 50) { nodes { activeMembers(first: 5) { nodes { username presence { state } } } } } }'

  test('is known of all', async () => {
    const online = (nodes: Untyped[]) => nodes.filter(({ presence }) => presence.state === 'ONLINE').length
    expect(online((await alice.ask(USERS)).users.nodes)).toBe(FRIENDS)
    expect((await alice.ask(USERS, { online: true })).users.nodes).toHaveLength(FRIENDS)
    expect(online((await alice.ask(ACTIVE, { chatId })).chat.activeMembers.nodes)).toBe(30)
  })

  test.each([
    ['a page of users', 3, USERS],
    ['a page of those who are online', 4, USERS],
    ['the active members of a group', 5, ACTIVE],
    ['the active members of 50 chats', 5, EVERYWHERE],
  ])('costs with %s at most %i statements', async (name, most, document) => {
    const statements = await statementsOf(document, { chatId, online: name.includes('online') })
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(most)
    expect(statements.length).toBeGreaterThan(1)
  })

  test('reaches 40 who listen by few statements', async () => {
    const statements = await proxy.during(async () => {
      const device = alice.subscribe('subscription { typing { typing } }')
      expect((await Promise.all(listening.map((stream) => stream.next()))).map(({ presence }) => presence)).toEqual(
        Array.from({ length: FRIENDS }, () => ({ presence: { state: 'ONLINE' }, user: { displayName: 'Alice' } })),
      )
      device.unsubscribe()
    })
    // Signing in, who it is, who may know; beside that the log is swept.
    expect(statements.length, statements.join('\n')).toBeLessThan(12)
  })
})

test('the counting counts: a query without a session needs no statement, one within a transaction its begin and commit', async () => {
  expect(await statementsOf('{ serverInfo { version } }', {}, counted.anonymous())).toEqual([])
  const statements = await statementsOf('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { errors { message } } }', { input: { bio: 'Grows roses' } })
  expect(statements.filter((text) => /^(begin|commit)\b/.test(text))).toHaveLength(2)
})

test('the newest messages of 50 chats, with their senders, cost no statement per chat', async () => {
  const statements = await statementsOf('query ($first: Int) { chats(first: $first) { nodes { messages(last: 5) { nodes { text sender { displayName } replyTo { text } } } } } }', { first: 50 })
  expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(4)
})

test("the viewer's own sessions cost one statement, however often the viewer comes up", async () => {
  const statements = await statementsOf('{ me { sessions { id } } again: me { sessions { userAgent } } chats { nodes { members { nodes { user { sessions { id } } } } } } }', {})
  expect(statements.filter((text) => text.includes('"session"') && text.includes('limit'))).toHaveLength(1)
})

describe('a page of 50 chats of those that a filter asks for', () => {
  const FILTERED = 'query ($filter: ChatFilter, $first: Int) { chats(filter: $filter, first: $first) { nodes { id title viewerMember { pinned archived } } totalCount } }'
  const EVERYTHING = { kind: 'DIRECT', search: 'friend', unread: true, archived: false }

  test('is neither empty nor everything', async () => {
    const { totalCount } = (await alice.ask(FILTERED, { filter: EVERYTHING, first: 50 })).chats
    expect(totalCount).toBe(10)
  })

  test('costs no statement more than one without a filter: the page, its people, the count', async () => {
    for (const filter of [EVERYTHING, { kind: 'GROUP' }, { search: 'gro' }, { unread: false }, { archived: false }, null]) {
      const statements = await statementsOf(FILTERED, { filter, first: 50 })
      expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(4)
    }
  })
})

describe('in a group of five thousand', () => {
  let town: string
  let strangers: string[]

  beforeAll(async () => {
    strangers = await crowd(seeding, 5400)
    const owner = seeding.anonymous()
    owner.token = alice.token
    town = await owner.group('Town')
    await addAll(owner, town, strangers.splice(0, 4999))
  }, 120_000)

  test('a page of 100 members with their names costs at most 4 statements', async () => {
    const statements = await statementsOf('query ($id: ID!) { chat(id: $id) { memberCount members(first: 100) { totalCount nodes { role user { displayName } } } } }', { id: town })
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(4)
  })

  test('adding a hundred people costs as many statements as adding one', async () => {
    const add = async (userIds: string[]) =>
      proxy.during(async () => {
        const { addMembers } = await alice.ask(mutation('addMembers'), { input: { chatId: town, userIds } })
        expect(addMembers.errors).toEqual([])
      })
    const hundred = fewest([await add(strangers.splice(0, 100)), await add(strangers.splice(0, 100)), await add(strangers.splice(0, 100))])
    const one = fewest([await add(strangers.splice(0, 1)), await add(strangers.splice(0, 1)), await add(strangers.splice(0, 1))])
    expect(hundred.length, hundred.join('\n')).toBe(one.length)
    expect(hundred.length, hundred.join('\n')).toBeLessThanOrEqual(21)
  })

  test('ending it costs as many as ending a small one', async () => {
    const end = (chatId: string) => proxy.during(() => alice.ask(mutation('deleteChat'), { input: { chatId } }))
    const small = fewest([await end(await alice.group('One')), await end(await alice.group('Two')), await end(await alice.group('Three'))])
    // There is one of these only: a sweep may fall into it.
    expect((await end(town)).length).toBeLessThanOrEqual(small.length + 1)
  })
})
