import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { closeChat } from '../../support/live.ts'
import { expectRefused, globalId, invalid, notAllowed, notFound, succeed } from '../../support/refusal.ts'
import type { Fault, MutationName } from '../../support/refusal.ts'

// What cannot be done with messages: to react, pin, forward or tell a place.

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
/** Alice and Bob; Bob and Carol. */
let garden: string
let kitchen: string
/** In the garden: by Alice, and by her and deleted. In the kitchen, which Alice does not see. */
let mine: string
let deleted: string
let unseen: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  garden = await alice.group('Garden', bob)
  kitchen = await bob.group('Kitchen', carol)
  mine = await alice.send(garden, 'The roses are out.')
  deleted = await alice.send(garden, 'Never mind.')
  await succeed(alice, 'deleteMessage', { messageId: deleted })
  unseen = await bob.send(kitchen, 'Do not tell Alice.')
})
afterAll(() => server.close())

const DEEDS: [string, MutationName, object][] = [
  ['given an emoji', 'addReaction', { emoji: '👍' }],
  ['relieved of an emoji', 'removeReaction', { emoji: '👍' }],
  ['pinned', 'pinMessage', {}],
  ['unpinned', 'unpinMessage', {}],
]

describe.each(DEEDS)('a message is not %s', (_deed, name, more) => {
  const UNREACHABLE: [string, () => string, Fault][] = [
    ['where it cannot be seen', () => unseen, notFound(['messageId'], 'No such message.')],
    ['where it does not exist', () => globalId('Message', 999_999, 1), notFound(['messageId'], 'No such message.')],
    ['by an ID that is none', () => 'mine', invalid(['messageId'], 'messageId is not the ID of a Message.')],
    ['by the ID of a chat', () => garden, invalid(['messageId'], 'messageId is not the ID of a Message.')],
  ]
  test.each(UNREACHABLE)('%s', async (_name, messageId, fault) => {
    await expectRefused(server, alice, name, { messageId: messageId(), ...more }, fault)
  })
})

describe('a reaction', () => {
  test.each(['', ' ', 'a', '1', ':)', 'thumbsup', '👍👍', '👍 ', '👍a', '🇦', '\u200D', '👍\0', '\ud83d', '👍'.repeat(10_000)])('%# is not one emoji', async (emoji) => {
    for (const name of ['addReaction', 'removeReaction'] as const) {
      await expectRefused(server, alice, name, { messageId: mine, emoji }, invalid(['emoji'], 'emoji must be one emoji and nothing else.'))
    }
  })

  test('is neither given to a deleted message nor taken back', async () => {
    const fault = notAllowed(['messageId'], 'A deleted message takes no reactions.')
    await expectRefused(server, bob, 'addReaction', { messageId: deleted, emoji: '👍' }, fault)
    await expectRefused(server, bob, 'removeReaction', { messageId: deleted, emoji: '👍' }, fault)
  })
})

describe('a pin', () => {
  test('is not set or taken off by a mere member of a group', async () => {
    const fault = notAllowed(['messageId'], 'Only an owner or admin of the group may pin messages.')
    await expectRefused(server, bob, 'pinMessage', { messageId: mine }, fault)
    await expectRefused(server, bob, 'unpinMessage', { messageId: mine }, fault)
  })

  test('is not set on a deleted message', async () => {
    await expectRefused(server, alice, 'pinMessage', { messageId: deleted }, notAllowed(['messageId'], 'A deleted message cannot be pinned.'))
  })
})

describe('a message is not forwarded', () => {
  const CASES: [string, () => object, ...Fault[]][] = [
    ['that its sender cannot see', () => ({ forwardOfId: unseen }), notFound(['forwardOfId'], 'No such message.')],
    ['that does not exist', () => ({ forwardOfId: globalId('Message', 999_999, 1) }), notFound(['forwardOfId'], 'No such message.')],
    ['that is deleted', () => ({ forwardOfId: deleted }), notAllowed(['forwardOfId'], 'A deleted message cannot be forwarded.')],
    ['by an ID that is none', () => ({ forwardOfId: '#1' }), invalid(['forwardOfId'], 'forwardOfId is not the ID of a Message.')],
    ['with a text', () => ({ forwardOfId: mine, text: 'look' }), invalid(['text'], 'text must be left out: what is forwarded brings its own.')],
    ['with an empty text', () => ({ forwardOfId: mine, text: '' }), invalid(['text'], 'text must be left out: what is forwarded brings its own.')],
    ['with a place', () => ({ forwardOfId: mine, location: { latitude: 0, longitude: 0 } }), invalid(['location'], 'location must be left out: what is forwarded brings its own.')],
    ['into a chat of others', () => ({ forwardOfId: mine, chatId: kitchen }), notFound(['chatId'], 'No such chat.')],
    ['in answer to a message that is not there', () => ({ forwardOfId: mine, replyToId: unseen }), notFound(['replyToId'], 'No such message in this chat.')],
  ]
  test.each(CASES)('%s', async (_name, input, ...faults) => {
    await expectRefused(server, alice, 'sendMessage', { chatId: garden, clientId: randomUUID(), ...input() }, ...faults)
  })

  test('to somebody new where it cannot be seen: no chat is made', async () => {
    await expectRefused(server, alice, 'sendMessage', { recipientId: carol.id, clientId: randomUUID(), forwardOfId: unseen }, notFound(['forwardOfId'], 'No such message.'))
  })
})

describe('a place is not told', () => {
  const latitude = invalid(['location', 'latitude'], 'location.latitude must be from -90 to 90.')
  const longitude = invalid(['location', 'longitude'], 'location.longitude must be from -180 to 180.')
  const CASES: [string, object, ...Fault[]][] = [
    ['beyond a pole', { latitude: 90.000001 }, latitude],
    ['beyond the other', { latitude: -91 }, latitude],
    ['beyond the date line', { longitude: 180.5 }, longitude],
    ['beyond it on the other side', { longitude: -1e300 }, longitude],
    ['with a name of 201 letters', { name: 'x'.repeat(201) }, invalid(['location', 'name'], 'location.name must have at most 200 characters, it has 201.')],
    ['with a NUL in the address', { address: 'a\0b' }, invalid(['location', 'address'], 'location.address must not contain the NUL character.')],
    ['with several faults, each told', { latitude: 100, longitude: 200 }, latitude, longitude],
  ]
  test.each(CASES)('%s', async (_name, part, ...faults) => {
    await expectRefused(server, alice, 'sendMessage', { chatId: garden, clientId: randomUUID(), location: { latitude: 0, longitude: 0, ...part } }, ...faults)
  })

  test('with an empty text', async () => {
    await expectRefused(server, alice, 'sendMessage', { chatId: garden, clientId: randomUUID(), text: '', location: { latitude: 0, longitude: 0 } }, invalid(['text'], 'text must not be empty.'))
  })

  test('of a number that only a document can hold', async () => {
    const answer = await alice.ask(`mutation { sendMessage(input: { chatId: "${garden}", clientId: "${randomUUID()}", location: { latitude: 1e999, longitude: 0 } }) { message { id } errors { path } } }`)
    expect(answer.sendMessage).toEqual({ message: null, errors: [{ path: ['location', 'latitude'] }] })
  })
})

describe('in a closed direct chat', () => {
  let closed: string
  let said: string

  beforeAll(async () => {
    closed = await alice.directChat(carol)
    said = await alice.send(closed, 'The last word.')
    await succeed(carol, 'addReaction', { messageId: said, emoji: '👍' })
    await closeChat(server, closed)
  })

  const CLOSED = (path: string) => notAllowed([path], 'Nobody can write in this chat: one of you has blocked the other, or is gone.')

  test.each(DEEDS)('a message is not %s', async (_deed, name, more) => {
    await expectRefused(server, carol, name, { messageId: said, ...more }, CLOSED('messageId'))
  })

  test('nothing is sent or edited', async () => {
    await expectRefused(server, alice, 'sendMessage', { chatId: closed, clientId: randomUUID(), text: 'Hello?' }, CLOSED('chatId'))
    await expectRefused(server, alice, 'sendMessage', { recipientId: carol.id, clientId: randomUUID(), text: 'Hello?' }, CLOSED('recipientId'))
    await expectRefused(server, alice, 'sendMessage', { chatId: closed, clientId: randomUUID(), forwardOfId: mine }, CLOSED('chatId'))
    await expectRefused(server, alice, 'editMessage', { messageId: said, text: 'The very last word.' }, CLOSED('messageId'))
  })

  test('it can still be read, and what was said be deleted by its sender alone', async () => {
    await expectRefused(server, carol, 'deleteMessage', { messageId: said }, notAllowed(['messageId'], 'Only its sender may delete a message.'))
    await succeed(carol, 'markRead', { messageId: said })
    await succeed(alice, 'deleteMessage', { messageId: said })
  })
})
