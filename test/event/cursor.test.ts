import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import type { Sql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { numberOf } from '../support/live.ts'
import { succeed } from '../support/refusal.ts'

// Two servers that do not hear of each other; 32 writers, most of whose transactions begin long before they lock, or never commit; somebody who is
// taken out of chats and comes back all the time; a write transaction that stays open; and readers that break off and resume anywhere, also
// while they catch up. What each reader applied must be every event of their memberships, once, in order.

let here: TestServer
let there: TestServer
let writers: Sql
let people: Client[]
let chatIds: string[]

/** Chats that carol is taken out of and let in again. */
const UNSTEADY = 2

beforeAll(async () => {
  here = await startServer()
  there = await startServer({ databaseUrl: here.databaseUrl })
  writers = postgres(here.databaseUrl, { max: 30, onnotice: () => undefined })
  people = [await here.signUp('alice'), await here.signUp('bob'), await here.signUp('carol')]
  const [alice, ...others] = people as [Client, ...Client[]]
  chatIds = await Promise.all(Array.from({ length: 8 }, (_, n) => alice.group(`Chat ${n}`, ...others)))
})
afterAll(async () => {
  await writers.end()
  await there.close()
  await here.close()
})

const EVENTS = 'subscription ($after: String) { events(after: $after) { cursor caughtUp reset { reason } events { chatId seq } } }'
const WRITING_MS = 6000
/** No more than one resume may bring. */
const MAX_WRITTEN = 2500

/** What one reader has applied of each chat, in the order in which it came. */
class Reader {
  readonly person: Client
  readonly seqs = new Map<string, number[]>()
  readonly resets: string[] = []
  cursor: string | null = null
  resumes = 0
  resumesBehind = 0
  #caughtUp = true

  constructor(person: Client) {
    this.person = person
  }

  /** Reads from a random server for so many batches, or until `enough`; a batch that has not come when it is `over` is not waited for. */
  async session(batches: number, enough = () => false, over = new Promise<null>(() => undefined)): Promise<void> {
    const server = randomInt(2) === 0 ? here : there
    const client = server.anonymous()
    client.token = this.person.token
    const stream = client.subscribe(EVENTS, { after: this.cursor })
    this.resumes += 1
    if (!this.#caughtUp) this.resumesBehind += 1
    for (let n = 0; n < batches && !enough(); n++) {
      const batch = await Promise.race([stream.next(), over])
      if (batch === null) break
      const { events, cursor, reset, caughtUp } = batch.events
      if (reset !== null) this.resets.push(reset.reason)
      for (const { chatId, seq } of events) if (seq !== null) this.seqs.set(chatId, [...(this.seqs.get(chatId) ?? []), seq])
      this.cursor = cursor
      this.#caughtUp = caughtUp
    }
    stream.unsubscribe()
    await client.close()
  }
}

const heads = async () => new Map((await here.sql<{ id: number; head: number }[]>`select id, head_seq as head from stream`).map((row) => [row.id, row.head]))

/** The events of each chat that a person was there for, behind where the test began. */
async function expected(person: Client, from: ReadonlyMap<number, number>): Promise<Map<string, number[]>> {
  const rows = await here.sql<{ chat_id: number; seq: number }[]>`
    select e.stream_id as chat_id, e.seq from event e join (
      select chat_id, from_seq, to_seq from member where user_id = ${numberOf(person.id)}
      union all select chat_id, from_seq, to_seq from member_interval where user_id = ${numberOf(person.id)}
    ) as i on i.chat_id = e.stream_id and e.seq between i.from_seq and coalesce(i.to_seq, e.seq)
    order by e.stream_id, e.seq`
  const seqsOf = (chatId: string) => rows.filter((row) => row.chat_id === numberOf(chatId) && row.seq > (from.get(row.chat_id) ?? 0)).map((row) => row.seq)
  return new Map(chatIds.map((chatId) => [chatId, seqsOf(chatId)]))
}

test('no event is lost, none comes twice, all in order', { timeout: 60_000 }, async () => {
  const end = Date.now() + WRITING_MS
  let written = 0
  const writing = () => Date.now() < end && written++ < MAX_WRITTEN
  const atStart = await heads()
  const readers = Array.from({ length: 6 }, (_, n) => new Reader(personOf(n)))
  for (const reader of readers) reader.cursor = (await reader.person.ask('{ eventCursor }')).eventCursor as string
  const cursors = readers.map((reader) => reader.cursor)

  const writing32 = [
    ...Array.from({ length: 4 }, async (_, n) => {
      const client = (n % 2 === 0 ? here : there).anonymous()
      client.token = personOf(n % 2).token
      while (writing()) await client.send(chatIds[randomInt(chatIds.length)] ?? '', randomUUID())
    }),
    ...Array.from({ length: 26 }, () => lateWriter(writing)),
    comingAndGoing(writing),
    longTransaction(writing),
  ]
  const over = Promise.all(writing32).then(() => null)
  const reading = readers.map(async (reader) => {
    while (Date.now() < end) await reader.session(1 + randomInt(12), undefined, over)
  })
  await over
  await Promise.all(reading)

  // And those who were away all the time, and break off again with each batch.
  const late = cursors.map((cursor, n) => Object.assign(new Reader(personOf(n)), { cursor }))
  for (const reader of [...readers, ...late]) {
    const events = await expected(reader.person, atStart)
    // Whoever was told to begin anew does not get the rest: that is what failed then.
    const complete = () => reader.resets.length > 0 || [...events].every(([chatId, seqs]) => seqs.length === 0 || reader.seqs.get(chatId)?.at(-1) === seqs.at(-1))
    do await reader.session(late.includes(reader) ? 1 : Infinity, complete)
    while (!complete())
    expect(reader.resets).toEqual([])
    for (const [chatId, seqs] of events) expect(reader.seqs.get(chatId) ?? [], chatId).toEqual(seqs)
  }
  // The run was hard enough to mean something.
  const [{ inversions } = { inversions: 0 }] = await here.sql<{ inversions: number }[]>`
    select count(*)::int as inversions from (select xid, lag(xid) over (partition by stream_id order by seq) as before from event) as e where before > xid`
  expect(inversions).toBeGreaterThan(10)
  expect(await here.sql`select from member_interval where user_id = ${numberOf(personOf(2).id)}`).not.toHaveLength(0)
  expect([...readers, ...late].reduce((sum, reader) => sum + reader.resumes, 0)).toBeGreaterThan(20)
  expect(late.reduce((sum, reader) => sum + reader.resumesBehind, 0)).toBeGreaterThan(5)
})

function personOf(n: number): Client {
  return people[n % people.length] as Client
}

/** Takes its transaction id long before it sends, and one time in five gives up. No server hears of what it commits. */
async function lateWriter(writing: () => boolean): Promise<void> {
  while (writing()) {
    await writers
      .begin(async (tx) => {
        await tx`select pg_current_xact_id()`
        await delay(randomInt(120))
        const chatId = numberOf(chatIds[randomInt(chatIds.length)] ?? '')
        const items = [{ ord: 1, chat_id: chatId, sender_id: numberOf(personOf(randomInt(2)).id), client_id: randomUUID(), client_hash: '00', kind: 0, body: 'late', reply_to: null }]
        await tx`select from send_messages(${JSON.stringify(items)}::text::jsonb, true)`
        if (randomInt(5) === 0) throw new Error('given up')
      })
      .catch((error: unknown) => {
        if (!(error instanceof Error) || error.message !== 'given up') throw error
      })
  }
}

/** Alice takes carol out of chats and lets her in again. */
async function comingAndGoing(writing: () => boolean): Promise<void> {
  const [alice, , carol] = people as [Client, Client, Client]
  while (writing()) {
    const chatId = chatIds[randomInt(UNSTEADY)] ?? ''
    await succeed(alice, 'removeMember', { chatId, userId: carol.id })
    await delay(randomInt(100))
    await succeed(alice, 'addMembers', { chatId, userIds: [carol.id] })
    await delay(randomInt(100))
  }
}

/** Holds back the horizon of everybody: a write transaction that stays open. */
async function longTransaction(writing: () => boolean): Promise<void> {
  while (writing()) {
    await writers.begin(async (tx) => {
      await tx`select pg_current_xact_id()`
      await delay(500 + randomInt(1500))
    })
  }
}
