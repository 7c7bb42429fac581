import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Stream, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { addAll, crowd, numberIn } from '../support/groups.ts'
import { expectRefused, globalId, notFound, succeed } from '../support/refusal.ts'

const EVENTS = `subscription ($after: String) { events(after: $after) { cursor events {
  __typename chatId seq ... on ReceiptsChanged { memberId member { readUpTo deliveredUpTo user { username } } chat { id readUpTo deliveredUpTo unreadCount } }
  ... on UserChanged { user { username displayName } }
} } }`
const MESSAGE = `query ($id: ID!) { message(id: $id) { status receipts { nodes { user { username } deliveredAt readAt } } chat { deliveredUpTo readUpTo unreadCount } } }`

let server: TestServer
let alice: Client
let bob: Client
let carol: Client

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
})
afterAll(() => server.close())

/** Reads events until one fits; answers it with the cursor behind it. */
async function until(stream: Stream<Untyped>, fits: (event: Untyped) => boolean): Promise<{ event: Untyped; cursor: string; passed: Untyped[] }> {
  const passed: Untyped[] = []
  for (;;) {
    const { events, cursor } = (await stream.next()).events
    passed.push(...events)
    const event = events.find(fits)
    if (event !== undefined) return { event, cursor, passed }
  }
}

/** Marks of somebody, of this chat alone: what moved shortly before a stream began may come as well. */
const marksOf = (username: string, chatId: string) => (event: Untyped) => event.__typename === 'ReceiptsChanged' && event.chatId === chatId && event.member?.user.username === username
const view = async (client: Client, id: string) => (await client.ask(MESSAGE, { id })).message

describe('the ticks of a message', () => {
  test('go from sent to delivered to read, by the last of the others', async () => {
    const chatId = await alice.group('Garden', bob, carol)
    const id = await alice.send(chatId, 'roses')
    expect(await view(alice, id)).toEqual({ status: 'SENT', receipts: { nodes: [] }, chat: { deliveredUpTo: 0, readUpTo: 0, unreadCount: 0 } })
    await succeed(bob, 'markRead', { messageId: id })
    expect(await view(alice, id)).toMatchObject({ status: 'SENT', receipts: { nodes: [{ user: { username: 'bob' }, readAt: expect.any(String) }] } })
    await succeed(carol, 'markDelivered', { messageId: id })
    const delivered = await view(alice, id)
    expect(delivered).toMatchObject({ status: 'DELIVERED', chat: { deliveredUpTo: 1, readUpTo: 0 } })
    expect(delivered.receipts.nodes).toMatchObject([{ user: { username: 'bob' } }, { user: { username: 'carol' }, deliveredAt: expect.any(String), readAt: null }])
    await succeed(carol, 'markRead', { messageId: id })
    expect(await view(alice, id)).toMatchObject({ status: 'READ', chat: { deliveredUpTo: 1, readUpTo: 1 } })
  })

  test('are the sender’s alone to look into', async () => {
    const chatId = await alice.group('Garden', bob)
    const id = await alice.send(chatId, 'roses')
    await succeed(bob, 'markRead', { messageId: id })
    expect(await view(bob, id)).toMatchObject({ status: 'READ', receipts: null, chat: { unreadCount: 0 } })
  })

  test('keep the time at which each message came and was read', async () => {
    const chatId = await alice.directChat(bob)
    const ids = [await alice.send(chatId, 'one'), await alice.send(chatId, 'two')]
    await succeed(bob, 'markDelivered', { messageId: ids[0] })
    await succeed(bob, 'markRead', { messageId: ids[0] })
    const first = (await view(alice, ids[0] ?? '')).receipts.nodes
    await succeed(bob, 'markRead', { messageId: ids[1] })
    expect((await view(alice, ids[0] ?? '')).receipts.nodes).toEqual(first)
    expect(first[0].deliveredAt < first[0].readAt).toBe(true)
    const [second] = (await view(alice, ids[1] ?? '')).receipts.nodes
    expect(second.readAt > first[0].readAt).toBe(true)
    // Whoever has read it has it: there is no earlier sign of its arrival.
    expect(second.deliveredAt).toBe(second.readAt)
  })

  test('never go back', async () => {
    const chatId = await alice.directChat(carol)
    const ids = [await alice.send(chatId, 'one'), await alice.send(chatId, 'two')]
    await succeed(carol, 'markRead', { messageId: ids[1] })
    await succeed(carol, 'markRead', { messageId: ids[0] })
    await succeed(carol, 'markDelivered', { messageId: ids[0] })
    expect(await view(alice, ids[1] ?? '')).toMatchObject({ status: 'READ' })
    expect(await view(carol, ids[1] ?? '')).toMatchObject({ chat: { unreadCount: 0 } })
  })

  test('page like any list', async () => {
    const friends = await Promise.all(['dave', 'erin', 'frank', 'grace', 'heidi'].map((name) => server.signUp(name)))
    const chatId = await alice.group('Team', ...friends)
    const id = await alice.send(chatId, 'hello')
    await Promise.all(friends.map((friend) => succeed(friend, 'markRead', { messageId: id })))
    const page = async (args: string) => (await alice.ask(`query ($id: ID!) { message(id: $id) { receipts(${args}) { nodes { user { username } } pageInfo { hasNextPage endCursor } } } }`, { id })).message.receipts
    const first = await page('first: 3')
    const rest = await page(`first: 3, after: "${first.pageInfo.endCursor}"`)
    expect(first.pageInfo.hasNextPage).toBe(true)
    expect(rest.pageInfo.hasNextPage).toBe(false)
    expect([...first.nodes, ...rest.nodes].map(({ user }: Untyped) => user.username).sort()).toEqual(['dave', 'erin', 'frank', 'grace', 'heidi'])
  })

  test('a stranger’s message cannot be marked', async () => {
    const id = await alice.send(await alice.directChat(bob), 'private')
    const missing = notFound(['messageId'], 'No such message.')
    await expectRefused(server, carol, 'markDelivered', { messageId: id }, missing)
    await expectRefused(server, carol, 'markDelivered', { messageId: globalId('Message', 999_999, 1) }, missing)
    await expectRefused(server, carol, 'markRead', { messageId: id }, missing)
    // Beyond the newest one there is nothing to have read.
    await expectRefused(server, bob, 'markRead', { messageId: globalId('Message', Number(Buffer.from(id, 'base64url').toString().split(':')[1]), 99) }, missing)
  })
})

describe('live', () => {
  test('the sender hears how far the others are, and one’s own other devices too', async () => {
    const chatId = await alice.directChat(bob)
    const id = await alice.send(chatId, 'news')
    const [ofAlice, ofBob] = [alice.subscribe(EVENTS), bob.subscribe(EVENTS)]
    await Promise.all([ofAlice.next(), ofBob.next()])
    await succeed(bob, 'markRead', { messageId: id })
    const { number } = (await alice.ask('query ($id: ID!) { message(id: $id) { number } }', { id })).message
    // A mark of before may come once more, and meet the new one half way: it is a state, of which the newest counts.
    const thatFar = (event: Untyped) => marksOf('bob', chatId)(event) && event.member.readUpTo === number
    const { event } = await until(ofAlice, (event) => thatFar(event) && event.chat.readUpTo === number)
    expect(event).toMatchObject({ chatId, seq: null, member: { deliveredUpTo: number }, chat: { id: chatId, readUpTo: number } })
    expect((await until(ofBob, (event) => thatFar(event) && event.chat.unreadCount === 0)).event).toMatchObject({ chatId, seq: null })
  })

  test('comes at most once a second, with the newest state', async () => {
    const chatId = await alice.group('Busy', bob)
    const ids: string[] = []
    for (let n = 0; n < 20; n++) ids.push(await alice.send(chatId, `${n}`))
    const stream = alice.subscribe(EVENTS)
    await stream.next()
    const began = Date.now()
    for (const messageId of ids) await succeed(bob, 'markRead', { messageId })
    const { passed } = await until(stream, (event) => marksOf('bob', chatId)(event) && event.member.readUpTo === 20)
    expect(passed.filter(marksOf('bob', chatId)).length).toBeLessThanOrEqual(2 + Math.floor((Date.now() - began) / 1000))
  })

  test('what moved while nobody listened comes with the resume', async () => {
    const chatId = await alice.group('Later', bob, carol)
    const id = await alice.send(chatId, 'read me')
    const { eventCursor } = await alice.ask('{ eventCursor }')
    await succeed(bob, 'markRead', { messageId: id })
    await succeed(carol, 'markDelivered', { messageId: id })
    const { event, passed } = await until(alice.subscribe(EVENTS, { after: eventCursor }), marksOf('carol', chatId))
    expect(event.chat).toMatchObject({ deliveredUpTo: 1, readUpTo: 0 })
    expect(passed.filter(marksOf('bob', chatId))).toHaveLength(1)
  })

  test('in a chat of more than a hundred each hears of their own marks, and of all together', async () => {
    const chatId = await alice.group('Crowd', bob, carol)
    const key = Number(Buffer.from(chatId, 'base64url').toString().split(':')[1])
    // As large as it would be with a hundred more: who they are does not matter here.
    await server.sql`update chat set member_count = 101 where id = ${key}`
    const id = await alice.send(chatId, 'to all')
    const [ofAlice, ofBob] = [alice.subscribe(EVENTS), bob.subscribe(EVENTS)]
    await Promise.all([ofAlice.next(), ofBob.next()])
    await succeed(bob, 'markRead', { messageId: id })
    const ofChat = (event: Untyped) => event.__typename === 'ReceiptsChanged' && event.chatId === chatId
    const told = await until(ofAlice, ofChat)
    expect(told.event).toMatchObject({ memberId: null, member: null, chat: { id: chatId, deliveredUpTo: 0 } })
    expect((await until(ofBob, marksOf('bob', chatId))).event.chat.unreadCount).toBe(0)
    const { eventCursor } = await carol.ask('{ eventCursor }')
    await succeed(carol, 'markRead', { messageId: id })
    expect((await until(carol.subscribe(EVENTS, { after: eventCursor }), marksOf('carol', chatId))).event.chatId).toBe(chatId)
    const both = await until(ofAlice, (event) => ofChat(event) && event.chat.readUpTo === 1)
    expect(both.passed.filter((event) => ofChat(event) && event.memberId !== null)).toEqual([])
  })
})

describe('a contact’s profile', () => {
  test('comes as UserChanged to those who share a chat, live and with a resume, and to nobody else', async () => {
    const [dora, egon, stranger] = [await server.signUp('dora'), await server.signUp('egon'), await server.signUp('stranger')]
    await dora.directChat(egon)
    const { eventCursor } = await egon.ask('{ eventCursor }')
    const [ofEgon, ofStranger] = [egon.subscribe(EVENTS), stranger.subscribe(EVENTS)]
    await Promise.all([ofEgon.next(), ofStranger.next()])
    await succeed(dora, 'updateProfile', { displayName: 'Dora the Second' })
    const changed = { __typename: 'UserChanged', chatId: null, seq: null, user: { username: 'dora', displayName: 'Dora the Second' } }
    const ofDora = (event: Untyped) => event.__typename === 'UserChanged' && event.user.username === 'dora'
    expect((await until(ofEgon, ofDora)).event).toEqual(changed)
    expect((await until(egon.subscribe(EVENTS, { after: eventCursor }), ofDora)).event).toEqual(changed)
    // The stranger's stream goes on: what comes next is their own, and there was nothing before it.
    await succeed(stranger, 'updateProfile', { displayName: 'Me' })
    const { passed } = await until(ofStranger, (event) => event.__typename === 'UserChanged')
    expect(passed.filter(ofDora)).toEqual([])
  })
})

test('marks and profiles come with the resume as well where those of hundreds of strangers changed meanwhile', async () => {
  const [mayor, ann, ben] = [await server.signUp('mayor'), await server.signUp('ann'), await server.signUp('ben')]
  const town = await mayor.group('Town')
  await addAll(mayor, town, await crowd(server, 250))
  const chatId = await ann.group('Two', ben)
  const messageId = await ann.send(chatId, 'hello')
  const { eventCursor } = await ann.ask('{ eventCursor }')
  const live = ann.subscribe(EVENTS)
  await live.next()
  await server.sql`update member set mark_xid = pg_current_xact_id(), marked_at = now() where chat_id = ${numberIn(town)}`
  await server.sql`update users set profile_xid = pg_current_xact_id() where username like 'crowd_%'`
  const ofBen = (event: Untyped) => event.__typename === 'UserChanged' && event.user.username === 'ben'
  await succeed(ben, 'markRead', { messageId })
  await until(live, marksOf('ben', chatId))
  await succeed(ben, 'updateProfile', { displayName: 'Benjamin' })
  await until(live, ofBen)
  // All of it was told, so what comes now comes of the resume.
  const stream = ann.subscribe(EVENTS, { after: eventCursor })
  const first = await until(stream, (event) => marksOf('ben', chatId)(event) || ofBen(event))
  const passed = [...first.passed]
  if (!passed.some(ofBen)) passed.push(...(await until(stream, ofBen)).passed)
  else if (!passed.some(marksOf('ben', chatId))) passed.push(...(await until(stream, marksOf('ben', chatId))).passed)
  expect(passed.filter(marksOf('ben', chatId))).toHaveLength(1)
  expect(passed.filter((event) => event.__typename === 'UserChanged' && !ofBen(event))).toEqual([])
  expect(passed.filter((event) => event.chatId === town)).toEqual([])
})

describe('a gap in one chat', () => {
  const GAP = 'query ($chatId: ID!, $afterSeq: Int!, $first: Int) { chatEvents(chatId: $chatId, afterSeq: $afterSeq, first: $first) { hasMore reset { reason chatIds } events { __typename seq ... on MessageAdded { message { text } } } } }'

  test('is filled from a known number on, page by page', async () => {
    const chatId = await alice.group('Gaps', bob)
    for (const text of ['one', 'two', 'three']) await alice.send(chatId, text)
    const first = (await bob.ask(GAP, { chatId, afterSeq: 1, first: 2 })).chatEvents
    expect(first).toMatchObject({ hasMore: true, reset: null, events: [{ seq: 2, message: { text: 'one' } }, { seq: 3, message: { text: 'two' } }] })
    const rest = (await bob.ask(GAP, { chatId, afterSeq: 3 })).chatEvents
    expect(rest).toMatchObject({ hasMore: false, reset: null, events: [{ seq: 4, message: { text: 'three' } }] })
    expect((await bob.ask(GAP, { chatId, afterSeq: 4 })).chatEvents).toMatchObject({ hasMore: false, reset: null, events: [] })
    expect((await bob.ask(GAP, { chatId, afterSeq: 0 })).chatEvents.events[0]).toEqual({ __typename: 'ChatAdded', seq: 1 })
  })

  test('that cannot be filled is a reset', async () => {
    const chatId = await alice.group('Old', bob)
    const key = Number(Buffer.from(chatId, 'base64url').toString().split(':')[1])
    for (const text of ['one', 'two', 'three']) await alice.send(chatId, text)
    expect((await bob.ask(GAP, { chatId, afterSeq: 99 })).chatEvents).toEqual({ hasMore: false, reset: { reason: 'NEW_EPOCH', chatIds: [chatId] }, events: [] })
    await server.sql`delete from event where stream_id = ${key} and seq <= 2`
    expect((await bob.ask(GAP, { chatId, afterSeq: 1 })).chatEvents).toEqual({ hasMore: false, reset: { reason: 'TOO_OLD', chatIds: [chatId] }, events: [] })
    expect((await bob.ask(GAP, { chatId, afterSeq: 2 })).chatEvents).toMatchObject({ reset: null, events: [{ seq: 3 }, { seq: 4 }] })
  })

  test('of a chat that is not the viewer’s does not exist', async () => {
    const chatId = await alice.group('Private', bob)
    expect((await carol.ask(GAP, { chatId, afterSeq: 0 })).chatEvents).toBeNull()
    expect((await carol.ask(GAP, { chatId: globalId('Chat', 999_999), afterSeq: 0 })).chatEvents).toBeNull()
  })

  test('is asked for in pages of at most a hundred', async () => {
    const chatId = await alice.group('Pages', bob)
    for (const [variables, message] of [
      [{ chatId, afterSeq: 0, first: 101 }, '`first` must be from 0 to 100, it is 101.'],
      [{ chatId, afterSeq: -1 }, '`afterSeq` must not be negative, it is -1.'],
    ] as const) {
      const { errors } = await bob.request(GAP, variables)
      expect(errors).toMatchObject([{ message, extensions: { code: 'BAD_USER_INPUT' } }])
    }
  })
})
