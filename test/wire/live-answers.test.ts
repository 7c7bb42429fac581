import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Client, Stream, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { readableLog } from '../support/log-lines.ts'
import { take } from '../support/events.ts'
import { numberOf } from '../support/live.ts'
import { succeed } from '../support/refusal.ts'

// What live subscriptions bring is made once for many: here is what must hold beside that it is the right thing.

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
let garden: string
const { log, lines } = readableLog()

beforeAll(async () => {
  server = await startServer({ log })
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
})
afterAll(async () => {
  await Promise.all([alice, bob, carol].map((client) => client.close()))
  await server.close()
})
beforeEach(async () => {
  garden = await alice.group('Garden', bob, carol)
})

const eventsOf = (selection: string) => `subscription ($chatId: ID) { events(chatId: $chatId) { cursor events { seq __typename ${selection} } } }`

async function listen(person: Client, selection: string): Promise<Stream<Untyped>> {
  const stream = person.subscribe(eventsOf(selection), { chatId: garden })
  await stream.next()
  return stream
}

test('a fault of the selection comes with its place, to everybody, and what else was asked for', async () => {
  const streams = await Promise.all([bob, carol].map((person) => listen(person, '... on MessageAdded { message { text } chat { messages(first: -1) { nodes { id } } } }')))
  await alice.send(garden, 'hello')
  for (const stream of streams) {
    const { data, errors } = await stream.result()
    expect(data.events.events).toEqual([{ seq: 2, __typename: 'MessageAdded', message: { text: 'hello' }, chat: null }])
    expect(errors).toEqual([expect.objectContaining({ path: ['events', 'events', 0, 'chat', 'messages'], extensions: { code: 'BAD_USER_INPUT' } })])
  }
})

test('what many get together is what the event is now: not what it was when others got it', async () => {
  const streams = await Promise.all([bob, carol].map((person) => listen(person, '... on MessageAdded { message { text } } ... on MessageChanged { message { text } }')))
  const messageId = await alice.send(garden, 'a slip of the tongue')
  for (const stream of streams) expect(await take(stream, 1)).toMatchObject({ events: [{ message: { text: 'a slip of the tongue' } }] })
  await succeed(alice, 'deleteMessage', { messageId })
  // Whoever comes just now with a cursor from before gets the event that brought the text, without it.
  const late = await Promise.all([bob, carol].map((person) => person.ask('query ($id: ID!) { chatEvents(chatId: $id, afterSeq: 1) { events { ... on MessageAdded { message { text } } } } }', { id: garden })))
  for (const { chatEvents } of late) expect(chatEvents.events[0].message.text).toBeNull()
  for (const stream of streams) expect(await take(stream, 1)).toMatchObject({ events: [{ __typename: 'MessageChanged', message: { text: null } }] })
})

test('whoever resumes in the very moment gets no text that is deleted by then', async () => {
  const before = await Promise.all([bob, carol].map(async (person) => (await person.ask('{ eventCursor }')).eventCursor as string))
  const document = `subscription ($after: String) { events(after: $after) { cursor events { seq ... on MessageAdded { message { text } } } } }`
  for (let n = 0; n < 5; n++) {
    const messageId = await alice.send(garden, `secret ${n}`)
    // Both read it, so what was made for them is there still.
    const first = [bob, carol].map((person, index) => person.subscribe(document, { after: before[index] }))
    for (const stream of first) expect((await take(stream, n * 2 + 1)).events.at(-1)).toMatchObject({ message: { text: `secret ${n}` } })
    await succeed(alice, 'deleteMessage', { messageId })
    const again = [bob, carol].map((person, index) => person.subscribe(document, { after: before[index] }))
    for (const stream of again) for (const event of (await take(stream, n * 2 + 2)).events) expect(event.message?.text ?? null).toBeNull()
    for (const stream of [...first, ...again]) stream.unsubscribe()
  }
})

test('nor does whoever comes when nobody was there to hear of the deleting', async () => {
  for (let n = 0; n < 3; n++) {
    const chatId = await alice.group('Empty', bob)
    const before = (await bob.ask('{ eventCursor }')).eventCursor as string
    const streams = [alice, bob].map((person) => person.subscribe(eventsOf('... on MessageAdded { message { text } }'), { chatId }))
    for (const stream of streams) await stream.next()
    const messageId = await alice.send(chatId, `secret ${n}`)
    for (const stream of streams) expect((await take(stream, 1)).events).toMatchObject([{ message: { text: `secret ${n}` } }])
    for (const stream of streams) stream.unsubscribe()
    await expect.poll(() => server.app.services.hub.readersOf(numberOf(chatId)), { interval: 1 }).toBe(0)
    await succeed(alice, 'deleteMessage', { messageId })
    const again = bob.subscribe('subscription ($after: String) { events(after: $after) { cursor events { ... on MessageAdded { message { text } } } } }', { after: before })
    for (const event of (await take(again, 2)).events) expect(event.message?.text ?? null).toBeNull()
    again.unsubscribe()
  }
})

test('an event that the database cannot be asked about just now waits, and nothing else is brought in its place', async () => {
  const streams = await Promise.all([bob, carol].map((person) => listen(person, '... on MessageAdded { message { text } }')))
  await server.sql`alter table message rename to message_away`
  await server.sql.unsafe(`create function gone() returns setof message_away language plpgsql as $$ begin raise exception using errcode = '57P03', message = 'the database system is starting up'; end $$`)
  await server.sql.unsafe('create view message as select * from gone()')
  try {
    await server.sql`update stream set head_seq = 2, message_no = 1 where id = ${numberOf(garden)}`
    await server.sql`insert into message_away (chat_id, number, seq, body_seq, sender_id, kind, body, mentions, created_at) values (${numberOf(garden)}, 1, 2, 2, ${numberOf(alice.id)}, 0, 'at last', '{}', now())`
    await server.sql`insert into event (stream_id, seq, kind, actor_id, ref_id, rev, at) values (${numberOf(garden)}, 2, 10, ${numberOf(alice.id)}, 1, 1, now())`
    // Tried more than once by then.
    await expect.poll(() => lines.filter(({ msg }) => msg.startsWith('Events could not be read')).length, { timeout: 10_000 }).toBeGreaterThan(1)
    expect(streams.map((stream) => stream.waiting)).toEqual([0, 0])
  } finally {
    await server.sql.unsafe('drop view message; drop function gone(); alter table message_away rename to message')
  }
  for (const stream of streams) expect(await take(stream, 1)).toMatchObject({ events: [{ seq: 2, message: { text: 'at last' } }] })
})
