import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { hideHistory, listen, succeedOverSocket } from '../support/live.ts'
import { conflict, contentOf, expectRefused, notFound, succeed } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
/** Alice and Bob; Bob and Carol. */
let garden: string
let kitchen: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  garden = await alice.group('Garden', bob)
  kitchen = await bob.group('Kitchen', carol)
})
afterAll(() => server.close())

const MESSAGE = 'query ($id: ID!) { message(id: $id) { kind text forwarded location { latitude longitude name address } mentions { username } replyTo { id } sender { displayName } revision reactions { emoji } } }'
const read = async (client: Client, id: string): Promise<Untyped> => (await client.ask(MESSAGE, { id })).message

async function forward(client: Client, forwardOfId: string, target: object, more: object = {}): Promise<string> {
  return (await succeed(client, 'sendMessage', { clientId: randomUUID(), forwardOfId, ...target, ...more })).message.id as string
}

describe('a forwarded message', () => {
  test('says what the original says now, in the name of who forwards it', async () => {
    const original = await alice.send(garden, 'The roses are out, @bob.')
    await succeed(alice, 'editMessage', { messageId: original, text: 'The roses are out, @bob and @carol!' })
    await succeed(bob, 'addReaction', { messageId: original, emoji: '🌹' })
    expect(await read(bob, original)).toMatchObject({ forwarded: false, mentions: [{ username: 'bob' }] })
    const copy = await forward(bob, original, { chatId: kitchen })
    expect(await read(carol, copy)).toEqual({
      kind: 'TEXT',
      text: 'The roses are out, @bob and @carol!',
      forwarded: true,
      location: null,
      // Nobody is called by the words of somebody else.
      mentions: [],
      replyTo: null,
      sender: { displayName: 'Bob' },
      revision: 1,
      reactions: [],
    })
  })

  test('may go into the same chat, to a person, and on from there, and may answer something', async () => {
    const original = await alice.send(garden, 'Who has the key?')
    const answered = await bob.send(garden, 'What was that?')
    expect(await read(bob, await forward(alice, original, { chatId: garden }, { replyToId: answered }))).toMatchObject({ text: 'Who has the key?', forwarded: true, replyTo: { id: answered } })
    const toCarol = await forward(bob, original, { recipientId: carol.id })
    const onward = await forward(carol, toCarol, { recipientId: alice.id })
    expect(await read(alice, onward)).toMatchObject({ text: 'Who has the key?', forwarded: true, sender: { displayName: 'Carol' } })
  })

  test('takes a place along', async () => {
    const location = { latitude: 52.52, longitude: 13.405, name: 'Shop', address: 'Main St 1' }
    const { message } = await succeed(alice, 'sendMessage', { chatId: garden, clientId: randomUUID(), location, text: 'here' })
    expect(await read(carol, await forward(bob, message.id, { chatId: kitchen }))).toMatchObject({ kind: 'LOCATION', text: 'here', location, forwarded: true })
  })

  test('stays as it is when the original is edited or deleted', async () => {
    const original = await alice.send(garden, 'first')
    const copy = await forward(bob, original, { chatId: kitchen })
    await succeed(alice, 'editMessage', { messageId: original, text: 'second' })
    expect(await read(carol, copy)).toMatchObject({ text: 'first' })
    await succeed(alice, 'deleteMessage', { messageId: original })
    expect(await read(carol, copy)).toMatchObject({ text: 'first' })
  })

  test('is heard live', async () => {
    const original = await alice.send(garden, 'psst')
    const next = await listen(carol, kitchen, 'text forwarded')
    await succeedOverSocket(bob, 'sendMessage', { chatId: kitchen, clientId: randomUUID(), forwardOfId: original })
    expect(await next()).toMatchObject({ __typename: 'MessageAdded', actor: { id: bob.id }, message: { text: 'psst', forwarded: true } })
  })
})

describe('forwarding again with the same clientId', () => {
  test('answers the first message, also when the original was edited, deleted or is out of sight by then', async () => {
    const original = await alice.send(garden, 'first')
    const input = { chatId: kitchen, clientId: randomUUID(), forwardOfId: original }
    const toCarol = { ...input, chatId: null, recipientId: carol.id, clientId: randomUUID() }
    const sent = [await succeed(bob, 'sendMessage', input), await succeed(bob, 'sendMessage', toCarol)]
    expect(sent).toMatchObject([{ message: { text: 'first' }, duplicate: false }, { message: { text: 'first' }, duplicate: false }])
    const again = async () => {
      const before = await contentOf(server)
      expect([await succeed(bob, 'sendMessage', input), await succeed(bob, 'sendMessage', toCarol)]).toEqual(sent.map((answer) => ({ ...answer, duplicate: true })))
      expect(await contentOf(server)).toEqual(before)
    }
    await again()
    await succeed(alice, 'editMessage', { messageId: original, text: 'second' })
    await again()
    await succeed(alice, 'deleteMessage', { messageId: original })
    await again()
    await hideHistory(server, bob, garden, 1000)
    await again()
    await hideHistory(server, bob, garden, 1)
  })

  test('but another original, another chat or a text of one’s own is a conflict', async () => {
    const [one, two] = [await alice.send(garden, 'same words'), await alice.send(garden, 'same words')]
    const input = { chatId: kitchen, clientId: randomUUID(), forwardOfId: one }
    await succeed(bob, 'sendMessage', input)
    const OTHER = conflict(['clientId'], 'This clientId was used for another message.')
    for (const change of [{ forwardOfId: two }, { chatId: garden }, { forwardOfId: null, text: 'same words' }]) await expectRefused(server, bob, 'sendMessage', { ...input, ...change }, OTHER)
  })

  test('is no way to learn of a message out of sight', async () => {
    const [seen, unseen] = [await bob.send(kitchen, 'for Carol'), await alice.send(garden, 'not for Carol')]
    const input = { chatId: kitchen, clientId: randomUUID(), forwardOfId: seen }
    await succeed(carol, 'sendMessage', input)
    await expectRefused(server, carol, 'sendMessage', { ...input, forwardOfId: unseen }, notFound(['forwardOfId'], 'No such message.'))
  })
})
