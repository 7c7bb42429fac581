import { randomUUID } from 'node:crypto'
import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { numberOf } from '../support/live.ts'
import { whileHeld } from '../support/locks.ts'
import type { Held } from '../support/locks.ts'
import { mutation, succeed } from '../support/refusal.ts'

// Sends that come together share a call of the database. Nobody may notice, but for the time.

let server: TestServer
let people: Client[]
let alice: Client
let bob: Client
let carol: Client
beforeAll(async () => {
  server = await startServer()
  people = await Promise.all(['alice', 'bob', 'carol', 'dave'].map((name) => server.signUp(name)))
  ;[alice, bob, carol] = people as [Client, Client, Client]
})
afterAll(() => server.close())

const SEND = mutation('sendMessage', 'message { number seq clientId createdAt sender { id } chat { id } }')

/** The whole answer to a send. */
async function send(who: Client, chatId: string, text: string, more: { clientId?: string; replyToId?: string } = {}): Promise<Untyped> {
  return (await who.ask(SEND, { input: { chatId, text, clientId: randomUUID(), ...more } })).sendMessage
}

/** Nothing can be stored, but nothing is locked that is asked for: all sends gather behind the two calls that this lets begin. */
async function gathered<T>(work: (held: Held) => Promise<T>): Promise<T> {
  const [first, second] = [await alice.group('First'), await alice.group('Second')]
  const { sent, result } = await whileHeld(server, async (held) => {
    await held.tx`lock table message in share mode`
    const begun = [send(alice, first, 'first')]
    await held.waiters(1)
    begun.push(send(alice, second, 'second'))
    await held.waiters(2)
    const pending = work(held)
    // The server reads what comes in its order: by the answer to this the others are in.
    await alice.ask('{ serverInfo { version } }')
    return { sent: Promise.all(begun), result: pending }
  })
  await sent
  return result
}

/** What a chat holds, as its members read it. */
async function textsIn(who: Client, chatId: string): Promise<string[]> {
  const { chat } = await who.ask('query ($id: ID!) { chat(id: $id) { messages(first: 100) { nodes { number text } } } }', { id: chatId })
  expect(chat.messages.nodes.map(({ number }: Untyped) => number)).toEqual(chat.messages.nodes.map((_: Untyped, index: number) => index + 1))
  return chat.messages.nodes.map(({ text }: Untyped) => text)
}

test('what several people send at once, into one chat and into many, is stored once, without holes, and each hears of their own', async () => {
  const chats = await Promise.all(Array.from({ length: 17 }, (_, n) => alice.group(`Chat ${n}`, ...people.slice(1))))
  const [hot = '', ...others] = chats
  const answers = await gathered(() =>
    Promise.all(
      Array.from({ length: 128 }, async (_, n) => {
        const [who, chatId, clientId] = [people[n % 4] as Client, n < 64 ? hot : (others[n % 16] ?? ''), randomUUID()]
        return { who, chatId, clientId, n, answer: await send(who, chatId, `text ${n}`, { clientId }) }
      }),
    ),
  )
  for (const { who, chatId, clientId, n, answer } of answers) {
    expect(answer).toMatchObject({ errors: [], duplicate: false, message: { text: `text ${n}`, clientId, sender: { id: who.id }, chat: { id: chatId } } })
    // What the answer says is what was stored.
    const { message } = await who.ask('query ($id: ID!) { message(id: $id) { id text number seq clientId createdAt sender { id } chat { id } } }', { id: answer.message.id })
    expect(message).toEqual(answer.message)
  }
  expect((await textsIn(bob, hot)).sort()).toEqual(answers.slice(0, 64).map(({ n }) => `text ${n}`).sort())
  for (const chatId of others) expect(await textsIn(bob, chatId)).toHaveLength(4)
  const [row] = await server.sql<{ calls: number }[]>`select count(distinct xid)::int as calls from event where kind = 10 and stream_id = any (${chats.map(numberOf)}::bigint[])`
  expect(row?.calls).toBeLessThan(32)
})

test('of what is sent together each has its own answer: repeats, other content, chats that are not theirs, closed ones, replies to nothing', async () => {
  const group = await alice.group('Group', bob, carol)
  const other = await alice.group('Other', bob)
  const direct = await alice.directChat(carol)
  await succeed(carol, 'blockUser', { userId: alice.id })
  await succeed(alice, 'removeMember', { chatId: group, userId: carol.id })
  const old = await send(alice, group, 'old')
  const [repeated, conflicting, elsewhere] = [randomUUID(), randomUUID(), randomUUID()]
  const typed = ({ message, duplicate, errors }: Untyped) => (errors.length > 0 ? errors.map(({ code, path }: Untyped) => [code, path]) : [message.text, duplicate])
  const answers = await gathered(async () =>
    (
      await Promise.all([
        Promise.all([1, 2, 3].map(() => send(alice, group, 'repeated', { clientId: repeated }))),
        Promise.all(['one', 'two'].map((text) => send(alice, group, text, { clientId: conflicting }))),
        Promise.all([group, other].map((chatId) => send(alice, chatId, 'elsewhere', { clientId: elsewhere.toUpperCase() }))),
        Promise.all([
          send(carol, group, 'kicked'),
          send(alice, direct, 'blocked'),
          send(bob, direct, 'a stranger'),
          send(bob, Buffer.from('Chat:999999999').toString('base64url'), 'nowhere'),
          send(bob, group, 'reply to nothing', { replyToId: Buffer.from(`Message:${numberOf(group)}:999`).toString('base64url') }),
          send(bob, group, 'reply', { replyToId: old.message.id }),
        ]),
      ])
    ).map((answered) => answered.map(typed)),
  )
  expect(answers[0]?.sort()).toEqual([['repeated', false], ['repeated', true], ['repeated', true]])
  expect(answers[1]).toContainEqual([['CONFLICT', ['clientId']]])
  expect(answers[1]?.filter(([text]) => text === 'one' || text === 'two')).toHaveLength(1)
  expect(answers[2]?.sort()).toEqual([[['CONFLICT', ['clientId']]], ['elsewhere', false]])
  expect(answers[3]).toEqual([
    [['NOT_FOUND', ['chatId']]],
    [['NOT_ALLOWED', ['chatId']]],
    [['NOT_FOUND', ['chatId']]],
    [['NOT_FOUND', ['chatId']]],
    [['NOT_FOUND', ['replyToId']]],
    ['reply', false],
  ])
  expect((await textsIn(bob, group)).length + (await textsIn(bob, other)).length).toBe(5)
})

describe('a chat that somebody else holds', () => {
  /** Holds the streams of these chats. */
  const hold = ({ tx }: Held, chatIds: string[]) => tx`select from stream where id = any (${chatIds.map(numberOf)}::bigint[]) order by id for update`

  test('keeps no send into another one waiting, nor do many such', async () => {
    const locked = await Promise.all(Array.from({ length: 6 }, (_, n) => alice.group(`Locked ${n}`, bob)))
    const free = await alice.group('Free', bob)
    const { late } = await whileHeld(server, async (held) => {
      await hold(held, locked)
      const waiting = locked.flatMap((chatId) => Array.from({ length: 12 }, (_, n) => send(n % 2 === 0 ? alice : bob, chatId, `late ${n}`)))
      // As many as wait at once.
      await held.waiters(3)
      for (let n = 0; n < 10; n++) expect(await Promise.all([send(alice, free, `now ${n}`), send(bob, free, `now ${n}`)])).toMatchObject([{ errors: [] }, { errors: [] }])
      for (const chatId of locked) expect(await textsIn(alice, chatId)).toEqual([])
      return { late: Promise.all(waiting) }
    })
    expect((await late).flatMap(({ errors }) => errors)).toEqual([])
    for (const chatId of locked) expect((await textsIn(bob, chatId)).sort()).toEqual(Array.from({ length: 12 }, (_, n) => `late ${n}`).sort())
  })

  test('is checked only after the wait: who was removed meanwhile has sent nothing', async () => {
    const chatId = await alice.group('Changing', bob)
    const { pending } = await whileHeld(server, async (held) => {
      await hold(held, [chatId])
      const sent = Promise.all([send(bob, chatId, 'from bob'), send(alice, chatId, 'from alice')])
      await held.waiters(1)
      await held.tx`update member set to_seq = 99 where chat_id = ${numberOf(chatId)} and user_id = ${numberOf(bob.id)}`
      return { pending: sent }
    })
    expect(await pending).toMatchObject([{ errors: [{ code: 'NOT_FOUND' }] }, { errors: [], message: { text: 'from alice' } }])
  })

  test('lets so many wait and refuses the others, who may try again; the other chats go on', async () => {
    const [locked, free] = [await alice.group('Full'), await alice.group('Not full')]
    const socket = createClient({ url: server.wsUrl, webSocketImpl: WebSocket, connectionParams: { token: alice.token } })
    const ask = (clientId: string) =>
      new Promise<Untyped>((resolve, reject) => {
        socket.subscribe({ query: SEND, variables: { input: { chatId: locked, text: clientId, clientId } } }, { next: resolve, error: reject, complete: () => undefined })
      })
    const ids = Array.from({ length: 1200 }, () => randomUUID())
    const { answers } = await whileHeld(server, async (held) => {
      await hold(held, [locked])
      let refused: () => void = () => undefined
      const first = new Promise<void>((resolve) => (refused = resolve))
      const all = ids.map((id) => ask(id).then((answer) => {
        if (answer.errors !== undefined) refused()
        return answer
      }))
      await first
      expect(await send(alice, free, 'still here')).toMatchObject({ errors: [] })
      return { answers: Promise.all(all) }
    })
    const told = await answers
    const refused = told.filter(({ errors }) => errors !== undefined)
    expect(refused.length).toBeGreaterThan(100)
    for (const { errors } of refused) expect(errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE', retryable: true } }])
    const [row] = await server.sql<{ count: number }[]>`select count(*)::int as count from message where chat_id = ${numberOf(locked)}`
    expect(row?.count).toBe(told.length - refused.length)
    const again = ids[told.findIndex(({ errors }) => errors !== undefined)] ?? ''
    expect((await ask(again)).data.sendMessage).toMatchObject({ errors: [], duplicate: false })
    await socket.dispose()
  })
})

test('of what is sent together only that fails which the database does not take', async () => {
  await server.sql.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$;
    create trigger refuse before insert on message for each row when (new.body like 'bad%') execute function refuse()`)
  const chats = await Promise.all([1, 2, 3].map((n) => alice.group(`Mixed ${n}`, bob)))
  const answers = await gathered(() =>
    Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        const text = n % 10 === 7 ? `bad ${n}` : `good ${n}`
        const { data, errors } = await alice.request(SEND, { input: { chatId: chats[n % 3], text, clientId: randomUUID() } })
        return [text, errors?.[0]?.extensions?.code ?? data?.sendMessage.message.text]
      }),
    ),
  )
  expect(answers).toEqual(answers.map(([text = '']) => [text, text.startsWith('bad') ? 'INTERNAL_SERVER_ERROR' : text]))
  const stored = (await Promise.all(chats.map((chatId) => textsIn(bob, chatId)))).flat()
  expect(stored.sort()).toEqual(answers.flatMap(([text = '']) => (text.startsWith('bad') ? [] : [text])).sort())
  await server.sql`drop trigger refuse on message`
})

test('two who write to each other for the first time, often and at once, do so in one chat', async () => {
  const [erin, frank] = [await server.signUp('erin'), await server.signUp('frank')]
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      const [from, to] = n % 2 === 0 ? [erin, frank] : [frank, erin]
      return (await from.ask(SEND, { input: { recipientId: to.id, text: `hello ${n}`, clientId: randomUUID() } })).sendMessage
    }),
  )
  expect(answers.flatMap(({ errors }) => errors)).toEqual([])
  expect(new Set(answers.map(({ message }) => message.chat.id)).size).toBe(1)
  expect((await textsIn(erin, answers[0].message.chat.id)).sort()).toEqual(answers.map((_, n) => `hello ${n}`).sort())
})
