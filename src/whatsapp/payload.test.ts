import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Item, MessageItem } from './payload-items.ts'
import { readPayload, readWebhook } from './payload.ts'

const METADATA = { display_phone_number: '15550001111', phone_number_id: '200000000000002' }
const ADA = { profile: { name: 'Ada Example', username: 'ada.ex' }, wa_id: '14155550123', user_id: 'US.90000000000000000001' }

const body = (...changes: unknown[]) => ({ object: 'whatsapp_business_account', entry: [{ id: '100000000000001', time: 1_790_000_000, changes }] })
const change = (value: object, field = 'messages') => ({ field, value: { messaging_product: 'whatsapp', metadata: METADATA, ...value } })
const message = (said: object, id = 'wamid.TEST001') => ({ from: '14155550123', from_user_id: 'US.90000000000000000001', id, timestamp: '1790000001', ...said })

function only<K extends Item['kind']>(kind: K, items: Item[]): Item & { kind: K } {
  expect(items.map((item) => item.kind)).toEqual([kind])
  return items[0] as Item & { kind: K }
}

const readMessage = (said: object) => only('MESSAGE', readPayload(body(change({ contacts: [ADA], messages: [message(said)] }))))
const readStatus = (said: object) => only('STATUS', readPayload(body(change({ statuses: [{ id: 'wamid.OURS2', status: 'delivered', timestamp: '1790000009', recipient_id: '14155550123', ...said }] }))))

describe('a message', () => {
  test('tells who wrote what, to which number, when, and is named by its id', () => {
    const item = readMessage({ type: 'text', text: { body: 'Is it in stock? 🙂' } })
    expect(item).toMatchObject({
      kind: 'MESSAGE',
      wabaId: '100000000000001',
      phoneNumberId: '200000000000002',
      displayPhoneNumber: '15550001111',
      path: 'entry.0.changes.0.messages.0',
      key: 'message:text:wamid.TEST001',
      id: 'wamid.TEST001',
      at: new Date(1_790_000_001_000),
      person: { phone: '14155550123', userId: 'US.90000000000000000001', parentUserId: null, name: 'Ada Example', username: 'ada.ex' },
      content: { kind: 'TEXT', text: 'Is it in stock? 🙂' },
      replyTo: null,
      forwarded: false,
      referral: null,
    })
  })

  const file = { id: '3001', mime_type: 'image/jpeg', sha256: 'b64=' }
  const media = { id: '3001', mimeType: 'image/jpeg', sha256: 'b64=', filename: null, url: null, voice: false, animated: false }
  test.each<[string, object, MessageItem['content']]>([
    ['image', { type: 'image', image: { ...file, caption: 'front', url: 'https://lookaside.example/1' } }, { kind: 'IMAGE', caption: 'front', media: { ...media, url: 'https://lookaside.example/1' } }],
    ['video', { type: 'video', video: file }, { kind: 'VIDEO', caption: null, media }],
    ['voice message', { type: 'audio', audio: { ...file, voice: true } }, { kind: 'AUDIO', caption: null, media: { ...media, voice: true } }],
    ['document', { type: 'document', document: { ...file, filename: 'invoice.pdf', caption: 'March' } }, { kind: 'FILE', caption: 'March', media: { ...media, filename: 'invoice.pdf' } }],
    ['sticker', { type: 'sticker', sticker: { ...file, animated: true } }, { kind: 'STICKER', caption: null, media: { ...media, animated: true } }],
    ['place', { type: 'location', location: { latitude: 52.52, longitude: '13.40', name: 'Shop' } }, { kind: 'LOCATION', latitude: 52.52, longitude: 13.4, name: 'Shop', address: null, url: null }],
    [
      'card',
      { type: 'contacts', contacts: [{ name: { formatted_name: 'Bo Lee' }, phones: [{ phone: '+1 415 555 0199', wa_id: '14155550199', type: 'CELL' }, {}] }, 7] },
      { kind: 'CONTACTS', contacts: [{ name: 'Bo Lee', organization: null, phones: [{ phone: '+1 415 555 0199', waId: '14155550199', type: 'CELL' }], emails: [] }] },
    ],
    ['reaction', { type: 'reaction', reaction: { message_id: 'wamid.OURS1', emoji: '👍' } }, { kind: 'REACTION', messageId: 'wamid.OURS1', emoji: '👍' }],
    ['reaction taken back', { type: 'reaction', reaction: { message_id: 'wamid.OURS1', emoji: '' } }, { kind: 'REACTION', messageId: 'wamid.OURS1', emoji: null }],
    ['reaction taken back, without the key', { type: 'reaction', reaction: { message_id: 'wamid.OURS1' } }, { kind: 'REACTION', messageId: 'wamid.OURS1', emoji: null }],
    ['button', { type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: 'yes', title: 'Yes' } } }, { kind: 'CHOICE', by: 'BUTTON', id: 'yes', title: 'Yes', description: null }],
    ['row', { type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: 'm', title: 'M', description: 'medium' } } }, { kind: 'CHOICE', by: 'LIST', id: 'm', title: 'M', description: 'medium' }],
    ['quick reply', { type: 'button', button: { payload: 'CONFIRM', text: 'Confirm' } }, { kind: 'CHOICE', by: 'TEMPLATE', id: 'CONFIRM', title: 'Confirm', description: null }],
    ['edit', { type: 'edit', edit: { original_message_id: 'wamid.A', message: { type: 'text', text: { body: 'In blue?' } } } }, { kind: 'EDIT', messageId: 'wamid.A', content: { kind: 'TEXT', text: 'In blue?' } }],
    ['revoke', { type: 'revoke', revoke: { original_message_id: 'wamid.A' } }, { kind: 'REVOKE', messageId: 'wamid.A' }],
    ['new number', { type: 'system', system: { type: 'user_changed_number', wa_id: '14155550177', body: 'moved' } }, { kind: 'NUMBER_CHANGED', phone: '14155550177', userId: null, parentUserId: null, text: 'moved' }],
    ['new user id', { type: 'system', system: { type: 'user_changed_user_id', user_id: 'US.2' } }, { kind: 'NUMBER_CHANGED', phone: null, userId: 'US.2', parentUserId: null, text: null }],
    ['new phone', { type: 'system', system: { type: 'customer_identity_changed', body: 'new' } }, { kind: 'IDENTITY_CHANGED', text: 'new' }],
    ['poll', { type: 'unsupported', errors: [{ code: 131051, title: 'Message type unknown' }], unsupported: { type: 'poll' } }, { kind: 'UNSUPPORTED', type: 'unsupported.poll', text: null, errors: [{ code: 131051, title: 'Message type unknown', message: null, details: null, href: null }] }],
    ['form', { type: 'interactive', interactive: { type: 'nfm_reply', nfm_reply: { body: 'Sent', response_json: '{}' } } }, { kind: 'UNSUPPORTED', type: 'interactive.nfm_reply', text: 'Sent', errors: [] }],
    ['order', { type: 'order', order: { text: 'Two please' } }, { kind: 'UNSUPPORTED', type: 'order', text: 'Two please', errors: [] }],
    ['type of the future', { type: 'hologram', hologram: {} }, { kind: 'UNSUPPORTED', type: 'hologram', text: null, errors: [] }],
    ['name that objects have', { type: 'constructor' }, { kind: 'UNSUPPORTED', type: 'constructor', text: null, errors: [] }],
    ['picture without a file', { type: 'image' }, { kind: 'UNSUPPORTED', type: 'image', text: null, errors: [] }],
    ['picture whose id leads elsewhere', { type: 'image', image: { ...file, id: '../me' } }, { kind: 'UNSUPPORTED', type: 'image', text: null, errors: [] }],
    ['place off the globe', { type: 'location', location: { latitude: 91, longitude: 0 } }, { kind: 'UNSUPPORTED', type: 'location', text: null, errors: [] }],
    ['edit of an edit', { type: 'edit', edit: { original_message_id: 'wamid.A', message: { type: 'edit', edit: {} } } }, { kind: 'UNSUPPORTED', type: 'edit', text: null, errors: [] }],
  ])('%s', (_name, said, content) => {
    expect(readMessage(said).content).toEqual(content)
  })

  test('says what it answers, that it was forwarded, and what brought the customer', () => {
    const item = readMessage({
      type: 'text',
      text: { body: 'this?' },
      context: { from: '15550001111', id: 'wamid.OURS2', frequently_forwarded: true },
      referral: { source_url: 'https://fb.example/ad', headline: 'Sale', body: 'Now' },
    })
    expect(item).toMatchObject({ replyTo: { id: 'wamid.OURS2', from: '15550001111' }, forwarded: true, frequentlyForwarded: true, referral: { url: 'https://fb.example/ad', headline: 'Sale', body: 'Now' } })
  })

  test('keeps a text as it came, but for what cannot be stored', () => {
    expect(readMessage({ type: 'text', text: { body: '<b>=1+1</b> \u0000 \ud83d' } }).content).toEqual({ kind: 'TEXT', text: '<b>=1+1</b> \uFFFD \uFFFD' })
  })

  test.each([
    ['with a phone number alone', { from: '14155550123', from_user_id: undefined }, [{ profile: { name: 'Ada' }, wa_id: '14155550123' }], { phone: '14155550123', userId: null, name: 'Ada' }],
    ['with a user id alone', { from: undefined }, [{ profile: { name: 'Ada', username: 'ada.ex' }, user_id: 'US.90000000000000000001' }], { phone: null, userId: 'US.90000000000000000001', name: 'Ada', username: 'ada.ex' }],
    ['without a card', {}, [], { phone: '14155550123', userId: 'US.90000000000000000001', name: null }],
    ['beside the card of somebody else', {}, [{ profile: { name: 'Bo' }, wa_id: '14155550199' }], { phone: '14155550123', name: null }],
    ['known by the only card', { from: undefined, from_user_id: undefined }, [ADA], { phone: '14155550123', name: 'Ada Example' }],
  ])('is of a customer %s', (_how, said, contacts, person) => {
    const items = readPayload(body(change({ contacts, messages: [message({ type: 'text', text: { body: 'hi' }, ...said })] })))
    expect(only('MESSAGE', items).person).toMatchObject(person)
  })

  test('of nobody is kept as unknown', () => {
    expect(only('UNKNOWN', readPayload(body(change({ messages: [{ id: 'wamid.A', type: 'text', text: { body: 'hi' } }] })))).reason).toContain('whose')
  })

  test('that the business wrote on its own phone is an echo, to the customer', () => {
    const items = readPayload(body(change({ message_echoes: [{ from: '15550001111', to: '14155550123', id: 'wamid.E', timestamp: '1790000001', type: 'text', text: { body: 'hi' } }] }, 'smb_message_echoes')))
    expect(only('ECHO', items)).toMatchObject({ person: { phone: '14155550123' }, content: { kind: 'TEXT', text: 'hi' } })
  })
})

describe('a status', () => {
  test('tells of which message, and gives back what was sent along', () => {
    const item = readStatus({
      recipient_user_id: 'US.1',
      biz_opaque_callback_data: 'msg_01H',
      conversation: { id: 'c0ffee', origin: { type: 'service' }, expiration_timestamp: '1790086400' },
      pricing: { billable: false, pricing_model: 'PMP', type: 'free_customer_service', category: 'service' },
    })
    expect(item).toMatchObject({
      key: 'status:wamid.OURS2:DELIVERED:',
      id: 'wamid.OURS2',
      status: 'DELIVERED',
      at: new Date(1_790_000_009_000),
      recipient: { phone: '14155550123', userId: 'US.1' },
      callbackData: 'msg_01H',
      errors: [],
      conversation: { id: 'c0ffee', origin: 'service', expiresAt: new Date(1_790_086_400_000) },
      pricing: { billable: false, model: 'PMP', type: 'free_customer_service', category: 'service' },
    })
  })

  test('of a failure says why', () => {
    const errors = [{ code: 131047, title: 'Re-engagement message', message: 'Re-engagement message', error_data: { details: 'More than 24 hours' }, href: 'https://meta.example/' }]
    expect(readStatus({ status: 'failed', errors }).errors).toEqual([{ code: 131047, title: 'Re-engagement message', message: 'Re-engagement message', details: 'More than 24 hours', href: 'https://meta.example/' }])
  })

  test('comes without recipient, or of one of a group', () => {
    expect(readStatus({ recipient_id: undefined, status: 'failed' }).recipient).toMatchObject({ phone: null, userId: null })
    expect(readStatus({ recipient_type: 'group', recipient_id: 'Y2FwaV9ncm91cA', recipient_participant_id: '14155550199' })).toMatchObject({ participant: '14155550199', key: 'status:wamid.OURS2:DELIVERED:14155550199' })
  })

  test.each(['sent', 'read', 'played', 'failed'])('%s is known', (status) => {
    expect(readStatus({ status }).status).toBe(status.toUpperCase())
  })

  test.each([{ status: 'vanished' }, { status: undefined }, { id: '' }, { status: 'delivered', type: 'call' }])('that is none (%j) is kept as unknown', (odd) => {
    expect(only('UNKNOWN', readPayload(body(change({ statuses: [{ id: 'wamid.A', status: 'sent', ...odd }] })))).field).toBe('messages')
  })
})

describe('a body', () => {
  test('may carry many, of all kinds: each is one item, in their order', () => {
    const text = (id: string) => message({ type: 'text', text: { body: id } }, id)
    const items = readPayload({
      object: 'whatsapp_business_account',
      entry: [
        { id: '1', changes: [change({ messages: [text('wamid.1'), text('wamid.2')], statuses: [{ id: 'wamid.3', status: 'sent' }] }), change({ errors: [{ code: 131000, title: 'Oh' }] })] },
        { id: '2', time: 1_790_000_000, changes: [change({ event: 'PAUSED', message_template_id: 1689556908129832, message_template_name: 'order', message_template_language: 'en_US', reason: 'NONE' }, 'message_template_status_update'), change({ event: 'x' }, 'account_update')] },
      ],
    })
    expect(items.map((item) => `${item.kind} ${item.path} ${item.wabaId}`)).toEqual([
      'MESSAGE entry.0.changes.0.messages.0 1',
      'MESSAGE entry.0.changes.0.messages.1 1',
      'STATUS entry.0.changes.0.statuses.0 1',
      'ERROR entry.0.changes.1.errors.0 1',
      'TEMPLATE_STATUS entry.1.changes.0 2',
      'UNKNOWN entry.1.changes.1 2',
    ])
    expect(items[4]).toMatchObject({ templateId: '1689556908129832', name: 'order', language: 'en_US', event: 'PAUSED', reason: 'NONE', at: new Date(1_790_000_000_000) })
  })

  test('with one bad item loses nothing beside it', () => {
    const good = message({ type: 'text', text: { body: 'hi' } })
    const bad = [null, 7, 'x', [], {}, { id: 5 }, { id: 'wamid.X', type: {} }, { ...good, timestamp: 'yesterday' }]
    const items = readPayload(body(...bad, change({ contacts: bad, messages: [...bad, good], statuses: [...bad, { id: 'wamid.S', status: 'read' }], errors: bad }), { field: 'messages' }))
    expect(items.filter((item) => item.kind === 'MESSAGE').map((item) => item.at)).toEqual([null, new Date(1_790_000_001_000)])
    expect(items.filter((item) => item.kind === 'STATUS')).toHaveLength(1)
    expect(items.filter((item) => item.kind === 'UNKNOWN')).toHaveLength(bad.length + 7 + bad.length + bad.length + 1)
  })

  test('is named alike however it is batched, and otherwise when it says something else', () => {
    const text = message({ type: 'text', text: { body: 'hi' } })
    const alone = readPayload(body(change({ messages: [text] })))
    const batched = readPayload(body(change({ statuses: [{ id: 'wamid.TEST001', status: 'sent' }] }), change({ messages: [text] })))
    expect(batched[1]?.key).toBe(alone[0]?.key)
    expect(new Set(batched.map((item) => item.key)).size).toBe(2)
    const unknown = (value: object) => only('UNKNOWN', readPayload(body(change(value, 'new_field')))).key
    expect(unknown({ a: 1 })).toBe(unknown({ a: 1 }))
    expect(unknown({ a: 1 })).not.toBe(unknown({ a: 2 }))
  })

  test.each(['', '{', 'null', '[]', '7', '{"entry":{}}', '{"object":"page","entry":[]}', '{"object":"whatsapp_business_account","entry":[{}]}', '['.repeat(1_000_000), '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)])('that is odd (%#) is one unknown item', (text) => {
    only('UNKNOWN', readWebhook(text))
    only('UNKNOWN', readWebhook(Buffer.from(text)))
  })

  test('nested without end in the middle of a message is no trouble', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const text = JSON.stringify(body(change({ contacts: [ADA], messages: [message({ type: 'text', text: { body: 'hi' }, context: 'DEEP' })], statuses: ['DEEP'] }))).replaceAll('"DEEP"', deep)
    expect(readWebhook(text).map((item) => item.kind)).toEqual(['MESSAGE', 'UNKNOWN'])
  })

  test('in the spelling of Meta, with escapes, reads the same', () => {
    const text = JSON.stringify(body(change({ messages: [message({ type: 'text', text: { body: 'Grüße 🙂' } })] }))).replace(/[\u0080-\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
    expect(only('MESSAGE', readWebhook(text)).content).toEqual({ kind: 'TEXT', text: 'Grüße 🙂' })
  })
})

describe('whatever comes', () => {
  const json = fc.jsonValue({ maxDepth: 4 })
  const words = fc.constantFrom('text', 'image', 'edit', 'interactive', 'system', 'contacts', 'button', 'location', 'reaction', 'unsupported', 'order', 'revoke')
  const part = fc.dictionary(fc.constantFrom('id', 'type', 'body', 'message_id', 'emoji', 'original_message_id', 'message', 'button_reply', 'latitude', 'longitude', 'phones', 'name', '__proto__'), json)
  const oddMessage = fc.tuple(words, part, fc.dictionary(fc.constantFrom('id', 'from', 'timestamp', 'context', 'referral', 'errors', 'from_user_id'), json)).map(([type, said, rest]) => ({ id: 'wamid.A', from: '14155550123', ...rest, type, [type]: said }))
  const oddStatus = fc.dictionary(fc.constantFrom('id', 'status', 'recipient_id', 'errors', 'pricing', 'conversation', 'timestamp'), fc.oneof(json, fc.constantFrom('sent', 'failed')))

  test('is read without a throw, as one item for each that was told', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(oddMessage, json), { minLength: 1 }), fc.array(fc.oneof(oddStatus, json)), json, (messages, statuses, contacts) => {
        const items = readWebhook(JSON.stringify(body(change({ messages, statuses, contacts }))))
        expect(items).toHaveLength(messages.length + statuses.length)
        for (const item of items) expect(item.key.length).toBeLessThanOrEqual(300)
      }),
      { numRuns: 500 },
    )
  })

  test('is read without a throw, of any shape', () => {
    fc.assert(fc.property(json, (value) => { expect(Array.isArray(readPayload(value))).toBe(true) }), { numRuns: 500 })
  })
})
