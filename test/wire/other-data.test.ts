import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { Line, closeLines } from '../support/line.ts'
import { numberOf } from '../support/live.ts'

// What readers are told when the database is not the one that it was, or no longer holds what they missed.

const EVENTS = 'subscription ($after: String) { events(after: $after) { cursor reset { reason chatIds } events { chatId seq ... on MessageAdded { message { text } } } } }'

let server: TestServer
let alice: Client
let bob: Client
let chatId: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  chatId = await alice.group('Garden', bob)
})
afterEach(closeLines)
afterAll(() => server.close())

const cursorOf = async (client: Client) => (await client.ask('{ eventCursor }')).eventCursor as string

/** Opens all events of somebody; answers the line once the first batch is there. */
async function listening(client: Client): Promise<Line> {
  const line = await new Line(server).greet(client)
  line.send({ type: 'subscribe', id: '1', payload: { query: EVENTS } })
  expect((await line.next()).payload.data.events.reset).toBeNull()
  return line
}

describe('where the data was replaced by a backup', () => {
  test('open streams are cut with a code after which clients come again, and their cursors are reset', async () => {
    const line = await listening(bob)
    const after = await cursorOf(bob)
    await server.sql`update meta set epoch = gen_random_uuid()`
    expect(await line.ended).toBe(1013)
    const stream = bob.subscribe(EVENTS, { after })
    expect((await stream.next()).events.reset).toEqual({ reason: 'NEW_EPOCH', chatIds: null })
    await alice.send(chatId, 'on the new data')
    expect((await stream.next()).events.events).toMatchObject([{ message: { text: 'on the new data' } }])
  })

  test('a word of events that are no more does not hide those that come', async () => {
    const line = await listening(bob)
    server.app.services.bus.publish('hints', [[numberOf(chatId), 1_000_000]])
    await alice.send(chatId, 'heard all the same')
    expect((await line.next()).payload.data.events.events).toMatchObject([{ message: { text: 'heard all the same' } }])
  })

  test('numbers of transactions that are still to come do not confuse anybody', async () => {
    await alice.send(chatId, 'from the other cluster')
    // A dump of a cluster that is far ahead of this one.
    await server.sql`update event set xid = '900000000'`
    await server.sql`update stream set max_xid = '900000000'`
    await server.sql`update member set mark_xid = '900000000'`
    await server.sql`update meta set settled = 'other', epoch = gen_random_uuid()`
    await server.restart()
    const after = await cursorOf(bob)
    const seqs: number[] = []
    for (const text of ['one', 'two']) await alice.send(chatId, text)
    const stream = bob.subscribe(EVENTS, { after })
    while (seqs.length < 2) {
      const { events, reset } = (await stream.next()).events
      expect(reset).toBeNull()
      for (const event of events) if (event.message !== undefined) seqs.push(event.message.text)
    }
    expect(seqs).toEqual(['one', 'two'])
    expect(await server.sql`select from event where xid > '800000000'`).toHaveLength(0)
  })
})

describe('events that are older than 30 days', () => {
  test('go, and whoever would need them fetches anew; younger cursors go on', async () => {
    const old = await cursorOf(bob)
    await alice.send(chatId, 'a month ago')
    // A transaction of anybody else in the cluster holds cursors back while it lasts.
    await expect.poll(async () => (await server.sql`select pg_snapshot_xmin(pg_current_snapshot()) > max(xid) as passed from event`)[0]?.passed).toBe(true)
    const young = await cursorOf(bob)
    await alice.send(chatId, 'lately')
    const [head] = await server.sql<{ seq: number }[]>`select max(seq) as seq from event where kind < 50`
    await server.sql`update event set at = now() - interval '31 days' where (stream_id, seq) <> all (select stream_id, seq from event where seq = ${head?.seq ?? 0})`
    await server.restart()
    await expect.poll(async () => (await server.sql`select from event`).length).toBe(1)
    expect((await bob.subscribe(EVENTS, { after: old }).next()).events).toMatchObject({ events: [], reset: { reason: 'TOO_OLD', chatIds: null } })
    expect((await bob.subscribe(EVENTS, { after: young }).next()).events).toMatchObject({ events: [{ message: { text: 'lately' } }], reset: null })
    const { chatEvents } = await bob.ask('query ($chatId: ID!) { chatEvents(chatId: $chatId, afterSeq: 0) { reset { reason } } }', { chatId })
    expect(chatEvents.reset).toEqual({ reason: 'TOO_OLD' })
    // The messages themselves stay.
    const { chat } = await bob.ask('query ($id: ID!) { chat(id: $id) { messages(last: 2) { nodes { text } } } }', { id: chatId })
    expect(chat.messages.nodes).toEqual([{ text: 'a month ago' }, { text: 'lately' }])
  })

  test('stay while they are younger, whatever stands before them', async () => {
    await alice.send(chatId, 'today')
    const before = (await server.sql`select from event`).length
    await server.restart()
    const after = await cursorOf(bob)
    expect((await bob.subscribe(EVENTS, { after }).next()).events.reset).toBeNull()
    expect((await server.sql`select from event`).length).toBe(before)
  })
})
