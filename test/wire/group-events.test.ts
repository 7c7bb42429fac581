import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Client, Stream, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { takeHistory as take, untilHeard } from '../support/events.ts'
import { whileHeld } from '../support/locks.ts'
import { succeed } from '../support/refusal.ts'

const EVENTS = `subscription ($after: String, $chatId: ID) { events(after: $after, chatId: $chatId) { cursor reset { reason } events {
  __typename chatId seq actor { displayName }
  ... on ChatAdded { chat { title memberCount } }
  ... on ChatChanged { chat { title invite { code } } }
  ... on MemberAdded { memberId member { role user { username } } chat { memberCount } }
  ... on MemberChanged { memberId member { role user { username } } }
  ... on MemberRemoved { memberId user { username } chat { memberCount } }
  ... on MessageAdded { message { text } }
} } }`

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
let garden: string

beforeAll(async () => {
  server = await startServer({ poolSize: 20 })
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
})
afterAll(() => server.close())

beforeEach(async () => {
  garden = await alice.group('Garden', bob)
})

async function listen(person: Client, variables: Record<string, unknown> = {}): Promise<Stream<Untyped>> {
  const stream = person.subscribe(EVENTS, variables)
  await stream.next()
  return stream
}

const one = async (stream: Stream<Untyped>) => (await take(stream, 1)).events[0]
const short = (events: Untyped[]) => events.map((event) => `${event.seq} ${event.__typename}${event.message === undefined ? '' : ` ${event.message.text}`}`)

describe('who hears what', () => {
  test('of somebody who is added: the others MemberAdded, they themselves ChatAdded', async () => {
    const [ofAlice, ofBob, ofCarol] = [await listen(alice), await listen(bob), await listen(carol)]
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [carol.id] })
    const added = { __typename: 'MemberAdded', chatId: garden, seq: 2, actor: { displayName: 'Alice' }, memberId: await memberId(carol), member: { role: 'MEMBER', user: { username: 'carol' } }, chat: { memberCount: 3 } }
    expect(await one(ofAlice)).toEqual(added)
    expect(await one(ofBob)).toEqual(added)
    expect(await one(ofCarol)).toEqual({ __typename: 'ChatAdded', chatId: garden, seq: 2, actor: { displayName: 'Alice' }, chat: { title: 'Garden', memberCount: 3 } })
    await alice.send(garden, 'Welcome, Carol')
    for (const stream of [ofAlice, ofBob, ofCarol]) expect(short([await one(stream)])).toEqual(['3 MessageAdded Welcome, Carol'])
  })

  test('of several who are added at once: one event each, in a row', async () => {
    const [ofBob, ofCarol] = [await listen(bob), await listen(carol)]
    const dora = await server.signUp('dora')
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [carol.id, dora.id] })
    const heard = (await take(ofBob, 2)).events
    expect(heard.map((event) => [event.seq, event.member.user.username])).toEqual([[2, 'carol'], [3, 'dora']])
    // Who came first sees who came next.
    expect(short((await take(ofCarol, 2)).events)).toEqual(['2 ChatAdded', '3 MemberAdded'])
  })

  test('of a role, a new name and an invite: everybody, and the invite only those who may see it', async () => {
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [carol.id] })
    const [ofBob, ofCarol] = [await listen(bob), await listen(carol)]
    await succeed(alice, 'setMemberRole', { chatId: garden, userId: bob.id, role: 'ADMIN' })
    const changed = { __typename: 'MemberChanged', chatId: garden, seq: 3, actor: { displayName: 'Alice' }, memberId: await memberId(bob), member: { role: 'ADMIN', user: { username: 'bob' } } }
    expect([await one(ofBob), await one(ofCarol)]).toEqual([changed, changed])
    await succeed(bob, 'updateChat', { chatId: garden, title: 'Roses' })
    const named = { __typename: 'ChatChanged', chatId: garden, seq: 4, actor: { displayName: 'Bob' }, chat: { title: 'Roses', invite: null } }
    expect([await one(ofBob), await one(ofCarol)]).toEqual([named, named])
    const { invite } = await succeed(alice, 'createInvite', { chatId: garden })
    expect([(await one(ofBob)).chat.invite, (await one(ofCarol)).chat.invite]).toEqual([{ code: invite.code }, null])
  })

  test('of somebody who is removed: the others MemberRemoved, they themselves ChatRemoved and then nothing more of it', async () => {
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [carol.id] })
    const [ofBob, ofCarol] = [await listen(bob), await listen(carol)]
    await succeed(alice, 'removeMember', { chatId: garden, userId: carol.id })
    expect(await one(ofBob)).toEqual({ __typename: 'MemberRemoved', chatId: garden, seq: 3, actor: { displayName: 'Alice' }, memberId: await memberId(carol), user: { username: 'carol' }, chat: { memberCount: 2 } })
    expect(await one(ofCarol)).toEqual({ __typename: 'ChatRemoved', chatId: garden, seq: 3, actor: { displayName: 'Alice' } })
    await alice.send(garden, 'Carol is gone')
    await succeed(alice, 'updateChat', { chatId: garden, title: 'Roses' })
    const elsewhere = await carol.group('Carol’s own')
    // The next thing that Carol hears is of another chat.
    expect(await one(ofCarol)).toMatchObject({ __typename: 'ChatAdded', chatId: elsewhere })
    expect(short((await take(ofBob, 2)).events)).toEqual(['4 MessageAdded Carol is gone', '5 ChatChanged'])
  })

  test('of the last owner who leaves: first the heir, then the leaving, in one step', async () => {
    const [ofAlice, ofBob] = [await listen(alice), await listen(bob)]
    await succeed(alice, 'leaveChat', { chatId: garden })
    expect((await take(ofBob, 2)).events).toMatchObject([
      { __typename: 'MemberChanged', seq: 2, actor: { displayName: 'Alice' }, member: { role: 'OWNER', user: { username: 'bob' } } },
      { __typename: 'MemberRemoved', seq: 3, actor: { displayName: 'Alice' }, user: { username: 'alice' } },
    ])
    expect(short((await take(ofAlice, 2)).events)).toEqual(['2 MemberChanged', '3 ChatRemoved'])
  })

  test('of a group that is ended: everybody ChatRemoved', async () => {
    const [ofAlice, ofBob] = [await listen(alice), await listen(bob)]
    await succeed(alice, 'deleteChat', { chatId: garden })
    for (const stream of [ofAlice, ofBob]) expect(await one(stream)).toEqual({ __typename: 'ChatRemoved', chatId: garden, seq: 2, actor: { displayName: 'Alice' } })
  })

  test('of a direct chat that one of them deletes: only that one, on all devices, and it comes back with the next message', async () => {
    const chatId = await alice.directChat(bob)
    await alice.send(chatId, 'old')
    const [ofAlice, ofBob] = [await listen(alice), await listen(bob)]
    await succeed(bob, 'deleteChat', { chatId })
    expect(await one(ofBob)).toEqual({ __typename: 'ChatRemoved', chatId, seq: null, actor: { displayName: 'Bob' } })
    await alice.send(chatId, 'new')
    expect(short([await one(ofBob)])).toEqual(['3 MessageAdded new'])
    expect(short([await one(ofAlice)])).toEqual(['3 MessageAdded new'])
  })

  test('of settings: the viewer’s own devices alone', async () => {
    const [ofAlice, ofBob] = [await listen(alice), await listen(bob)]
    await succeed(bob, 'updateChatSettings', { chatId: garden, pinned: true })
    expect(await one(ofBob)).toMatchObject({ __typename: 'MemberChanged', chatId: garden, seq: null, memberId: await memberId(bob), member: { user: { username: 'bob' } } })
    await bob.send(garden, 'Pinned it')
    expect(short([await one(ofAlice)])).toEqual(['2 MessageAdded Pinned it'])
  })

  /** The ID of somebody's place in the garden: the same whoever asks, and when. */
  function memberId(person: Client): Promise<string> {
    const [chat, user] = [garden, person.id].map((id) => Buffer.from(id, 'base64url').toString().split(':')[1])
    return Promise.resolve(Buffer.from(`ChatMember:${chat}:${user}`).toString('base64url'))
  }
})

describe('the stream of one chat', () => {
  test('completes after ChatRemoved, whether the member was removed, left, or the group was ended', async () => {
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [carol.id] })
    const [ofAlice, ofBob, ofCarol] = [await listen(alice, { chatId: garden }), await listen(bob, { chatId: garden }), await listen(carol, { chatId: garden })]
    await succeed(alice, 'removeMember', { chatId: garden, userId: carol.id })
    expect(short([await one(ofCarol)])).toEqual(['3 ChatRemoved'])
    expect(await ofCarol.ended()).toBeNull()
    await succeed(bob, 'leaveChat', { chatId: garden })
    expect(short((await take(ofBob, 2)).events)).toEqual(['3 MemberRemoved', '4 ChatRemoved'])
    expect(await ofBob.ended()).toBeNull()
    await succeed(alice, 'deleteChat', { chatId: garden })
    expect(short((await take(ofAlice, 3)).events)).toEqual(['3 MemberRemoved', '4 MemberRemoved', '5 ChatRemoved'])
    expect(await ofAlice.ended()).toBeNull()
  })

  test('that is resumed after the leaving brings what was missed until then, and completes', async () => {
    const stream = bob.subscribe(EVENTS, { chatId: garden })
    const { cursor } = (await stream.next()).events
    stream.unsubscribe()
    await alice.send(garden, 'one')
    await succeed(alice, 'removeMember', { chatId: garden, userId: bob.id })
    await alice.send(garden, 'behind his back')
    const later = bob.subscribe(EVENTS, { chatId: garden, after: cursor })
    expect(short((await take(later, 2)).events)).toEqual(['2 MessageAdded one', '3 ChatRemoved'])
    expect(await later.ended()).toBeNull()
    // Nothing is left to be resumed.
    const { errors } = await bob.subscribe(EVENTS, { chatId: garden }).result()
    expect(errors?.[0]?.message).toBe('`chatId`: no such chat.')
  })

  test('of new messages completes too', async () => {
    const stream = bob.subscribe('subscription ($chatId: ID!) { messageAdded(chatId: $chatId) { text } }', { chatId: garden })
    // The stream says nothing at its start: a first message that comes shows that it is open.
    await untilHeard(stream, () => alice.send(garden, 'ping'))
    await succeed(alice, 'removeMember', { chatId: garden, userId: bob.id })
    expect(await stream.ended()).toBeNull()
  })
})

describe('who leaves and comes back', () => {
  /** Bob is away while something is said; 3 is his going, 5 his return. */
  async function awayAndBack(): Promise<void> {
    await alice.send(garden, 'together')
    await succeed(bob, 'leaveChat', { chatId: garden })
    await alice.send(garden, 'behind his back')
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [bob.id] })
    await alice.send(garden, 'together again')
  }
  const HEARD = ['2 MessageAdded together', '3 ChatRemoved', '5 ChatAdded', '6 MessageAdded together again']

  test('hears over a live stream what happened while in, and nothing else', async () => {
    const stream = await listen(bob)
    await awayAndBack()
    expect(short((await take(stream, 4)).events)).toEqual(HEARD)
  })

  test('hears the same from a cursor, wherever it was taken', async () => {
    const stream = bob.subscribe(EVENTS)
    const cursors: string[] = [(await stream.next()).events.cursor]
    await alice.send(garden, 'together')
    cursors.push((await take(stream, 1)).cursor)
    await succeed(bob, 'leaveChat', { chatId: garden })
    cursors.push((await take(stream, 1)).cursor)
    await alice.send(garden, 'behind his back')
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [bob.id] })
    cursors.push((await take(stream, 1)).cursor)
    await alice.send(garden, 'together again')
    for (const [read, after] of cursors.entries()) {
      expect(short((await take(bob.subscribe(EVENTS, { after }), HEARD.length - read)).events), `after ${read}`).toEqual(HEARD.slice(read))
    }
  })

  test('goes on live after resuming from before it all', async () => {
    const { eventCursor } = await bob.ask('{ eventCursor }')
    await awayAndBack()
    const stream = bob.subscribe(EVENTS, { after: eventCursor })
    expect(short((await take(stream, 4)).events)).toEqual(HEARD)
    await alice.send(garden, 'live')
    expect(short([await one(stream)])).toEqual(['7 MessageAdded live'])
    await succeed(bob, 'leaveChat', { chatId: garden })
    await succeed(alice, 'addMembers', { chatId: garden, userIds: [bob.id] })
    expect(short((await take(stream, 2)).events)).toEqual(['8 ChatRemoved', '9 ChatAdded'])
  })

  test('reads in the history only what was written since', async () => {
    await awayAndBack()
    const { chat } = await bob.ask('query ($id: ID!) { chat(id: $id) { unreadCount lastMessage { text } messages { totalCount nodes { text } } } }', { id: garden })
    expect(chat).toEqual({ unreadCount: 1, lastMessage: { text: 'together again' }, messages: { totalCount: 1, nodes: [{ text: 'together again' }] } })
  })

  test('comes and goes faster than the stream is read, and misses nothing', async () => {
    // What Bob's stream shows of the group's change waits for a table that the test holds; coming and going does not need it.
    const stream = bob.subscribe('subscription { events { cursor events { __typename seq ... on ChatChanged { chat { lastMessage { text } } } } } }')
    await stream.next()
    await alice.send(garden, 'something')
    await take(stream, 1)
    const { code } = (await succeed(alice, 'createInvite', { chatId: garden })).invite
    await take(stream, 1)
    await whileHeld(server, async ({ tx, waiters }) => {
      await tx`lock table message in access exclusive mode`
      await succeed(alice, 'updateChat', { chatId: garden, title: 'Roses' })
      await waiters(1)
      for (let n = 0; n < 4; n++) {
        await succeed(bob, 'leaveChat', { chatId: garden })
        await succeed(bob, 'joinChat', { code })
      }
      return {}
    })
    expect(short((await take(stream, 9)).events)).toEqual(['4 ChatChanged', ...[5, 7, 9, 11].flatMap((seq) => [`${seq} ChatRemoved`, `${seq + 1} ChatAdded`])])
    await alice.send(garden, 'Are you staying now?')
    expect(short([await one(stream)])).toEqual(['13 MessageAdded'])
  })
})
