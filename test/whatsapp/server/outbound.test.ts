import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { take } from '../../support/events.ts'
import { succeed } from '../../support/refusal.ts'
import { chatsOf, historyOf, messageOf, refused, stage, until } from './parley.ts'


const ADA = { phone: '14155550123', name: 'Ada' }

/** Ada has written, so that she can be answered. */
async function answerable(options: Parameters<typeof stage>[0] = {}) {
  const all = await stage(options)
  const ada = all.meta.customer(ADA)
  const first = ada.writes('hello')
  const [chat] = await chatsOf(all.alice)
  return { ...all, ada, first, chatId: chat.id as string }
}

test('an answer goes out, and its ticks come from WhatsApp: sending, sent, delivered, read', async () => {
  const { meta, ada, first, alice, chatId } = await answerable()
  const events = alice.subscribe('subscription { events { cursor events { __typename ... on MessageAdded { message { text status } } ... on MessageChanged { change message { text status } } } } }')
  await take(events, 0)
  const [{ id: replyToId }] = await historyOf(alice, chatId)
  const id = await alice.send(chatId, 'Yes!', { replyToId })
  const accepted = await meta.accepts()
  expect(accepted).toMatchObject({ to: ADA.phone, type: 'text', part: { body: 'Yes!' }, replyTo: first })
  await messageOf(alice, id, ({ status }) => status === 'DELIVERED')
  ada.reads(accepted.id)
  expect(await messageOf(alice, id, ({ status }) => status === 'READ')).toMatchObject({ failure: null })
  const seen: string[] = []
  while (seen.at(-1) !== 'READ') for (const event of (await take(events, 1)).events) if (event.message?.text === 'Yes!') seen.push(event.message.status as string)
  const ranks = seen.map((status) => ['SENDING', 'SENT', 'DELIVERED', 'READ'].indexOf(status))
  expect(ranks).toEqual([...ranks].sort((a, b) => a - b))
})

test('places, reactions and their removal, templates, read marks and typing reach WhatsApp', async () => {
  const { meta, alice, first, chatId } = await answerable({ templates: [{ name: 'order', components: [{ type: 'BODY', text: 'Hello {{1}}, order {{2}} is on its way.' }] }] })
  const [{ id: messageId }] = await historyOf(alice, chatId)
  await succeed(alice, 'sendMessage', { chatId, clientId: randomUUID(), location: { latitude: 52.5, longitude: 13.4, name: 'Shop' } })
  expect(await meta.accepts(({ type }) => type === 'location')).toMatchObject({ part: { latitude: 52.5, longitude: 13.4, name: 'Shop' } })
  await succeed(alice, 'addReaction', { messageId, emoji: '👍' })
  expect(await meta.accepts(({ type }) => type === 'reaction')).toMatchObject({ part: { message_id: first, emoji: '👍' } })
  await succeed(alice, 'removeReaction', { messageId, emoji: '👍' })
  await meta.accepts(({ type, part }) => type === 'reaction' && part.emoji === '')
  const { whatsappTemplates } = await until(() => alice.ask('{ whatsappTemplates { nodes { name language status body parameterCount } } }'), (answer) => answer.whatsappTemplates.nodes.length > 0)
  const [{ language }] = whatsappTemplates.nodes
  expect(whatsappTemplates.nodes).toMatchObject([{ name: 'order', status: 'APPROVED', parameterCount: 2 }])
  const clientId = randomUUID()
  const sent = await succeed(alice, 'sendTemplate', { chatId, clientId, name: 'order', language, parameters: ['Ada', '42'] })
  expect(sent).toMatchObject({ duplicate: false, message: { kind: 'TEMPLATE', text: 'Hello Ada, order 42 is on its way.' } })
  expect(await succeed(alice, 'sendTemplate', { chatId, clientId, name: 'order', language, parameters: ['Ada', '42'] })).toMatchObject({ duplicate: true })
  expect(await refused(alice, 'sendTemplate', { chatId, clientId, name: 'order', language, parameters: ['Ada', '43'] })).toMatchObject([{ code: 'CONFLICT' }])
  expect(await refused(alice, 'sendTemplate', { chatId, clientId: randomUUID(), name: 'order', language, parameters: ['Ada'] })).toMatchObject([{ code: 'INVALID_INPUT' }])
  expect(await refused(alice, 'sendTemplate', { chatId, clientId: randomUUID(), name: 'or\0der', language: '', parameters: ['\ud800', '42'] })).toMatchObject([
    { code: 'INVALID_INPUT', path: ['name'], message: 'name must not contain the NUL character.' },
    { code: 'INVALID_INPUT', path: ['language'], message: 'language must not be empty.' },
    { code: 'INVALID_INPUT', path: ['parameters', '0'] },
  ])
  expect(await meta.accepts(({ type }) => type === 'template')).toMatchObject({ part: { name: 'order' } })
  await succeed(alice, 'markRead', { messageId })
  await meta.until(() => meta.readMarks.some(({ messageId: wamid, typing }) => wamid === first && !typing))
  await succeed(alice, 'setTyping', { chatId, typing: true })
  await meta.until(() => meta.readMarks.some(({ messageId: wamid, typing }) => wamid === first && typing))
  expect(meta.refused).toEqual([])
  expect(meta.doubles()).toEqual([])
})

test('errors are treated as the table says: again, or failed with what an agent needs to know', async () => {
  const { meta, alice, chatId } = await answerable()
  for (const error of [130429, 131056, 131016, 4]) meta.rule({ match: { contains: `again ${error}` }, times: 2, effect: { error } })
  meta.rule({ match: { contains: 'hopeless' }, effect: { error: 131026 } })
  meta.rule({ match: { contains: 'by status' }, effect: { fails: 131049 } })
  for (const error of [130429, 131056, 131016, 4]) {
    const id = await alice.send(chatId, `again ${error}`)
    await messageOf(alice, id, ({ status }) => status === 'DELIVERED')
  }
  const hopeless = await alice.send(chatId, 'hopeless')
  expect((await messageOf(alice, hopeless, ({ status }) => status === 'FAILED')).failure).toMatchObject({ code: '131026', retryable: false })
  expect(await refused(alice, 'retryMessage', { messageId: hopeless })).toMatchObject([{ code: 'NOT_ALLOWED' }])
  const later = await alice.send(chatId, 'by status')
  expect((await messageOf(alice, later, ({ status }) => status === 'FAILED')).failure).toMatchObject({ code: '131049', retryable: true })
  expect(meta.doubles()).toEqual([])
})

test('a message that failed is sent again by hand, as a new attempt', async () => {
  const { meta, alice, chatId } = await answerable()
  const over = meta.rule({ effect: { fails: 131053 } })
  const messageId = await alice.send(chatId, 'with luck')
  await messageOf(alice, messageId, ({ status }) => status === 'FAILED')
  over()
  expect((await succeed(alice, 'retryMessage', { messageId })).message).toMatchObject({ status: 'SENDING', failure: null })
  expect(await messageOf(alice, messageId, ({ status }) => status === 'DELIVERED')).toMatchObject({ failure: null })
  expect(meta.accepted.map(({ callbackData }) => callbackData?.split('.')[1])).toEqual(['1', '2'])
  expect(await refused(alice, 'retryMessage', { messageId })).toMatchObject([{ code: 'NOT_ALLOWED' }])
})

test('an answer that never came is never sent blindly again: a status tells, or after a quarter of an hour a person decides', async () => {
  const { meta, server, alice, chatId } = await answerable()
  meta.rule({ match: { contains: 'swallowed' }, effect: { cut: 'accepted' } })
  meta.rule({ match: { contains: 'lost' }, effect: { cut: 'refused' } })
  const swallowed = await alice.send(chatId, 'swallowed')
  await messageOf(alice, swallowed, ({ status }) => status === 'DELIVERED')
  const lost = await alice.send(chatId, 'lost')
  const after = await alice.send(chatId, 'after')
  await messageOf(alice, after, ({ status }) => status === 'DELIVERED')
  expect(await messageOf(alice, lost, () => true)).toMatchObject({ status: 'SENDING', failure: null })
  await server.sql`update whatsapp_send set called_at = called_at - interval '15 minutes' where state = 'UNKNOWN'`
  expect((await messageOf(alice, lost, ({ status }) => status === 'FAILED')).failure).toMatchObject({ code: 'UNKNOWN_OUTCOME', retryable: true })
  expect(meta.accepted.filter(({ text }) => text.includes('lost'))).toEqual([])
  expect(meta.doubles()).toEqual([])
})

test('after 24 hours only a template goes out: it is refused before it is sent, and what slips through says so', async () => {
  const { meta, server, ada, alice, chatId } = await answerable({ window: 'status' })
  const [{ id: messageId }] = await historyOf(alice, chatId)
  await server.sql`update stream set writable_until = '2026-01-01T00:00:00Z' where outside_id is not null`
  expect(await alice.ask('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { __typename code path ... on ReplyWindowClosed { closedAt } } } }', { input: { chatId, text: 'too late', clientId: randomUUID() } })).toEqual({
    sendMessage: { message: null, errors: [{ __typename: 'ReplyWindowClosed', code: 'REPLY_WINDOW_CLOSED', path: ['chatId'], closedAt: '2026-01-01T00:00:00.000Z' }] },
  })
  expect(await refused(alice, 'addReaction', { messageId, emoji: '👍' })).toMatchObject([{ code: 'REPLY_WINDOW_CLOSED' }])
  expect(meta.accepted).toEqual([])
  ada.writes('still there?')
  await historyOf(alice, chatId, (all) => all.length === 2)
  // Meta's clock is the one that counts.
  meta.advance(25 * 3600_000)
  const id = await alice.send(chatId, 'slips through')
  expect((await messageOf(alice, id, ({ status }) => status === 'FAILED')).failure).toMatchObject({ code: '131047' })
  expect(await refused(alice, 'sendMessage', { chatId, text: 'and now', clientId: randomUUID() })).toMatchObject([{ code: 'REPLY_WINDOW_CLOSED' }])
})

test('agents divide the work, start chats, and see who answers whom; what went out stays as it is', async () => {
  const { server, meta, alice, chatId } = await answerable({ templates: [{ name: 'plain' }] })
  const bob = await server.signUp('bob')
  expect(await refused(alice, 'assignChat', { chatId, userId: bob.id })).toMatchObject([{ code: 'NOT_ALLOWED' }])
  expect(await refused(bob, 'assignChat', { chatId, userId: alice.id })).toMatchObject([{ code: 'NOT_FOUND' }])
  const events = alice.subscribe('subscription { events { cursor events { __typename ... on ChatChanged { chat { whatsapp { assignee { username } } } } } } }')
  await take(events, 0)
  expect(await succeed(alice, 'assignChat', { chatId, userId: alice.id })).toMatchObject({ chat: { whatsapp: { assignee: { username: 'alice' } } } })
  expect((await take(events, 1)).events).toEqual([{ __typename: 'ChatChanged', chat: { whatsapp: { assignee: { username: 'alice' } } } }])
  const made = await succeed(alice, 'startWhatsAppChat', { phone: '+1 (415) 555-0777', displayName: 'Bo' })
  expect(made).toMatchObject({ created: true, chat: { title: 'Bo' } })
  expect(await succeed(alice, 'startWhatsAppChat', { phone: '+14155550777' })).toMatchObject({ created: false, chat: { id: made.chat.id } })
  expect(await refused(bob, 'startWhatsAppChat', { phone: '+14155550777' })).toMatchObject([{ code: 'NOT_ALLOWED' }])
  expect(await refused(alice, 'startWhatsAppChat', { phone: 'call me' })).toMatchObject([{ code: 'INVALID_INPUT' }])
  expect(await refused(alice, 'sendMessage', { chatId: made.chat.id, text: 'hi', clientId: randomUUID() })).toMatchObject([{ code: 'REPLY_WINDOW_CLOSED' }])
  const mine = await alice.ask('{ chats(filter: { assignedToMe: true }) { totalCount nodes { id } } }')
  expect(mine.chats).toEqual({ totalCount: 1, nodes: [{ id: chatId }] })

  const id = await alice.send(chatId, 'as it is')
  await meta.accepts()
  expect(await refused(alice, 'editMessage', { messageId: id, text: 'other' })).toMatchObject([{ code: 'NOT_ALLOWED' }])
  expect(await refused(alice, 'deleteMessage', { messageId: id })).toMatchObject([{ code: 'NOT_ALLOWED' }])
  expect(await refused(alice, 'sendMessage', { chatId, text: 'x'.repeat(4097), clientId: randomUUID() })).toMatchObject([{ code: 'INVALID_INPUT' }])
})

test('all orders and repeats of what WhatsApp tells end in one state', async () => {
  const all = await answerable()
  const orders = permutations(['sent', 'delivered', 'read', 'failed'] as const)
  const ids: string[] = []
  all.meta.rule({ effect: { statuses: [] } })
  for (const [index] of orders.entries()) ids.push(await all.alice.send(all.chatId, `order ${index}`))
  for (const [index, order] of orders.entries()) {
    const message = await all.meta.accepts(({ text }) => text === `order ${index}`)
    for (const status of [...order, ...order]) all.meta.tell(message, status, { fails: 131000 })
  }
  await all.meta.flush()
  for (const id of ids) await messageOf(all.alice, id, ({ status }) => status === 'READ')
})

function permutations<T>(list: readonly T[]): T[][] {
  return list.length === 0 ? [[]] : list.flatMap((item, at) => permutations([...list.slice(0, at), ...list.slice(at + 1)]).map((rest) => [item, ...rest]))
}

