import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { mutation, succeed } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let count = 0

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** Two people whom nothing binds yet. */
beforeEach(async () => {
  count += 1
  ;[alice, bob] = (await Promise.all(['alice', 'bob'].map((name) => server.signUp(`${name}${count}`)))) as [Client, Client]
})

const block = (who: Client, whom: Client) => succeed(who, 'blockUser', { userId: whom.id })
const unblock = (who: Client, whom: Client) => succeed(who, 'unblockUser', { userId: whom.id })
const message = (to: object) => ({ ...to, text: 'Hello!', clientId: randomUUID() })

describe('at the same moment', () => {
  const NUMBER = 12

  const idOf = (globalId: string) => Number(Buffer.from(globalId, 'base64url').toString().split(':')[1])

  /** Runs these while somebody else holds the lock of a stream, until all of them wait, each come to its wait after the one before. */
  async function inLine(streamId: string, ...work: (() => Promise<unknown>)[]): Promise<void> {
    const other = await server.sql.reserve()
    const running: Promise<unknown>[] = []
    try {
      await other`begin`
      await other`select from stream where id = ${idOf(streamId)} for update`
      for (const start of work) {
        running.push(start())
        await expect.poll(async () => (await other`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length, { timeout: 10_000 }).toBe(running.length)
      }
    } finally {
      await other`commit`
      other.release()
    }
    await Promise.all(running)
  }

  /** Whether nobody may write, and whether a block stands, of each direct chat of these people. */
  async function chatsOf(people: Client[]): Promise<{ closed: boolean; blocked: boolean }[]> {
    const ids = people.map((person) => idOf(person.id))
    return server.sql`
      select s.closed, exists (select from block b where b.user_id in (c.direct_low, c.direct_high) and b.blocked_id in (c.direct_low, c.direct_high)) as blocked
      from chat c join stream s on s.id = c.id where c.direct_low = any (${ids}) or c.direct_high = any (${ids})`
  }

  test('a block and the first message: whichever comes first, no chat stays open', async () => {
    const people = await Promise.all(Array.from({ length: NUMBER }, (_, n) => server.signUp(`first${n}x${count}`)))
    const outcomes = await Promise.all(
      people.flatMap((person) => [
        block(person, bob).then(() => 'blocked'),
        bob.ask(mutation('sendMessage'), { input: message({ recipientId: person.id }) }).then(({ sendMessage }: Untyped) => (sendMessage.errors[0]?.code ?? 'SENT') as string),
      ]),
    )
    expect(outcomes.filter((outcome) => !['blocked', 'SENT', 'NOT_FOUND', 'NOT_ALLOWED'].includes(outcome))).toEqual([])
    for (const chat of await chatsOf(people)) expect(chat).toEqual({ closed: true, blocked: true })
    for (const person of people) expect((await bob.ask(mutation('sendMessage'), { input: message({ recipientId: person.id }) })).sendMessage.message).toBeNull()
  })

  test('a block that waited while the chat was made closes it', async () => {
    await inLine(
      alice.id,
      () => bob.directChat(alice),
      () => block(alice, bob),
    )
    expect(await chatsOf([alice])).toEqual([{ closed: true, blocked: true }])
  })

  test('two who take their blocks back open the chat', async () => {
    const chatId = await alice.directChat(bob)
    for (const [who, whom] of [[alice, bob], [bob, alice]] as const) await block(who, whom)
    await inLine(
      chatId,
      () => unblock(alice, bob),
      () => unblock(bob, alice),
    )
    expect(await chatsOf([alice])).toEqual([{ closed: false, blocked: false }])
  })

  test('both block and take it back: the chat is closed exactly while a block stands', async () => {
    const people = await Promise.all(Array.from({ length: NUMBER }, (_, n) => server.signUp(`both${n}x${count}`)))
    for (const person of people) await alice.directChat(person)
    await Promise.all(people.flatMap((person) => [block(person, alice), block(alice, person)]))
    await Promise.all(people.flatMap((person, n) => [unblock(alice, person), ...(n % 2 === 0 ? [unblock(person, alice)] : [])]))
    const chats = await chatsOf(people)
    expect(chats.filter(({ closed, blocked }) => closed !== blocked)).toEqual([])
    expect(chats.filter(({ closed }) => closed)).toHaveLength(NUMBER / 2)
  })
})
