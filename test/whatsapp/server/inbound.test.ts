import { expect, test } from 'vitest'
import { take } from '../../support/events.ts'
import { succeed } from '../../support/refusal.ts'
import { chatsOf, historyOf, makeAgent, refused, stage, until } from './parley.ts'

const ADA = { phone: '14155550123', name: 'Ada Example' }

test('a customer writes, and an agent reads it as a chat like any other, live', async () => {
  const { meta, alice } = await stage()
  const events = alice.subscribe('subscription { events { cursor events { __typename ... on ChatAdded { chat { title kind } } ... on MessageAdded { message { text sender { __typename displayName } } chat { unreadCount whatsapp { replyWindowClosesAt } } } } } }')
  await take(events, 0)
  const before = Date.now()
  meta.customer(ADA).writes('Is it in stock? 🙂')

  const { events: heard } = await take(events, 2)
  expect(heard).toMatchObject([
    { __typename: 'ChatAdded', chat: { title: 'Ada Example', kind: 'WHATSAPP' } },
    { __typename: 'MessageAdded', message: { text: 'Is it in stock? 🙂', sender: { __typename: 'Contact', displayName: 'Ada Example' } }, chat: { unreadCount: 1 } },
  ])
  const closesAt = Date.parse(heard[1].chat.whatsapp.replyWindowClosesAt as string)
  expect(closesAt).toBeGreaterThan(before + 24 * 3600_000 - 5000)

  const [chat] = await chatsOf(alice)
  expect(chat).toMatchObject({ kind: 'WHATSAPP', title: 'Ada Example', unreadCount: 1, memberCount: 1, whatsapp: { contact: { phone: '+14155550123' }, assignee: null, phoneNumberId: meta.phoneNumberId } })
  const [message] = await historyOf(alice, chat.id)
  expect(message).toMatchObject({ clientId: null, kind: 'TEXT', status: 'DELIVERED', failure: null })
  expect(Date.parse(message.providerTime as string)).toBeLessThanOrEqual(Date.now())
})

test('messages of every kind are shown as what they are', async () => {
  const { meta, alice } = await stage()
  const ada = meta.customer(ADA)
  const first = ada.writes('one')
  ada.writes('two', { replyTo: first, forwarded: true })
  ada.sharesPlace({ latitude: 52.52, longitude: 13.4, name: 'Shop', address: 'Main St 1' })
  ada.sharesContacts([{ name: 'Bo Lee', phone: '+1 415 555 0199' }])
  ada.sends('image', { bytes: Buffer.from('x'), mimeType: 'image/jpeg', caption: 'front' })
  ada.sends('document', { bytes: Buffer.from('x'), mimeType: 'application/pdf', filename: 'invoice.pdf' })
  ada.sends('sticker', { bytes: Buffer.from('x'), mimeType: 'image/webp' })
  ada.sends('audio', { bytes: Buffer.from('x'), mimeType: 'audio/ogg' })
  ada.taps(first, { id: 'yes', title: 'Yes' })
  ada.picks(first, { id: 'm', title: 'M', description: 'medium' })
  ada.tapsQuickReply(first, { payload: 'CONFIRM', text: 'Confirm' })
  ada.sendsUnsupported('poll')
  const [chat] = await chatsOf(alice)
  const messages = await historyOf(alice, chat.id, (all) => all.length === 12)
  expect(messages.map(({ kind, text, replyTo }) => [kind, text, replyTo?.text ?? null])).toEqual([
    ['TEXT', 'one', null],
    ['TEXT', 'two', 'one'],
    ['LOCATION', null, null],
    ['CONTACTS', null, null],
    ['IMAGE', 'front', null],
    ['FILE', null, null],
    ['STICKER', null, null],
    ['AUDIO', null, null],
    ['TEXT', 'Yes', 'one'],
    ['TEXT', 'M\nmedium', 'one'],
    ['TEXT', 'Confirm', 'one'],
    ['UNSUPPORTED', null, null],
  ])
  expect(messages[1]).toMatchObject({ forwarded: true })
  expect(messages[2].location).toEqual({ latitude: 52.52, longitude: 13.4, name: 'Shop', address: 'Main St 1' })
  expect(messages[3].contactCards).toEqual([{ name: 'Bo Lee', phones: ['+1 415 555 0199'] }])
})

test('a customer reacts, changes their mind, edits and takes back', async () => {
  const { meta, server, alice } = await stage()
  const ada = meta.customer(ADA)
  const first = ada.writes('In red?')
  const second = ada.writes('a secret')
  ada.reacts(first, '👍')
  ada.reacts(first, '🎉')
  ada.edits(first, 'In blue?')
  ada.revokes(second)
  await meta.flush()
  const [chat] = await chatsOf(alice)
  const messages = await historyOf(alice, chat.id, (all) => all.length === 2 && all[1].deletedAt !== null)
  expect(messages[0]).toMatchObject({ text: 'In blue?', revision: 2, reactions: [{ emoji: '🎉', count: 1, actors: { nodes: [{ displayName: 'Ada Example' }] } }] })
  expect(messages[1]).toMatchObject({ text: null })
  ada.takesReactionBack(first, 'missing')
  await historyOf(alice, chat.id, (all) => all[0].reactions.length === 0)
  // Of what was taken back no copy is left either.
  const kept = await server.sql<{ count: number }[]>`select count(*)::int as count from whatsapp_delivery where position('a secret'::bytea in body) > 0`
  expect(kept).toEqual([{ count: 0 }])
})

test('a reaction to what was taken back, to somebody else’s chat, or of the business’s own phone changes nothing and waits for nobody', async () => {
  // So slow that nothing is tried again: what is done is done at once.
  const { meta, server, alice } = await stage({ pace: 100_000 })
  const [ada, bo] = [meta.customer(ADA), meta.customer({ phone: '14155550199', name: 'Bo' })]
  const [gone, hers] = [ada.writes('gone soon'), ada.writes('stays')]
  bo.writes('hi')
  const chats = await chatsOf(alice, 2)
  const [adas] = chats.filter(({ title }) => title === ADA.name)
  await server.sql`update stream set writable_until = '2026-01-01T00:00:00Z' where outside_id is not null`
  const settled = async () => {
    await meta.flush()
    return until(() => server.sql`select state, attempts, fault from whatsapp_delivery order by id`, (rows) => rows.every(({ state }) => state !== 'PENDING'))
  }
  ada.revokes(gone)
  ada.reacts(gone, '👍')
  await settled()
  const windowOf = async () => (await server.sql`select writable_until from stream where outside_id is not null order by id`).map(({ writable_until: until }) => until as string)
  const before = await windowOf()
  bo.reacts(hers, '👍')
  const said = { from: '15550001111', to: ADA.phone, id: 'wamid.ECHO', timestamp: String(Math.floor(Date.now() / 1000)), type: 'reaction', reaction: { message_id: hers, emoji: '👍' } }
  meta.tellRaw({ field: 'smb_message_echoes', list: 'message_echoes', item: said })
  expect((await settled()).filter(({ state }) => state !== 'DONE')).toEqual([])
  expect(await windowOf()).toEqual(before)
  expect((await historyOf(alice, adas.id as string)).map(({ deletedAt, reactions }) => [deletedAt === null, reactions])).toEqual([[false, []], [true, []]])
})

test('an edit beyond the length of a message is cut between two characters', async () => {
  const { meta, alice } = await stage()
  const ada = meta.customer(ADA)
  const wamid = ada.writes('short')
  const [chat] = await chatsOf(alice)
  ada.edits(wamid, `x${'💥'.repeat(12_000)}`)
  await historyOf(alice, chat.id as string, ([message]) => message.text === `x${'💥'.repeat(9999)}`)
})

test('somebody who hides the number is known by WhatsApp’s id, and stays the same person with another number or id', async () => {
  const { meta, alice } = await stage()
  const bo = meta.customer({ phone: '14155550777', name: 'Bo', username: 'bo', hidesPhone: true })
  bo.writes('hello')
  const [chat] = await chatsOf(alice)
  expect(chat.whatsapp.contact).toMatchObject({ displayName: 'Bo', phone: null, whatsappUserId: bo.profile.userId })
  bo.changesUserId('US.77777777777777777777')
  bo.writes('still me')
  await historyOf(alice, chat.id, (all) => all.length === 2)
  expect(await chatsOf(alice)).toHaveLength(1)

  const ada = meta.customer(ADA)
  ada.writes('one')
  ada.changesNumber('14155550999')
  ada.writes('two')
  const both = await until(() => chatsOf(alice, 2), ([newest]) => newest.lastMessage.text === 'two')
  expect(both[0].whatsapp.contact).toMatchObject({ phone: '+14155550999' })
})

test('the role decides who reads customers: from the grant on, at once, and until it is taken back', async () => {
  const { meta, root, server, alice } = await stage()
  const bob = await server.signUp('bob')
  const ada = meta.customer(ADA)
  ada.writes('one')
  const [chat] = await chatsOf(alice)
  expect(await chatsOf(bob, 0)).toEqual([])
  expect((await bob.ask('query ($id: ID!) { node(id: $id) { id } contact: node(id: $contact) { id } }'.replace('($id: ID!)', '($id: ID!, $contact: ID!)'), { id: chat.id, contact: chat.whatsapp.contact.id }))).toEqual({ node: null, contact: null })

  const events = bob.subscribe('subscription { events { cursor reset { reason chatIds } events { __typename } } }')
  const { cursor } = await take(events, 0)
  await makeAgent(root, bob)
  // The connection comes again with its cursor, and is told to begin anew.
  await expect(events.result().then(() => events.result())).rejects.toThrow('closed with 1012')
  const again = bob.subscribe('subscription ($after: String) { events(after: $after) { reset { reason chatIds } events { __typename ... on MessageAdded { message { text } } } } }', { after: cursor })
  expect((await again.next()).events.reset).toEqual({ reason: 'INVALID_CURSOR', chatIds: null })
  expect(await chatsOf(bob)).toMatchObject([{ id: chat.id, unreadCount: 1 }])
  ada.writes('two')
  expect((await take(again, 1)).events).toEqual([{ __typename: 'MessageAdded', message: { text: 'two' } }])
  const rows = await server.sql<{ count: number }[]>`select count(*)::int as count from member`
  expect(rows).toEqual([{ count: 0 }])

  const [, newest] = await historyOf(bob, chat.id, (all) => all.length === 2)
  await succeed(bob, 'markRead', { messageId: newest.id })
  expect(await chatsOf(bob)).toMatchObject([{ unreadCount: 0 }])
  expect(await chatsOf(alice)).toMatchObject([{ unreadCount: 2 }])

  await makeAgent(root, bob, [])
  await expect(again.result().then(() => again.result())).rejects.toThrow('closed with 1012')
  expect(await chatsOf(bob, 0)).toEqual([])
  expect(await refused(bob, 'sendMessage', { chatId: chat.id, text: 'late', clientId: 'c0ffee00-0000-4000-8000-000000000001' })).toMatchObject([{ code: 'NOT_FOUND' }])
})

test('a role that comes while other things happen is not passed over by a cursor', async () => {
  const { root, server, alice } = await stage()
  const bob = await server.signUp('bob')
  const chatId = await alice.directChat(bob)
  const [events, ofAlice] = [bob, alice].map((person) => person.subscribe('subscription { events { cursor events { __typename } } }'))
  if (events === undefined || ofAlice === undefined) return
  let { cursor } = (await events.next()).events
  await ofAlice.next()
  const ended = (async () => {
    for (;;) cursor = (await events.result()).data?.events.cursor ?? cursor
  })().catch(String)
  await server.sql.begin(async (tx) => {
    // Whether the connection may go on cannot be looked up for a while.
    await tx`lock table session in access exclusive mode`
    await makeAgent(root, bob)
    await alice.send(chatId, 'meanwhile')
    await take(ofAlice, 1)
  })
  expect(await ended).toContain('closed with 1012')
  const again = bob.subscribe('subscription ($after: String) { events(after: $after) { reset { reason } } }', { after: cursor })
  expect((await again.next()).events.reset).toEqual({ reason: 'INVALID_CURSOR' })
})

test('search finds what customers wrote, for agents alone', async () => {
  const { meta, server, alice } = await stage()
  const bob = await server.signUp('bob')
  meta.customer(ADA).writes('a wonderful lighthouse')
  await chatsOf(alice)
  const search = '{ searchMessages(query: "lighthouse") { nodes { text } } }'
  expect((await alice.ask(search)).searchMessages.nodes).toEqual([{ text: 'a wonderful lighthouse' }])
  expect((await bob.ask(search)).searchMessages.nodes).toEqual([])
})
