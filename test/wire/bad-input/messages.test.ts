import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { conflict, contentOf, expectRefused, globalId, invalid, mutation, notAllowed, notFound, succeed } from '../../support/refusal.ts'
import type { Fault } from '../../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
/** Alice and Bob; Bob and Carol. */
let garden: string
let kitchen: string
/** In the garden: by Alice, by Bob, by Alice and deleted. In the kitchen, which Alice does not see. */
let mine: string
let bobs: string
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
  bobs = await bob.send(garden, 'At last!')
  deleted = await alice.send(garden, 'Never mind.')
  await succeed(alice, 'deleteMessage', { messageId: deleted })
  unseen = await bob.send(kitchen, 'Do not tell Alice.')
})
afterAll(() => server.close())

const EMOJI = '🌹'
const TEXTS: [string, string, string][] = [
  ['no letter', '', 'text must not be empty.'],
  ['whitespace alone', ' \n\t\u00a0\u3000', 'text must not be empty.'],
  ['10,001 letters', 'a'.repeat(10_001), 'text must have at most 10000 characters, it has 10001.'],
  ['10,001 emoji', EMOJI.repeat(10_001), 'text must have at most 10000 characters, it has 10001.'],
  ['a NUL', 'before\0after', 'text must not contain the NUL character.'],
  ['half of a surrogate pair', 'before\ud83cafter', 'text must be well-formed Unicode (it contains half of a surrogate pair).'],
]

describe('a text', () => {
  test.each(TEXTS)('of %s is not sent', async (_name, text, message) => {
    await expectRefused(server, alice, 'sendMessage', { chatId: garden, clientId: randomUUID(), text }, invalid(['text'], message))
  })

  test.each(TEXTS)('of %s replaces none', async (_name, text, message) => {
    await expectRefused(server, alice, 'editMessage', { messageId: mine, text }, invalid(['text'], message))
  })

  test('that is left out is an empty one', async () => {
    for (const input of [{}, { text: null }]) {
      await expectRefused(server, alice, 'sendMessage', { chatId: garden, clientId: randomUUID(), ...input }, invalid(['text'], 'text must not be empty.'))
    }
  })

  test('of 10,000 emoji is sent, edited and read as it is', async () => {
    const chatId = await alice.group('Roses', bob)
    const sent = await succeed(alice, 'sendMessage', { chatId, clientId: randomUUID(), text: EMOJI.repeat(10_000) })
    expect(sent.message.text).toBe(EMOJI.repeat(10_000))
    const edited = await succeed(alice, 'editMessage', { messageId: sent.message.id, text: ` ${EMOJI.repeat(9998)} ` })
    expect(edited.message).toEqual({ id: sent.message.id, text: ` ${EMOJI.repeat(9998)} `, revision: 2 })
  })
})

describe('a message is not sent', () => {
  const CASES: [string, () => object, ...Fault[]][] = [
    ['into a chat that does not exist', () => ({ chatId: globalId('Chat', 999_999) }), notFound(['chatId'], 'No such chat.')],
    ['into a chat of others', () => ({ chatId: kitchen }), notFound(['chatId'], 'No such chat.')],
    ['into a chat of the largest number there is', () => ({ chatId: globalId('Chat', Number.MAX_SAFE_INTEGER) }), notFound(['chatId'], 'No such chat.')],
    ['by an ID that is none', () => ({ chatId: 'garden' }), invalid(['chatId'], 'chatId is not the ID of a Chat.')],
    ['by an ID that is spelt otherwise', () => ({ chatId: `${garden}=` }), invalid(['chatId'], 'chatId is not the ID of a Chat.')],
    ['by an ID with a number beyond all', () => ({ chatId: Buffer.from('Chat:9223372036854775808').toString('base64url') }), invalid(['chatId'], 'chatId is not the ID of a Chat.')],
    ['by the ID of a user instead of a chat', () => ({ chatId: bob.id }), invalid(['chatId'], 'chatId is not the ID of a Chat.')],
    ['to both a chat and a user', () => ({ chatId: garden, recipientId: bob.id }), invalid(['chatId'], 'Give exactly one of chatId and recipientId.')],
    ['to nobody', () => ({}), invalid(['chatId'], 'Give exactly one of chatId and recipientId.')],
    ['to oneself', () => ({ recipientId: alice.id }), invalid(['recipientId'], 'A direct chat needs another person.')],
    ['to a user who does not exist', () => ({ recipientId: globalId('User', 999_999) }), notFound(['recipientId'], 'No such user.')],
    ['to the number of a chat as if it were a user', () => ({ recipientId: asUser(garden) }), notFound(['recipientId'], 'No such user.')],
    ['to the ID of a chat instead of a user', () => ({ recipientId: garden }), invalid(['recipientId'], 'recipientId is not the ID of a User.')],
    ['in answer to one that its sender cannot see', () => ({ chatId: garden, replyToId: unseen }), notFound(['replyToId'], 'No such message in this chat.')],
    ['in answer to one that does not exist', () => ({ chatId: garden, replyToId: sibling(mine, 999) }), notFound(['replyToId'], 'No such message in this chat.')],
    ['in answer to a number that is none', () => ({ chatId: garden, replyToId: sibling(mine, 0) }), notFound(['replyToId'], 'No such message in this chat.')],
    ['in answer to an ID that is none', () => ({ chatId: garden, replyToId: '#1' }), invalid(['replyToId'], 'replyToId is not the ID of a Message.')],
    ['in answer to a chat', () => ({ chatId: garden, replyToId: garden }), invalid(['replyToId'], 'replyToId is not the ID of a Message.')],
    ['with a clientId that is no UUID', () => ({ chatId: garden, clientId: 'first' }), invalid(['clientId'], 'clientId must be a UUID.')],
    ['with an empty clientId', () => ({ chatId: garden, clientId: '' }), invalid(['clientId'], 'clientId must be a UUID.')],
    ['with a clientId that PostgreSQL alone would take', () => ({ chatId: garden, clientId: `{${randomUUID()}}` }), invalid(['clientId'], 'clientId must be a UUID.')],
    [
      'with several faults, each told',
      () => ({ chatId: garden, recipientId: bob.id, clientId: 'first', text: '' }),
      invalid(['chatId'], 'Give exactly one of chatId and recipientId.'),
      invalid(['clientId'], 'clientId must be a UUID.'),
      invalid(['text'], 'text must not be empty.'),
    ],
  ]
  test.each(CASES)('%s', async (_name, input, ...faults) => {
    await expectRefused(server, alice, 'sendMessage', { clientId: randomUUID(), text: 'hello', ...input() }, ...faults)
  })
})

describe('a message that is there', () => {
  const NO_MESSAGE = notFound(['messageId'], 'No such message.')
  const NO_ID = invalid(['messageId'], 'messageId is not the ID of a Message.')
  const UNREACHABLE: [string, () => string, Fault][] = [
    ['in a chat of others', () => unseen, NO_MESSAGE],
    ['that does not exist', () => sibling(mine, 999), NO_MESSAGE],
    ['of a chat that does not exist', () => globalId('Message', 999_999, 1), NO_MESSAGE],
    ['of the largest number there is', () => sibling(mine, Number.MAX_SAFE_INTEGER), NO_MESSAGE],
    ['by an ID that is none', () => 'message', NO_ID],
    ['by the ID of its chat', () => garden, NO_ID],
  ]

  test.each(UNREACHABLE)('is not edited, deleted or read: one %s', async (_name, messageId, fault) => {
    await expectRefused(server, alice, 'editMessage', { messageId: messageId(), text: 'changed' }, fault)
    await expectRefused(server, alice, 'deleteMessage', { messageId: messageId() }, fault)
    await expectRefused(server, alice, 'markRead', { messageId: messageId() }, fault)
  })

  test('is not changed by others', async () => {
    await expectRefused(server, alice, 'editMessage', { messageId: bobs, text: 'changed' }, notAllowed(['messageId'], 'Only its sender may edit a message.'))
    await expectRefused(server, bob, 'deleteMessage', { messageId: mine }, notAllowed(['messageId'], 'Only its sender, or an owner or admin of the group, may delete a message.'))
  })

  test('is not edited once deleted; deleting it again changes nothing', async () => {
    await expectRefused(server, alice, 'editMessage', { messageId: deleted, text: 'back' }, notAllowed(['messageId'], 'A deleted message cannot be edited.'))
    const before = await contentOf(server)
    expect((await succeed(alice, 'deleteMessage', { messageId: deleted })).message).toEqual({ id: deleted, deletedAt: expect.any(String) })
    expect(await contentOf(server)).toEqual(before)
  })

  test('is not edited from another revision than it has', async () => {
    await expectRefused(server, alice, 'editMessage', { messageId: mine, text: 'changed', expectedRevision: 2 }, conflict(['expectedRevision'], 'The message is at revision 1 now.'))
    const sent = await alice.send(garden, 'first')
    expect(await succeed(alice, 'editMessage', { messageId: sent, text: 'second', expectedRevision: 1 })).toEqual({ message: { id: sent, text: 'second', revision: 2 } })
    await expectRefused(server, alice, 'editMessage', { messageId: sent, text: 'third', expectedRevision: 1 }, conflict(['expectedRevision'], 'The message is at revision 2 now.'))
  })

  test('is edited from one revision by one of twenty at once', async () => {
    const messageId = await alice.send(garden, 'first')
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => alice.ask(mutation('editMessage'), { input: { messageId, text: `edit ${n}`, expectedRevision: 1 } })))
    const errors = answers.flatMap((answer: Untyped) => answer.editMessage.errors)
    expect(errors).toEqual(Array.from({ length: 19 }, () => conflict(['expectedRevision'], 'The message is at revision 2 now.')))
  })

  test('is read when deleted, and a read mark does not go back', async () => {
    await succeed(bob, 'markRead', { messageId: deleted })
    const before = await contentOf(server)
    await succeed(bob, 'markRead', { messageId: mine })
    expect(await contentOf(server)).toEqual(before)
  })
})

/** The number of a thing as a user's ID. */
function asUser(id: string): string {
  return globalId('User', Number(Buffer.from(id, 'base64url').toString().split(':')[1]))
}

/** The ID of the message of this number in the same chat. */
function sibling(id: string, number: number): string {
  return globalId('Message', Number(Buffer.from(id, 'base64url').toString().split(':')[1]), number)
}
