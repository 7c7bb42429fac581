import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'

// Two servers that do not hear of each other, writers whose transactions begin long before they lock or never commit, and readers
// that break off and resume anywhere: what each reader applied must be every event, once, in order.

let here: TestServer
let there: TestServer
let people: Client[]
let chatIds: string[]

beforeAll(async () => {
  here = await startServer()
  there = await startServer({ databaseUrl: here.databaseUrl })
  people = [await here.signUp('alice'), await here.signUp('bob'), await here.signUp('carol')]
  const [alice, ...others] = people as [Client, ...Client[]]
  chatIds = await Promise.all(Array.from({ length: 8 }, (_, n) => alice.group(`Chat ${n}`, ...others)))
})
afterAll(async () => {
  await there.close()
  await here.close()
})

const EVENTS = 'subscription ($after: String) { events(after: $after) { cursor caughtUp reset { reason } events { chatId seq } } }'
const WRITING_MS = 6000

/** What one reader has applied of each chat: it may not skip and may not repeat. */
class Reader {
  readonly last = new Map<string, number>()
  readonly faults: string[] = []
  cursor: string | null = null
  resumes = 0
  applied = 0

  /** Reads from a random server for a random while, or until `enough`. */
  async session(person: Client, enough?: () => boolean): Promise<void> {
    const server = randomInt(2) === 0 ? here : there
    const client = server.anonymous()
    client.token = person.token
    const stream = client.subscribe(EVENTS, { after: this.cursor })
    const batches = enough === undefined ? 1 + randomInt(12) : Infinity
    this.resumes += 1
    for (let n = 0; n < batches && enough?.() !== true; n++) {
      const { events, cursor, reset } = (await stream.next()).events
      if (reset !== null) this.faults.push(`reset ${reset.reason}`)
      for (const { chatId, seq } of events) this.#apply(chatId, seq)
      this.cursor = cursor
    }
    stream.unsubscribe()
    await client.close()
  }

  #apply(chatId: string, seq: number): void {
    const last = this.last.get(chatId)
    if (last !== undefined && seq !== last + 1) this.faults.push(`${chatId}: ${seq} after ${last}`)
    this.last.set(chatId, seq)
    this.applied += 1
  }
}

test('no event is lost, none comes twice, all in order', { timeout: 60_000 }, async () => {
  const end = Date.now() + WRITING_MS
  const writing = () => Date.now() < end
  const heads = async () => new Map((await here.sql<{ id: number; head: number }[]>`select id, head_seq as head from stream`).map((row) => [row.id, row.head]))

  const atStart = await heads()
  const readers = Array.from({ length: 6 }, () => new Reader())
  for (const [index, reader] of readers.entries()) reader.cursor = (await personOf(index).ask('{ eventCursor }')).eventCursor as string

  const writers = [
    ...Array.from({ length: 3 }, async (_, n) => {
      const client = (n % 2 === 0 ? here : there).anonymous()
      client.token = personOf(n).token
      while (writing()) await client.send(chatIds[randomInt(chatIds.length)] ?? '', randomUUID())
    }),
    ...Array.from({ length: 3 }, () => lateWriter(writing)),
    longTransaction(writing),
  ]
  const reading = Promise.all(
    readers.map(async (reader, index) => {
      while (writing()) await reader.session(personOf(index))
    }),
  )
  await Promise.all(writers)
  // A reader in the middle of a session waits for its next batch: somebody goes on talking until all are through.
  let through = false
  void reading.then(() => (through = true))
  while (!through) await personOf(0).send(chatIds[0] ?? '', 'still here')
  await reading

  const atEnd = await heads()
  const keyOf = (chatId: string) => Number(Buffer.from(chatId, 'base64url').toString().split(':')[1])
  const moved = chatIds.filter((chatId) => atEnd.get(keyOf(chatId)) !== atStart.get(keyOf(chatId)))
  expect(moved.length).toBe(chatIds.length)
  const complete = (reader: Reader) => moved.every((chatId) => reader.last.get(chatId) === atEnd.get(keyOf(chatId)))
  await Promise.all(readers.map((reader, index) => reader.session(personOf(index), () => complete(reader))))

  for (const reader of readers) {
    expect(reader.faults).toEqual([])
    const written = chatIds.reduce((sum, chatId) => sum + (atEnd.get(keyOf(chatId)) ?? 0) - (atStart.get(keyOf(chatId)) ?? 0), 0)
    expect(reader.applied).toBe(written)
  }
  // The run was hard enough to mean something.
  const [{ inversions } = { inversions: 0 }] = await here.sql<{ inversions: number }[]>`
    select count(*)::int as inversions from (select xid, lag(xid) over (partition by stream_id order by seq) as before from event) as e where before > xid`
  expect(inversions).toBeGreaterThan(10)
  expect(readers.reduce((sum, reader) => sum + reader.resumes, 0)).toBeGreaterThan(50)
})

function personOf(n: number): Client {
  return people[n % people.length] as Client
}

/** Takes its transaction id long before it sends, and one time in five gives up. No server hears of what it commits. */
async function lateWriter(writing: () => boolean): Promise<void> {
  while (writing()) {
    await here.sql
      .begin(async (tx) => {
        await tx`select pg_current_xact_id()`
        await delay(randomInt(40))
        const chatId = Buffer.from(chatIds[randomInt(chatIds.length)] ?? '', 'base64url').toString().split(':')[1]
        const sender = Buffer.from(personOf(randomInt(3)).id, 'base64url').toString().split(':')[1]
        const items = [{ ord: 1, chat_id: Number(chatId), sender_id: Number(sender), client_id: randomUUID(), client_hash: '00', kind: 0, body: 'late', reply_to: null }]
        await tx`select from send_messages(${JSON.stringify(items)}::text::jsonb, true)`
        if (randomInt(5) === 0) throw new Error('given up')
      })
      .catch((error: unknown) => {
        if (!(error instanceof Error) || error.message !== 'given up') throw error
      })
  }
}

/** Holds back the horizon of everybody: a write transaction that stays open. */
async function longTransaction(writing: () => boolean): Promise<void> {
  while (writing()) {
    await here.sql.begin(async (tx) => {
      await tx`select pg_current_xact_id()`
      await delay(500 + randomInt(1500))
    })
  }
}
