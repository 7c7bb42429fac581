import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { TREATMENTS } from '../../src/whatsapp/errors.ts'
import { startReceiver } from './receiver.ts'
import type { Receiver } from './receiver.ts'
import { ERROR_CODES, startSimulator } from './simulator/simulator.ts'
import type { Simulator } from './simulator/simulator.ts'
import type { SimulatorOptions } from './simulator/types.ts'

const ADA = '14155550123'
const HOUR = 3600_000

const open: { close(): Promise<void> }[] = []
afterEach(async () => { for (const one of open.splice(0).reverse()) await one.close() })

/** A simulator whose webhooks go to a receiver, without limits of speed unless asked for. */
async function start(options: SimulatorOptions = {}): Promise<{ meta: Simulator; receiver: Receiver }> {
  const meta = await startSimulator({ limits: null, ...options })
  open.push(meta)
  const receiver = await startReceiver(meta)
  open.push(receiver)
  await meta.connect(receiver.url)
  return { meta, receiver }
}

type Answer = { status: number; body: { error?: { code: number; message: string; type: string; error_data?: { details: string }; fbtrace_id: string }; messages?: { id: string }[]; id?: string } & Record<string, unknown> }

async function ask(meta: Simulator, path: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await fetch(path.startsWith('http') ? path : `${meta.url}${path}`, { ...init, headers: { authorization: `Bearer ${meta.accessToken}`, ...(init.headers as Record<string, string>) } })
  return { status: answer.status, body: (await answer.json()) as Answer['body'] }
}

const post = (meta: Simulator, body: object, path = `/v24.0/${meta.phoneNumberId}/messages`) => ask(meta, path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
const message = (said: object) => ({ messaging_product: 'whatsapp', to: ADA, ...said })
const text = (body: string, more: object = {}) => message({ type: 'text', text: { body }, ...more })
const codeOf = ({ status, body }: Answer) => [status, body.error?.code]

const idOf = ({ body }: Answer) => {
  const id = body.messages?.[0]?.id
  if (id === undefined) throw new Error(JSON.stringify(body))
  return id
}

function upload(meta: Simulator, bytes: Uint8Array, type: string, more: Record<string, string> = { messaging_product: 'whatsapp' }): Promise<Answer> {
  const form = new FormData()
  for (const [key, value] of Object.entries(more)) form.set(key, value)
  form.set('type', type)
  form.set('file', new Blob([new Uint8Array(bytes)], { type }), 'a.file')
  return ask(meta, `/v24.0/${meta.phoneNumberId}/media`, { method: 'POST', body: form })
}

describe('a request', () => {
  const refused: [string, number, number, (meta: Simulator) => Promise<Answer>][] = [
    ['without a token', 401, 104, (meta) => ask(meta, `/v24.0/${meta.phoneNumberId}/messages`, { method: 'POST', headers: { authorization: '' } })],
    ['with another token', 401, 190, (meta) => ask(meta, `/v24.0/${meta.phoneNumberId}/messages`, { method: 'POST', headers: { authorization: 'Bearer x' } })],
    ['without a version', 400, 2500, (meta) => post(meta, text('hi'), `/${meta.phoneNumberId}/messages`)],
    ['of another number', 400, 100, (meta) => post(meta, text('hi'), '/v24.0/999/messages')],
    ['to another edge', 400, 100, (meta) => post(meta, text('hi'), `/v24.0/${meta.phoneNumberId}/letters`)],
    ['that is no JSON', 400, 100, (meta) => ask(meta, `/v24.0/${meta.phoneNumberId}/messages`, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })],
    ['of another content type', 400, 100, (meta) => ask(meta, `/v24.0/${meta.phoneNumberId}/messages`, { method: 'POST', body: JSON.stringify(text('hi')), headers: { 'content-type': 'text/plain' } })],
    ['without the product', 400, 100, (meta) => post(meta, { to: ADA, type: 'text', text: { body: 'hi' } })],
    ['without a recipient', 400, 100, (meta) => post(meta, { messaging_product: 'whatsapp', type: 'text', text: { body: 'hi' } })],
    ['to no number', 400, 131009, (meta) => post(meta, text('hi', { to: 'ada' }))],
    ['to the number itself', 400, 131021, (meta) => post(meta, text('hi', { to: '15550001111' }))],
    ['of an unknown type', 400, 131009, (meta) => post(meta, message({ type: 'poll', poll: {} }))],
    ['without its part', 400, 131008, (meta) => post(meta, message({ type: 'image' }))],
    ['without a text', 400, 131008, (meta) => post(meta, message({ type: 'text', text: {} }))],
    ['with an empty text', 400, 100, (meta) => post(meta, text(''))],
    ['with a text that is too long', 400, 100, (meta) => post(meta, text('x'.repeat(4097)))],
    ['with a part of another type', 400, 100, (meta) => post(meta, text('hi', { image: { link: 'https://a.example/b.png' } }))],
    ['with a member that nobody knows', 400, 100, (meta) => post(meta, message({ type: 'text', text: { body: 'hi', colour: 'red' } }))],
    ['with too much to give back', 400, 131009, (meta) => post(meta, text('hi', { biz_opaque_callback_data: 'ü'.repeat(257) }))],
    ['that answers what is not there', 400, 131009, (meta) => post(meta, text('hi', { context: { message_id: 'wamid.NOBODY' } }))],
    ['with a file both ways', 400, 131009, (meta) => post(meta, message({ type: 'image', image: { id: '1', link: 'https://a.example/b.png' } }))],
    ['with a file that was never uploaded', 400, 131009, (meta) => post(meta, message({ type: 'image', image: { id: '1' } }))],
    ['with a caption on a sticker', 400, 100, (meta) => post(meta, message({ type: 'sticker', sticker: { link: 'https://a.example/b.webp', caption: 'x' } }))],
    ['with a place off the globe', 400, 131009, (meta) => post(meta, message({ type: 'location', location: { latitude: 91, longitude: 0 } }))],
    ['with a nameless contact', 400, 131008, (meta) => post(meta, message({ type: 'contacts', contacts: [{ phones: [] }] }))],
    ['with a reaction to nothing', 400, 131009, (meta) => post(meta, message({ type: 'reaction', reaction: { message_id: 'wamid.NOBODY', emoji: '👍' } }))],
    ['with four buttons', 400, 100, (meta) => post(meta, message({ type: 'interactive', interactive: buttons('a', 'b', 'c', 'd') }))],
    ['with two buttons alike', 400, 131009, (meta) => post(meta, message({ type: 'interactive', interactive: buttons('a', 'a') }))],
    ['with a template that is not there', 404, 132001, (meta) => post(meta, template('none'))],
    ['with a template in another language', 404, 132001, (meta) => post(meta, template('order', { language: { code: 'de' } }))],
    ['with too few values', 400, 132000, (meta) => post(meta, template('order'))],
    ['with a paused template', 400, 132015, (meta) => post(meta, template('paused'))],
    ['with a disabled template', 400, 132016, (meta) => post(meta, template('disabled'))],
    ['with a value of another kind', 400, 132012, (meta) => post(meta, template('pictured', { components: [{ type: 'header', parameters: [{ type: 'text', text: 'x' }] }] }))],
    ['that marks what was never received', 400, 131009, (meta) => post(meta, { messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.NOBODY' })],
    ['that shows typing in another way', 400, 131009, (meta) => post(meta, { messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.NOBODY', typing_indicator: { type: 'voice' } })],
    ['with a file of a kind that WhatsApp does not take', 400, 100, (meta) => upload(meta, Buffer.from('x'), 'application/zip')],
    ['with a picture that is too large', 400, 131053, (meta) => upload(meta, Buffer.alloc(5 * 1024 * 1024 + 1), 'image/png')],
    ['with a file for no product', 400, 100, (meta) => upload(meta, Buffer.from('x'), 'image/png', {})],
    ['for a file that is not there', 400, 100, (meta) => ask(meta, '/v24.0/3000000009999')],
  ]
  test.each(refused)('%s is refused with %d and %d', async (_what, status, code, send) => {
    const { meta } = await start({ templates: TEMPLATES })
    const answer = await send(meta)
    expect(codeOf(answer)).toEqual([status, code])
    expect(answer.body.error).toMatchObject({ type: expect.stringMatching(/^(OAuth|GraphMethod)Exception$/) as string, message: expect.any(String) as string, fbtrace_id: expect.any(String) as string })
    expect(meta.accepted).toEqual([])
    expect(meta.refused).toHaveLength(1)
  })

  test.each<[string, object, string]>([
    ['text', { text: { body: 'Yes', preview_url: true } }, 'Yes'],
    ['image', { image: { link: 'https://a.example/b.png', caption: 'Here' } }, '[image] Here'],
    ['video', { video: { link: 'https://a.example/b.mp4' } }, '[video]'],
    ['audio', { audio: { link: 'https://a.example/b.ogg', voice: true } }, '[audio]'],
    ['document', { document: { link: 'https://a.example/b.pdf', filename: 'b.pdf', caption: 'March' } }, '[b.pdf] March'],
    ['sticker', { sticker: { link: 'https://a.example/b.webp' } }, '[sticker]'],
    ['location', { location: { latitude: 52.52, longitude: '13.40', name: 'Shop', address: 'Main St 1' } }, '[place] Shop Main St 1'],
    ['contacts', { contacts: [{ name: { formatted_name: 'Bo Lee', first_name: 'Bo' }, phones: [{ phone: '+1 415 555 0199', type: 'CELL', wa_id: '14155550199' }] }] }, '[contact] Bo Lee'],
    ['interactive', { interactive: { type: 'button', body: { text: 'Shall we?' }, action: { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Yes' } }] } } }, 'Shall we?'],
    ['interactive', { interactive: { type: 'list', header: { type: 'text', text: 'Sizes' }, body: { text: 'Which?' }, action: { button: 'Choose', sections: [{ rows: [{ id: 'm', title: 'M', description: 'medium' }] }] } } }, 'Which?'],
    ['template', { template: { name: 'order', language: { code: 'en_US' }, components: [{ type: 'body', parameters: [{ type: 'text', text: 'Ada' }, { type: 'text', text: '42' }] }] } }, 'Hello Ada, order 42 is on its way.'],
  ])('to send a %s is taken', async (type, part, seen) => {
    const { meta } = await start({ templates: TEMPLATES })
    meta.customer({ phone: ADA }).writes('hi')
    const answer = await post(meta, message({ recipient_type: 'individual', type, ...part, biz_opaque_callback_data: 'msg_1' }))
    expect(answer).toMatchObject({ status: 200, body: { messaging_product: 'whatsapp', contacts: [{ input: ADA, wa_id: ADA }], messages: [{ id: expect.stringMatching(/^wamid\./) as string }] } })
    expect(meta.accepted).toMatchObject([{ id: idOf(answer), to: ADA, type, text: seen, callbackData: 'msg_1', statuses: ['sent', 'delivered'], answered: true }])
  })

  test('reacts, answers, marks as read and shows typing, to messages that are there', async () => {
    const { meta } = await start()
    const asked = meta.customer({ phone: ADA }).writes('Is it in stock?')
    expect(await post(meta, text('Yes', { context: { message_id: asked } }))).toMatchObject({ status: 200 })
    expect(await post(meta, message({ type: 'reaction', reaction: { message_id: asked, emoji: '👍' } }))).toMatchObject({ status: 200 })
    expect(await post(meta, { messaging_product: 'whatsapp', status: 'read', message_id: asked, typing_indicator: { type: 'text' } })).toEqual({ status: 200, body: { success: true } })
    expect(meta.accepted).toMatchObject([{ replyTo: asked }, { type: 'reaction', statuses: ['sent'] }])
    expect(meta.readMarks).toMatchObject([{ messageId: asked, typing: true }])
  })

  test('reaches a customer whose number nobody knows, by the user id', async () => {
    const { meta, receiver } = await start()
    const cy = meta.customer({ phone: '5511955550188', userId: 'BR.12345678', username: 'cy', hidesPhone: true })
    cy.writes('Oi')
    expect(await post(meta, { messaging_product: 'whatsapp', recipient: 'BR.12345678', type: 'text', text: { body: 'Oi!' } })).toMatchObject({ status: 200, body: { contacts: [{ input: 'BR.12345678', user_id: 'BR.12345678' }] } })
    await meta.flush()
    expect(receiver.items()).toMatchObject([
      { kind: 'MESSAGE', person: { phone: null, userId: 'BR.12345678', username: 'cy' } },
      { kind: 'STATUS', status: 'SENT', recipient: { phone: null, userId: 'BR.12345678' } },
      { kind: 'STATUS', status: 'DELIVERED' },
    ])
  })
})

describe('files', () => {
  test('are uploaded, sent, looked up and fetched, for five minutes by one address', async () => {
    const { meta } = await start({ window: 'off' })
    const bytes = Buffer.from('not really a picture')
    const id = String((await upload(meta, bytes, 'image/png')).body.id)
    expect(await post(meta, message({ type: 'image', image: { id } }))).toMatchObject({ status: 200 })
    expect(codeOf(await post(meta, message({ type: 'video', video: { id } })))).toEqual([400, 131053])
    const found = await ask(meta, `/v24.0/${id}?phone_number_id=${meta.phoneNumberId}`)
    expect(found.body).toMatchObject({ id, mime_type: 'image/png', file_size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
    const fetchIt = (token = meta.accessToken) => fetch(String(found.body.url), { headers: { authorization: `Bearer ${token}` } })
    expect(Buffer.from(await (await fetchIt()).arrayBuffer())).toEqual(bytes)
    expect((await fetchIt('another')).status).toBe(401)
    meta.advance(5 * 60_000 + 1)
    expect((await fetchIt()).status).toBe(404)
    expect(await ask(meta, `/v24.0/${id}`, { method: 'DELETE' })).toEqual({ status: 200, body: { success: true } })
    expect(codeOf(await ask(meta, `/v24.0/${id}`))).toEqual([400, 100])
  })

  test('of a customer come with their hash, and are there for seven days', async () => {
    const { meta, receiver } = await start()
    const bytes = Buffer.from('a voice')
    meta.customer({ phone: ADA }).sends('audio', { bytes, mimeType: 'audio/ogg; codecs=opus' })
    await meta.flush()
    const [item] = receiver.items()
    if (item?.kind !== 'MESSAGE' || item.content.kind !== 'AUDIO') throw new Error('expected a voice message')
    const { id, url, sha256, voice } = item.content.media
    expect({ sha256, voice }).toEqual({ sha256: createHash('sha256').update(bytes).digest('base64'), voice: true })
    expect(await (await fetch(String(url), { headers: { authorization: `Bearer ${meta.accessToken}` } })).text()).toBe('a voice')
    meta.advance(7 * 24 * HOUR + 1)
    expect(codeOf(await ask(meta, `/v24.0/${id}`))).toEqual([400, 100])
  })
})

describe('lists', () => {
  test('of templates come in pages, by status and by fields', async () => {
    const { meta } = await start({ templates: Array.from({ length: 7 }, (_, index) => ({ name: `t${index}` })) })
    const names: string[] = []
    let next: string | undefined = `/v24.0/${meta.wabaId}/message_templates?limit=3&fields=name,status`
    while (next !== undefined) {
      const { body } = await ask(meta, next)
      const { data, paging } = body as unknown as { data: { id: string; name: string; status: string }[]; paging?: { next?: string } }
      expect(data.length).toBeLessThanOrEqual(3)
      expect(Object.keys(data[0] ?? {}).sort()).toEqual(['id', 'name', 'status'])
      names.push(...data.map(({ name }) => name))
      next = paging?.next
    }
    expect(names).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6'])
    expect((await ask(meta, `/v24.0/${meta.wabaId}/message_templates?status=PAUSED`)).body).toEqual({ data: [] })
    expect(codeOf(await ask(meta, `/v24.0/${meta.wabaId}/message_templates?after=x`))).toEqual([400, 100])
  })

  test('of phone numbers name them', async () => {
    const { meta } = await start({ phoneNumbers: [{ id: '21', display: '+1 555-000-1111', name: 'Shop' }, { id: '22', display: '+49 30 1', name: 'Laden' }] })
    expect((await ask(meta, `/v24.0/${meta.wabaId}/phone_numbers`)).body).toMatchObject({ data: [{ id: '21', display_phone_number: '+1 555-000-1111', verified_name: 'Shop' }, { id: '22' }] })
    expect((await ask(meta, '/v24.0/22')).body).toMatchObject({ id: '22', verified_name: 'Laden' })
  })
})

describe('webhooks', () => {
  test('begin with a handshake, and not without', async () => {
    const meta = await startSimulator()
    open.push(meta)
    const stranger = await startReceiver({ appSecret: 'x', verifyToken: 'another' })
    open.push(stranger)
    await expect(meta.connect(stranger.url)).rejects.toThrow('handshake')
    meta.customer({ phone: ADA }).writes('hi')
    await meta.flush()
    expect(stranger.posts).toEqual([])
  })

  test('are signed over the bytes, in Meta’s spelling', async () => {
    const { meta, receiver } = await start()
    meta.customer({ phone: ADA, name: 'Jürgen 🙂' }).writes('Grüße/🙂')
    await meta.flush()
    expect(receiver.posts).toMatchObject([{ signed: true, items: [{ person: { name: 'Jürgen 🙂' }, content: { text: 'Grüße/🙂' } }] }])
    const body = receiver.posts[0]?.body.toString() ?? ''
    expect(body).toContain('Gr\\u00fc\\u00dfe\\/\\ud83d\\ude42')
  })

  test('carry up to a thousand, in order', async () => {
    const { meta, receiver } = await start({ delivery: { hold: true } })
    const ada = meta.customer({ phone: ADA })
    const ids = Array.from({ length: 2500 }, (_, index) => ada.writes(`${index}`))
    await meta.flush()
    expect(receiver.posts.map(({ items }) => items.length)).toEqual([1000, 1000, 500])
    expect(receiver.items().map((item) => ('id' in item ? item.id : null))).toEqual(ids)
  })

  test('come again, shuffled and in batches by chance, as they are told to', async () => {
    const { meta, receiver } = await start({ seed: 7, delivery: { hold: true, repeats: 5, shuffle: true, batch: 40 } })
    const ada = meta.customer({ phone: ADA })
    const ids = Array.from({ length: 300 }, (_, index) => ada.writes(`${index}`))
    await meta.flush()
    const came = receiver.items().map((item) => ('id' in item ? item.id : ''))
    expect(came.toSorted()).toEqual(ids.flatMap((id) => [id, id, id, id, id]).toSorted())
    expect(came.slice(0, 300)).not.toEqual(ids)
    const sizes = receiver.posts.map(({ items }) => items.length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(40)
    expect(new Set(sizes).size).toBeGreaterThan(5)
    expect(receiver.posts.some(({ items }) => items.some((item) => item.path.startsWith('entry.1')))).toBe(true)
  })

  test('that are not taken come again, and nothing overtakes them', async () => {
    const { meta, receiver } = await start({ delivery: { batch: 2, retry: { firstMs: 1, factor: 1, attempts: 5 } } })
    receiver.answerWith(500, 0, 302)
    const ada = meta.customer({ phone: ADA })
    const ids = ['a', 'b', 'c', 'd', 'e'].map((body) => ada.writes(body))
    await meta.flush()
    expect(receiver.items().map((item) => ('id' in item ? item.id : null))).toEqual(ids)
    expect(meta.webhooks.posted.map(({ status, attempt }) => [status, attempt])).toEqual([[500, 1], [null, 2], [302, 3], [200, 4], [200, 1], [200, 1]])
  })

  test('of their own making, signed falsely or not at all, can be sent too', async () => {
    const { meta, receiver } = await start()
    expect(await meta.webhooks.postRaw('{"entry":[]}')).toBe(200)
    expect(await meta.webhooks.postRaw('{}', { signature: null })).toBe(200)
    expect(await meta.webhooks.postRaw('{}', { signature: 'sha256=00' })).toBe(200)
    expect(receiver.posts.map(({ signed }) => signed)).toEqual([true, false, false])
  })
})

describe('errors', () => {
  test.each(ERROR_CODES)('%d can be answered, and told by a status', async (code) => {
    const { meta, receiver } = await start({ window: 'off' })
    meta.rule({ times: 1, effect: { error: code, details: 'as asked' } })
    const answer = await post(meta, text('now'))
    expect(answer.body.error).toMatchObject({ code, error_data: { messaging_product: 'whatsapp', details: 'as asked' } })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    meta.rule({ effect: { fails: code } })
    expect(await post(meta, text('later', { biz_opaque_callback_data: 'msg_2' }))).toMatchObject({ status: 200 })
    await meta.flush()
    expect(receiver.items()).toMatchObject([{ kind: 'STATUS', status: 'FAILED', callbackData: 'msg_2', errors: [{ code }] }])
  })

  test('are known here by every code that has a treatment', () => {
    const here = new Set(ERROR_CODES)
    expect([...TREATMENTS.keys()].filter((code) => !here.has(code) && !(code > 200 && code < 299))).toEqual([])
    expect(ERROR_CODES.filter((code) => !TREATMENTS.has(code))).toEqual([])
  })

  test('belong to the requests that a rule is about, for as often as it says', async () => {
    const { meta } = await start({ window: 'off' })
    const end = meta.rule({ match: { to: ADA, type: 'text', contains: 'now' }, times: 2, effect: { error: 131016 } })
    const codes = async (...bodies: object[]) => Promise.all(bodies.map(async (body) => (await post(meta, body)).body.error?.code ?? null))
    expect(await codes(text('later'), text('now', { to: '14155550199' }))).toEqual([null, null])
    expect([await codes(text('now')), await codes(text('now')), await codes(text('now'))]).toEqual([[131016], [131016], [null]])
    end()
  })

  test('by chance hit the same messages from the same seed, whatever comes first', async () => {
    const hit = async (order: number[]) => {
      const { meta } = await start({ window: 'off', seed: 3 })
      meta.rule({ chance: 0.3, effect: { error: 130429 } })
      const hits: number[] = []
      for (const number of order) if ((await post(meta, text('x', { biz_opaque_callback_data: `msg_${number}` }))).status !== 200) hits.push(number)
      return hits.toSorted((one, other) => one - other)
    }
    const order = Array.from({ length: 60 }, (_, index) => index)
    const first = await hit(order)
    expect(first.length).toBeGreaterThan(8)
    expect(first.length).toBeLessThan(30)
    expect(await hit(order.toReversed())).toEqual(first)
  })

  test('of the line: cut after or before the message was taken, or answered by something else', async () => {
    const { meta, receiver } = await start({ window: 'off' })
    meta.rule({ match: { callbackData: 'taken' }, times: 1, effect: { cut: 'accepted' } })
    meta.rule({ match: { callbackData: 'lost' }, times: 1, effect: { cut: 'refused' } })
    meta.rule({ match: { callbackData: 'odd' }, times: 1, effect: { answer: 502, body: '<h1>Bad Gateway</h1>', accepted: true } })
    for (const callbackData of ['taken', 'lost']) await expect(post(meta, text('x', { biz_opaque_callback_data: callbackData }))).rejects.toThrow('fetch failed')
    await expect(post(meta, text('x', { biz_opaque_callback_data: 'odd' }))).rejects.toThrow('JSON')
    expect(meta.accepted.map(({ callbackData, answered }) => [callbackData, answered])).toEqual([['taken', false], ['odd', false]])
    await meta.flush()
    expect(receiver.items().flatMap((item) => (item.kind === 'STATUS' ? [`${item.callbackData ?? ''} ${item.status}`] : []))).toEqual(['taken SENT', 'taken DELIVERED', 'odd SENT', 'odd DELIVERED'])
    expect(meta.doubles()).toEqual([])
    await post(meta, text('x', { biz_opaque_callback_data: 'taken' }))
    expect(meta.doubles()).toEqual(['taken'])
  })

  test('that belong to no message are told on their own', async () => {
    const { meta, receiver } = await start()
    meta.tellError(131031, 'locked')
    await meta.flush()
    expect(receiver.items()).toMatchObject([{ kind: 'ERROR', error: { code: 131031, details: 'locked' } }])
  })
})

describe('limits', () => {
  test('hold for a number, and for two who write to each other', async () => {
    const { meta } = await start({ window: 'off', limits: { perSecond: 80, pair: { burst: 3, everyMs: 6000 } } })
    meta.stopClock()
    const codes = async (...recipients: string[]) => {
      const found: (number | null)[] = []
      for (const to of recipients) found.push((await post(meta, text('x', { to }))).body.error?.code ?? null)
      return found
    }
    expect(await codes(ADA, ADA, ADA, ADA, '14155550199')).toEqual([null, null, null, 131056, null])
    meta.advance(6000)
    expect(await codes(ADA, ADA)).toEqual([null, 131056])
    meta.advance(1000)
    const many = await codes(...Array.from({ length: 82 }, (_, index) => String(20_000_000 + index)))
    expect(many.map((code) => code ?? 'taken')).toEqual([...Array<string>(80).fill('taken'), 130429, 130429])
  })

  test('of the 24 hours: what is no template fails outside of them', async () => {
    const { meta, receiver } = await start({ templates: TEMPLATES })
    const ada = meta.customer({ phone: ADA })
    const last = async (body: object) => {
      await post(meta, body)
      await meta.flush()
      return receiver.items().at(-1)
    }
    expect(await last(text('before'))).toMatchObject({ status: 'FAILED', errors: [{ code: 131047 }] })
    ada.writes('hi')
    expect(await last(text('within'))).toMatchObject({ status: 'DELIVERED' })
    meta.advance(24 * HOUR + 1)
    expect(await last(text('after'))).toMatchObject({ status: 'FAILED' })
    expect(await last(template('plain'))).toMatchObject({ status: 'DELIVERED' })
  })

  test('of the 24 hours can be told at once', async () => {
    const { meta } = await start({ window: 'answer' })
    expect(codeOf(await post(meta, text('before')))).toEqual([400, 131047])
  })
})

describe('a customer', () => {
  test('does all that customers do', async () => {
    const { meta, receiver } = await start({ delivery: { hold: true } })
    const ada = meta.customer({ phone: ADA, name: 'Ada Example', username: 'ada.ex' })
    const first = ada.writes('Is it in stock?')
    const ours = idOf(await post(meta, text('Yes')))
    const file = { bytes: Buffer.from('x'), mimeType: 'image/png' }
    for (const kind of ['image', 'video', 'audio', 'document', 'sticker'] as const) ada.sends(kind, { ...file, caption: kind === 'image' ? 'front' : undefined })
    ada.sharesPlace({ latitude: 52.52, longitude: 13.4, name: 'Shop' })
    ada.sharesContacts([{ name: 'Bo Lee', phone: '+1 415 555 0199' }])
    ada.reacts(ours, '👍')
    ada.takesReactionBack(ours)
    ada.takesReactionBack(ours, 'missing')
    ada.taps(ours, { id: 'y', title: 'Yes' })
    ada.picks(ours, { id: 'm', title: 'M' })
    ada.tapsQuickReply(ours, { payload: 'Y', text: 'Yes' })
    ada.writes('this one', { replyTo: ours, forwarded: true })
    ada.edits(first, 'Is it in stock in blue?')
    ada.revokes(first)
    ada.sendsUnsupported('poll')
    ada.does({ type: 'hologram', hologram: {} })
    ada.changesPhone()
    ada.changesUserId('US.77777777')
    ada.changesNumber('14155550177')
    meta.tellEcho(ada, 'from my own phone')
    await meta.flush()
    expect(receiver.posts.every(({ signed }) => signed)).toBe(true)
    expect(receiver.items().map((item) => (item.kind === 'MESSAGE' || item.kind === 'ECHO' ? item.content.kind : item.kind))).toEqual([
      ...['TEXT', 'STATUS', 'STATUS', 'IMAGE', 'VIDEO', 'AUDIO', 'FILE', 'STICKER', 'LOCATION', 'CONTACTS', 'REACTION', 'REACTION', 'REACTION'],
      ...['CHOICE', 'CHOICE', 'CHOICE', 'TEXT', 'EDIT', 'REVOKE', 'UNSUPPORTED', 'UNSUPPORTED', 'IDENTITY_CHANGED', 'NUMBER_CHANGED', 'NUMBER_CHANGED', 'TEXT'],
    ])
    expect(receiver.items().at(-1)).toMatchObject({ kind: 'ECHO', person: { phone: '14155550177', userId: 'US.77777777' } })
    expect(receiver.items().find((item) => item.kind === 'MESSAGE' && item.forwarded)).toMatchObject({ replyTo: { id: ours, from: '15550001111' }, person: { name: 'Ada Example', username: 'ada.ex' } })
  })

  test('reads and answers when they are so inclined, and gets what came while away', async () => {
    const { meta } = await start()
    const ada = meta.customer({ phone: ADA })
    ada.writes('hi')
    ada.goesAway()
    await post(meta, text('Are you there?'))
    expect(meta.accepted[0]?.statuses).toEqual(['sent'])
    ada.habits = { ...ada.habits, reads: true, answers: ({ text }) => (text.endsWith('?') ? 'Yes' : null) }
    ada.comesBack()
    expect(meta.accepted[0]?.statuses).toEqual(['sent', 'delivered', 'read'])
    expect(meta.received.at(-1)?.message).toMatchObject({ text: { body: 'Yes' } })
    expect((await meta.accepts(({ text }) => text === 'Are you there?')).to).toBe(ADA)
  })

  test('statuses come as a rule says', async () => {
    const { meta, receiver } = await start({ window: 'off' })
    meta.rule({ effect: { statuses: ['read', 'failed', 'sent', 'delivered'], code: 131026 } })
    await post(meta, text('x'))
    await meta.flush()
    expect(receiver.items().map((item) => (item.kind === 'STATUS' ? item.status : null))).toEqual(['READ', 'FAILED', 'SENT', 'DELIVERED'])
  })

  test('a template’s new status is told', async () => {
    const { meta, receiver } = await start({ templates: TEMPLATES })
    meta.setTemplateStatus('order', 'en_US', 'PAUSED')
    await meta.flush()
    expect(receiver.items()).toMatchObject([{ kind: 'TEMPLATE_STATUS', name: 'order', language: 'en_US', event: 'PAUSED' }])
    expect(codeOf(await post(meta, template('order')))).toEqual([400, 132015])
  })
})

describe('from outside', () => {
  const control = async (meta: Simulator, method: string, path: string, body?: object) => {
    const answer = await fetch(`${meta.url}/_simulator/${path}`, { method, headers: { 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  test('customers, rules and delivery are commanded by JSON', async () => {
    const meta = await startSimulator()
    open.push(meta)
    const receiver = await startReceiver(meta)
    open.push(receiver)
    expect((await control(meta, 'POST', 'connect', { url: receiver.url })).status).toBe(200)
    expect((await control(meta, 'POST', 'customers', { phone: ADA, name: 'Ada' })).body).toMatchObject({ phone: ADA, name: 'Ada' })
    const { id } = (await control(meta, 'POST', `customers/${ADA}/writes`, { text: 'hi' })).body
    await control(meta, 'POST', `customers/${ADA}/sends`, { kind: 'image', data: 'eA==', mimeType: 'image/png', caption: 'x' })
    await control(meta, 'POST', `customers/${ADA}/habits`, { reads: true })
    await control(meta, 'POST', 'rules', { match: { contains: 'fail' }, effect: { error: 131000 } })
    expect(codeOf(await post(meta, text('fail')))).toEqual([500, 131000])
    await post(meta, text('hello'))
    await control(meta, 'POST', 'flush', {})
    expect(receiver.items().map((item) => (item.kind === 'STATUS' ? item.status : item.kind))).toEqual(['MESSAGE', 'MESSAGE', 'SENT', 'DELIVERED', 'READ'])
    const state = (await control(meta, 'GET', 'state')).body
    expect(state).toMatchObject({ webhook: receiver.url, waiting: 0, settings: { WHATSAPP_API_URL: meta.url }, customers: [{ phone: ADA, lines: [{ id, from: 'customer' }, { type: 'image' }, { from: 'business', text: 'hello', statuses: ['sent', 'delivered', 'read'] }] }] })
    expect((await control(meta, 'GET', 'accepted')).body).toHaveLength(1)
  })

  test.each([
    ['POST', `customers/${ADA}/flies`, {}, 404],
    ['POST', `customers/${ADA}/writes`, { text: '' }, 400],
    ['POST', `customers/${ADA}/writes`, { words: 'x' }, 400],
    ['GET', 'nothing', undefined, 404],
    ['POST', 'rules', { effect: { error: 'x' } }, 400],
    ['POST', 'connect', { url: 'http://127.0.0.1:1/' }, 400],
  ])('%s %s %j is answered with an explanation', async (method, path, body, status) => {
    const meta = await startSimulator()
    open.push(meta)
    const answer = await control(meta, method, path, body)
    expect(answer.status).toBe(status)
    expect(answer.body.error).toEqual(expect.any(String))
  })

  test('another page cannot play the customer by a form', async () => {
    const meta = await startSimulator()
    open.push(meta)
    const answer = await fetch(`${meta.url}/_simulator/customers/${ADA}/writes`, { method: 'POST', body: '{"text":"hi"}', headers: { 'content-type': 'text/plain' } })
    expect(answer.status).toBe(400)
    expect(meta.received).toEqual([])
  })

  test('there is a page for people', async () => {
    const meta = await startSimulator()
    open.push(meta)
    const page = await fetch(meta.url)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(await page.text()).toContain('<title>WhatsApp simulator</title>')
  })
})

const TEMPLATES: SimulatorOptions['templates'] = [
  { name: 'plain' },
  { name: 'order', components: [{ type: 'BODY', text: 'Hello {{1}}, order {{2}} is on its way.' }] },
  { name: 'paused', status: 'PAUSED' },
  { name: 'disabled', status: 'DISABLED' },
  { name: 'pictured', components: [{ type: 'HEADER', format: 'IMAGE' }, { type: 'BODY', text: 'Look' }] },
]

function template(name: string, more: object = {}): object {
  return message({ type: 'template', template: { name, language: { code: 'en_US' }, ...more } })
}

function buttons(...titles: string[]): object {
  return { type: 'button', body: { text: 'Which?' }, action: { buttons: titles.map((title, index) => ({ type: 'reply', reply: { id: String(index), title } })) } }
}
