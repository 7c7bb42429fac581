import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { conflict, contentOf, expectRefused, mutation, succeed } from '../../support/refusal.ts'

// One (sender, clientId) is one message, for ever: a client that does not know whether it was heard sends again.

let server: TestServer
let alice: Client
let bob: Client
let garden: string
let kitchen: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  garden = await alice.group('Garden', bob)
  kitchen = await alice.group('Kitchen', bob)
})
afterAll(() => server.close())

const OTHER_MESSAGE = conflict(['clientId'], 'This clientId was used for another message.')

async function countOf(clientId: string): Promise<number> {
  const [row] = await server.sql<{ count: number }[]>`select count(*)::int as count from message where client_id = ${clientId}`
  return row?.count ?? -1
}

const send = async (from: Client, input: object): Promise<Untyped> => (await from.ask(mutation('sendMessage'), { input })).sendMessage

describe('the same clientId again', () => {
  test('with the same content answers the first message, and nothing is written', async () => {
    const first = await alice.send(garden, 'the answered one')
    const input = { chatId: garden, clientId: randomUUID(), text: 'once', replyToId: first }
    const sent = await succeed(alice, 'sendMessage', input)
    expect(sent).toEqual({ message: { id: expect.any(String), text: 'once' }, duplicate: false })
    const before = await contentOf(server)
    expect(await succeed(alice, 'sendMessage', input)).toEqual({ ...sent, duplicate: true })
    expect(await succeed(alice, 'sendMessage', { ...input, clientId: input.clientId.toUpperCase() })).toEqual({ ...sent, duplicate: true })
    expect(await contentOf(server)).toEqual(before)
  })

  test.each([
    ['another text', () => ({ text: 'twice' })],
    ['the same text with a space more', () => ({ text: 'once ' })],
    ['another chat', () => ({ chatId: kitchen })],
    ['a recipient instead of the chat', () => ({ chatId: null, recipientId: bob.id })],
  ])('with %s is a conflict', async (_name, change) => {
    await alice.directChat(bob)
    const input = { chatId: garden, clientId: randomUUID(), text: 'once' }
    await succeed(alice, 'sendMessage', input)
    await expectRefused(server, alice, 'sendMessage', { ...input, ...change() }, OTHER_MESSAGE)
  })

  test('with or without the message that it answers is a conflict', async () => {
    const answered = await bob.send(garden, 'Shall we?')
    const [bare, reply] = [randomUUID(), randomUUID()]
    await succeed(alice, 'sendMessage', { chatId: garden, clientId: bare, text: 'yes' })
    await succeed(alice, 'sendMessage', { chatId: garden, clientId: reply, text: 'yes', replyToId: answered })
    await expectRefused(server, alice, 'sendMessage', { chatId: garden, clientId: bare, text: 'yes', replyToId: answered }, OTHER_MESSAGE)
    await expectRefused(server, alice, 'sendMessage', { chatId: garden, clientId: reply, text: 'yes' }, OTHER_MESSAGE)
  })

  test('is compared with what was sent, not with what an edit made of it; after a deletion it answers the tombstone', async () => {
    const input = { chatId: garden, clientId: randomUUID(), text: 'first' }
    const { id: messageId } = (await succeed(alice, 'sendMessage', input)).message
    await succeed(alice, 'editMessage', { messageId, text: 'edited' })
    expect(await succeed(alice, 'sendMessage', input)).toEqual({ message: { id: messageId, text: 'edited' }, duplicate: true })
    await expectRefused(server, alice, 'sendMessage', { ...input, text: 'edited' }, OTHER_MESSAGE)
    await succeed(alice, 'deleteMessage', { messageId })
    expect(await succeed(alice, 'sendMessage', input)).toEqual({ message: { id: messageId, text: null }, duplicate: true })
  })

  test('from somebody else is another message', async () => {
    const input = { chatId: garden, clientId: randomUUID(), text: 'hello' }
    const hers = await succeed(alice, 'sendMessage', input)
    const his = await succeed(bob, 'sendMessage', input)
    expect(his).toMatchObject({ duplicate: false })
    expect(his.message.id).not.toBe(hers.message.id)
  })

  test('to a person whose chat it made answers that message', async () => {
    const carol = await server.signUp('carol')
    const input = { recipientId: carol.id, clientId: randomUUID(), text: 'Welcome!' }
    const sent = await succeed(alice, 'sendMessage', input)
    const before = await contentOf(server)
    expect(await succeed(alice, 'sendMessage', input)).toEqual({ ...sent, duplicate: true })
    expect(await contentOf(server)).toEqual(before)
  })
})

describe('the same clientId at once', () => {
  test('from two requests is one message, twenty times', async () => {
    for (let round = 0; round < 20; round++) {
      const input = { chatId: garden, clientId: randomUUID(), text: `round ${round}` }
      const [one, two] = await Promise.all([send(alice, input), send(alice, input)])
      expect([one.duplicate, two.duplicate].sort()).toEqual([false, true])
      expect(one.message).toEqual(two.message)
      expect(await countOf(input.clientId)).toBe(1)
    }
  })

  test('from twenty requests is one message', async () => {
    const input = { chatId: garden, clientId: randomUUID(), text: 'all at once' }
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(alice, input)))
    expect(answers.flatMap((answer) => answer.errors as unknown[])).toEqual([])
    expect(new Set(answers.map((answer) => answer.message.id as string)).size).toBe(1)
    expect(answers.filter((answer) => answer.duplicate === false)).toHaveLength(1)
    expect(await countOf(input.clientId)).toBe(1)
  })

  test('with two contents is one message and one conflict', async () => {
    for (let round = 0; round < 20; round++) {
      const clientId = randomUUID()
      const answers = await Promise.all([send(alice, { chatId: garden, clientId, text: 'one' }), send(alice, { chatId: garden, clientId, text: 'two' })])
      expect(answers.map((answer) => answer.duplicate).sort()).toEqual([false, null])
      expect(answers.flatMap((answer) => answer.errors)).toEqual([OTHER_MESSAGE])
      expect(await countOf(clientId)).toBe(1)
    }
  })

  test('into two chats is one message and one conflict', async () => {
    for (let round = 0; round < 20; round++) {
      const clientId = randomUUID()
      const answers = await Promise.all([garden, kitchen].map((chatId) => send(alice, { chatId, clientId, text: 'where?' })))
      expect(answers.flatMap((answer) => answer.errors)).toEqual([OTHER_MESSAGE])
      expect(await countOf(clientId)).toBe(1)
    }
  })

  test('to somebody new makes one chat and one message', async () => {
    const dora = await server.signUp('dora')
    const input = { recipientId: dora.id, clientId: randomUUID(), text: 'Welcome!' }
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(alice, input)))
    expect(answers.flatMap((answer) => answer.errors as unknown[])).toEqual([])
    expect(new Set(answers.map((answer) => answer.message.id as string)).size).toBe(1)
    expect(await countOf(input.clientId)).toBe(1)
    expect((await dora.ask('{ chats { totalCount } }')).chats.totalCount).toBe(1)
  })
})
