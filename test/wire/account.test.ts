import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Stream, Untyped } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { expectRefused, notAllowed, succeed, wrongCredentials } from '../support/refusal.ts'

const EVENTS = `subscription ($after: String) { events(after: $after) { cursor events {
  __typename chatId seq actor { displayName }
  ... on MessagesErased { upToNumber sender { id username displayName deletedAt } }
  ... on MessageChanged { change message { id reactions { emoji count } } }
  ... on MemberChanged { member { role user { username } } }
  ... on MemberRemoved { user { id displayName } chat { memberCount } }
  ... on UserChanged { user { id displayName } }
} } }`
const HISTORY = 'query ($id: ID!) { chat(id: $id) { title messages(last: 50) { nodes { id text deletedAt sender { id displayName } replyTo { text deletedAt } reactions { emoji count } } } } }'

let server: TestServer
let names = 0

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** Three people who are nobody else's alice, bob and carol. */
async function people(): Promise<[Client, Client, Client]> {
  names += 1
  const [alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map((name) => server.signUp(`${name}${names}`)))
  return [alice, bob, carol] as [Client, Client, Client]
}

const leave = (client: Client, messages = 'ERASE') => succeed(client, 'deleteAccount', { password: PASSWORD, messages })

/** Waits until nothing is left to be done in the background. */
async function settled(): Promise<void> {
  for (;;) {
    const [{ left } = { left: 0 }] = await server.sql<{ left: number }[]>`select count(*)::int as left from account_leaving`
    if (left === 0) return
  }
}

async function until(stream: Stream<Untyped>, fits: (event: Untyped) => boolean): Promise<Untyped[]> {
  const passed: Untyped[] = []
  while (!passed.some(fits)) passed.push(...(await stream.next()).events.events)
  return passed
}

describe('who leaves for good', () => {
  test('is gone at once: profile, e-mail address, sessions, live sockets', async () => {
    const [alice, bob] = await people()
    await alice.directChat(bob)
    await succeed(alice, 'updateProfile', { bio: 'Gardener' })
    const stream = alice.subscribe(EVENTS)
    await stream.next()
    expect((await leave(alice)).deletedUserId).toBe(alice.id)
    expect(await stream.ended()).toMatchObject({ code: 4403 })
    const { user } = await bob.ask('query ($id: ID!) { user(id: $id) { username displayName bio deletedAt presence { state } } }', { id: alice.id })
    const key = Buffer.from(alice.id, 'base64url').toString().split(':')[1]
    expect(user).toEqual({ username: `deleted-${key}`, displayName: 'Deleted account', bio: null, deletedAt: expect.any(String), presence: null })
    expect((await alice.request('{ me { id } }')).data).toEqual({ me: null })
    await settled()
    for (const login of [`alice${names}`, `alice${names}@example.com`]) {
      await expectRefused(server, server.anonymous(), 'login', { login, password: PASSWORD }, wrongCredentials(null, 'The login or the password is wrong.'))
    }
    await expectRefused(server, server.anonymous(), 'refreshSession', { refreshToken: alice.refreshToken }, wrongCredentials(['refreshToken'], 'The refresh token is not valid (any more). Sign in again.'))
    const [stored] = await server.sql`select email, bio, last_seen_at from users where id = ${Number(key)}`
    expect(stored).toEqual({ email: null, bio: null, last_seen_at: null })
  })

  test('leaves the name to whoever takes it', async () => {
    const [alice] = await people()
    await leave(alice)
    const again = await server.signUp(`alice${names}`)
    expect(again.id).not.toBe(alice.id)
    expect((await again.ask('{ userByUsername(username: "ALICE") { id } me { id displayName } }')).me.id).toBe(again.id)
  })

  test('must know the password', async () => {
    const [alice] = await people()
    await expectRefused(server, alice, 'deleteAccount', { password: 'a guess', messages: 'KEEP' }, wrongCredentials(['password'], 'The password is wrong.'))
    expect((await alice.ask('{ me { username } }')).me.username).toBe(`alice${names}`)
  })
})

describe('what they wrote', () => {
  test('is emptied with ERASE, told once per chat, and the threads of others stay readable', async () => {
    const [alice, bob, carol] = await people()
    const chatId = await bob.group('Garden', alice, carol)
    const question = await alice.send(chatId, 'who has roses?')
    await bob.send(chatId, 'I have', { replyToId: question })
    await alice.send(chatId, 'thank you')
    const stream = bob.subscribe(EVENTS)
    await stream.next()
    await leave(alice)
    const passed = await until(stream, (event) => event.__typename === 'MemberRemoved')
    const erased = passed.filter((event) => event.__typename === 'MessagesErased')
    expect(erased).toMatchObject([{ chatId, upToNumber: 3, sender: { id: alice.id, displayName: 'Deleted account', deletedAt: expect.any(String) } }])
    const { nodes } = (await carol.ask(HISTORY, { id: chatId })).chat.messages
    expect(nodes).toMatchObject([
      { text: null, deletedAt: expect.any(String), sender: { displayName: 'Deleted account' } },
      { text: 'I have', deletedAt: null, replyTo: { text: null, deletedAt: expect.any(String) } },
      { text: null, deletedAt: expect.any(String) },
    ])
    expect((await bob.ask('query ($q: String!) { searchMessages(query: $q) { nodes { id } } }', { q: 'roses' })).searchMessages.nodes).toEqual([])
    const [{ left } = { left: 1 }] = await server.sql<{ left: number }[]>`select count(*)::int as left from message where body like '%roses%'`
    expect(left).toBe(0)
  })

  test('stays with KEEP, under the name of a deleted account', async () => {
    const [alice, bob] = await people()
    const chatId = await alice.directChat(bob)
    await alice.send(chatId, 'farewell')
    await leave(alice, 'KEEP')
    await settled()
    expect((await bob.ask(HISTORY, { id: chatId })).chat).toMatchObject({
      title: 'Deleted account',
      messages: { nodes: [{ text: 'farewell', deletedAt: null, sender: { id: alice.id, displayName: 'Deleted account' } }] },
    })
  })

  test('is emptied where they had left before, too', async () => {
    const [alice, bob] = await people()
    const chatId = await bob.group('Past', alice)
    await alice.send(chatId, 'once upon a time')
    await succeed(alice, 'leaveChat', { chatId })
    await leave(alice)
    await settled()
    expect((await bob.ask(HISTORY, { id: chatId })).chat.messages.nodes).toMatchObject([{ text: null, deletedAt: expect.any(String) }])
  })

  test('reactions go either way, and the others’ stay counted', async () => {
    const [alice, bob] = await people()
    const chatId = await bob.group('Garden', alice)
    const id = await bob.send(chatId, 'roses')
    for (const emoji of ['🌹', '👍']) await succeed(alice, 'addReaction', { messageId: id, emoji })
    await succeed(bob, 'addReaction', { messageId: id, emoji: '👍' })
    const stream = bob.subscribe(EVENTS)
    await stream.next()
    await leave(alice, 'KEEP')
    const passed = await until(stream, (event) => event.__typename === 'MemberRemoved')
    expect(passed.filter((event) => event.__typename === 'MessageChanged')).toMatchObject([{ change: 'REACTIONS', message: { id, reactions: [{ emoji: '👍', count: 1 }] } }])
    expect(passed.some((event) => event.__typename === 'MessagesErased')).toBe(false)
    const seqs = passed.filter((event) => event.chatId === chatId && event.seq !== null).map((event) => event.seq)
    expect(seqs).toEqual(seqs.map((_, index) => seqs[0] + index))
  })
})

describe('their chats', () => {
  test('a group is handed over, and its members hear of it', async () => {
    const [alice, bob, carol] = await people()
    const chatId = await alice.group('Garden', bob, carol)
    await succeed(alice, 'setMemberRole', { chatId, userId: carol.id, role: 'ADMIN' })
    const stream = bob.subscribe(EVENTS)
    await stream.next()
    await leave(alice, 'KEEP')
    const passed = await until(stream, (event) => event.__typename === 'MemberRemoved')
    expect(passed.filter((event) => event.seq !== null)).toMatchObject([
      { __typename: 'MemberChanged', member: { role: 'OWNER', user: { username: `carol${names}` } } },
      { __typename: 'MemberRemoved', user: { id: alice.id, displayName: 'Deleted account' }, chat: { memberCount: 2 } },
    ])
  })

  test('a direct chat stays with the other, who can write no more', async () => {
    const [alice, bob] = await people()
    const chatId = await alice.directChat(bob)
    await alice.send(chatId, 'farewell')
    await leave(alice)
    await settled()
    const closed = 'Nobody can write in this chat: one of you has blocked the other, or is gone.'
    await expectRefused(server, bob, 'sendMessage', { chatId, clientId: randomUUID(), text: 'wait' }, notAllowed(['chatId'], closed))
    expect((await bob.ask('query ($id: ID!) { chat(id: $id) { title } }', { id: chatId })).chat.title).toBe('Deleted account')
  })

  test('contacts hear that the account is gone', async () => {
    const [alice, bob] = await people()
    await alice.directChat(bob)
    const stream = bob.subscribe(EVENTS)
    await stream.next()
    await leave(alice)
    const [changed] = (await until(stream, (event) => event.__typename === 'UserChanged' && event.user.id === alice.id)).filter((event) => event.__typename === 'UserChanged' && event.user.id === alice.id)
    expect(changed.user.displayName).toBe('Deleted account')
  })

  test('are left also where the server dies in the middle', async () => {
    const [alice, bob] = await people()
    const chatId = await bob.group('Locked', alice)
    await alice.send(chatId, 'still here')
    const key = Number(Buffer.from(chatId, 'base64url').toString().split(':')[1])
    await server.sql.begin(async (tx) => {
      // Whoever wants to change this chat waits, and while it waits its connection is cut.
      await tx`select from stream where id = ${key} for update`
      await leave(alice)
      for (let cut = 0; cut === 0; ) {
        const rows = await tx`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
        cut = rows.length
      }
    })
    const [{ left } = { left: 0 }] = await server.sql<{ left: number }[]>`select count(*)::int as left from account_leaving`
    expect(left).toBe(1)
    await server.restart()
    await settled()
    expect((await bob.ask(HISTORY, { id: chatId })).chat.messages.nodes).toMatchObject([{ text: null }])
  })
})
