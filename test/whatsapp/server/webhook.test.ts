import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { succeed } from '../../support/refusal.ts'
import { chatsOf, historyOf, refused, stage, until } from './parley.ts'
import type { Stage } from './parley.ts'

const PATH = '/webhooks/whatsapp'
const sign = (body: string | Buffer, secret = 'simulated-app-secret') => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
const post = async ({ server }: Stage, body: string | Buffer, signature: string | null, path = PATH) =>
  (await fetch(`${server.url}${path}`, { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers: { 'content-type': 'application/json', ...(signature === null ? {} : { 'x-hub-signature-256': signature }) } })).status
const counts = async ({ server }: Stage) => {
  const [row] = await server.sql`select (select count(*) from whatsapp_delivery)::int as deliveries, (select count(*) from message)::int as messages, (select count(*) from event)::int as events`
  return row
}

/** A message as Meta spells it: what is not ASCII is escaped. */
function posted(meta: Stage['meta'], { id, text, phoneNumberId = meta.phoneNumberId, at = Math.floor(Date.now() / 1000) }: { id: string; text: string; phoneNumberId?: string; at?: number }): string {
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '15550001111', phone_number_id: phoneNumberId },
    contacts: [{ profile: { name: 'Ada' }, wa_id: '14155550123' }],
    messages: [{ from: '14155550123', id, timestamp: String(at), type: 'text', text: { body: text } }],
  }
  const json = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: meta.wabaId, changes: [{ field: 'messages', value }] }] })
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

test('settings without an app secret are refused, and say why', () => {
  const settings = { WHATSAPP_ACCESS_TOKEN: 't', WHATSAPP_PHONE_NUMBER_ID: '1,2', WHATSAPP_WABA_ID: '3', VERIFY_TOKEN: 'v' }
  expect(() => readConfig(settings)).toThrow('WHATSAPP_APP_SECRET must be set too: without it anybody could write messages in the name of your customers')
  expect(readConfig({ ...settings, WHATSAPP_APP_SECRET: 's' }).whatsapp).toMatchObject({ phoneNumberIds: ['1', '2'], verifyToken: 'v', apiVersion: 'v24.0', apiUrl: 'https://graph.facebook.com' })
  expect(readConfig({ VERIFY_TOKEN: 'v' }).whatsapp).toBeNull()
})

test('the handshake answers the challenge to whoever has the token, at both addresses', async () => {
  const { server, meta } = await stage()
  const ask = async (query: Record<string, string>, path = PATH) => {
    const answer = await fetch(`${server.url}${path}?${new URLSearchParams(query).toString()}`)
    return [answer.status, answer.headers.get('content-type')?.split(';')[0], await answer.text()]
  }
  const right = { 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': meta.verifyToken }
  expect(await ask(right)).toEqual([200, 'text/plain', '1158201444'])
  expect(await ask(right, '/webhook')).toEqual([200, 'text/plain', '1158201444'])
  for (const wrong of [{ ...right, 'hub.verify_token': 'guess' }, { ...right, 'hub.mode': 'unsubscribe' }, { 'hub.challenge': '1' }, { ...right, 'hub.verify_token': '' }] as Record<string, string>[]) {
    const [status, , body] = await ask(wrong)
    expect([status, String(body).includes('1158201444')]).toEqual([403, false])
  }
})

test('without these settings there is no webhook', async () => {
  const { startServer } = await import('../../harness.ts')
  const server = await startServer()
  expect((await fetch(`${server.url}${PATH}`, { method: 'POST', body: '{}' })).status).toBe(404)
  expect((await server.anonymous().ask('{ serverInfo { whatsappEnabled } }')).serverInfo).toEqual({ whatsappEnabled: false })
  await server.close()
})

test('what is not signed with the secret, over these very bytes, is refused and leaves nothing', async () => {
  const all = await stage()
  const body = posted(all.meta, { id: 'wamid.A', text: 'Größe 🙂' })
  const before = await counts(all)
  const flipped = Buffer.from(body)
  flipped[10] = (flipped[10] ?? 0) ^ 1
  const tries: [string | Buffer, string | null][] = [
    [body, null],
    [body, ''],
    [body, sign(body).slice(0, -2)],
    [body, sign(body).toUpperCase()],
    [body, sign(body).replace('sha256=', '')],
    [body, `sha1=${createHmac('sha1', 'simulated-app-secret').update(body).digest('hex')}`],
    [body, sign(body, 'another secret')],
    [flipped, sign(body)],
    // The same JSON, written anew: emoji and umlauts are spelled otherwise.
    [JSON.stringify(JSON.parse(body)), sign(body)],
    [`${body} `, sign(body)],
  ]
  for (const [bytes, signature] of tries) expect(await post(all, bytes, signature)).toBe(403)
  expect(await counts(all)).toEqual(before)
  expect(await post(all, body, sign(body))).toBe(200)
  const [chat] = await chatsOf(all.alice)
  expect(await historyOf(all.alice, chat.id)).toMatchObject([{ text: 'Größe 🙂' }])
})

test('the same again, a hundred times, and late, changes nothing', async () => {
  const all = await stage()
  const body = posted(all.meta, { id: 'wamid.A', text: 'once' })
  expect(await post(all, body, sign(body))).toBe(200)
  const [chat] = await chatsOf(all.alice)
  const before = await counts(all)
  for (let n = 0; n < 100; n++) expect(await post(all, body, sign(body))).toBe(200)
  // After the delivery itself is no longer kept.
  await all.server.sql`delete from whatsapp_delivery`
  await all.server.sql`delete from whatsapp_item`
  expect(await post(all, body, sign(body))).toBe(200)
  await until(() => all.server.sql`select state from whatsapp_delivery`, ([row]) => row?.state === 'DONE')
  expect(await counts(all)).toEqual({ ...before, deliveries: 1 })
  expect(await historyOf(all.alice, chat.id)).toHaveLength(1)
})

test('what is of another number, or not ours, changes nothing; too much is refused', async () => {
  const all = await stage()
  const foreign = posted(all.meta, { id: 'wamid.B', text: 'not ours', phoneNumberId: '999' })
  expect(await post(all, foreign, sign(foreign))).toBe(200)
  const status = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: all.meta.wabaId, changes: [{ field: 'messages', value: { metadata: { phone_number_id: all.meta.phoneNumberId }, statuses: [{ id: 'wamid.FOREIGN', status: 'read', timestamp: '1790000009', recipient_id: '14155550123' }] } }] }] })
  expect(await post(all, status, sign(status))).toBe(200)
  await until(() => all.server.sql`select id from whatsapp_delivery where state = 'PENDING'`, (rows) => rows.length === 0)
  expect(await chatsOf(all.alice, 0)).toEqual([])
  const large = Buffer.alloc(3 * 1024 * 1024 + 1, ' ')
  expect(await post(all, large, sign(large))).toBe(413)
  expect(await post(all, large.subarray(1), sign(large.subarray(1)))).toBe(200)
})

test('names and texts are kept as they came', async () => {
  const all = await stage()
  const nasty = '<img src=x onerror=alert(1)>{{7*7}}=HYPERLINK("http://evil")\u0000\ud800'
  all.meta.customer({ phone: '14155550123', name: '<b>Ada</b>' }).writes(nasty)
  const [chat] = await chatsOf(all.alice)
  expect(chat.title).toBe('<b>Ada</b>')
  expect(await historyOf(all.alice, chat.id)).toMatchObject([{ text: '<img src=x onerror=alert(1)>{{7*7}}=HYPERLINK("http://evil")\ufffd\ufffd' }])
})

test('what nobody understands is kept for an admin, who can let it be worked off again', async () => {
  const { meta, root, alice, server } = await stage()
  meta.tellRaw({ wabaId: meta.wabaId, field: 'flows_of_tomorrow', value: { some: 'thing' } } as never)
  const ask = (person: typeof root) => person.ask('{ whatsAppDeliveries(state: PARKED) { nodes { id state fault body attempts } } }')
  const { whatsAppDeliveries } = await until(() => ask(root), (answer) => answer.whatsAppDeliveries.nodes.length === 1)
  const [parked] = whatsAppDeliveries.nodes
  expect(parked.body).toContain('flows_of_tomorrow')
  expect((await ask(alice)).whatsAppDeliveries).toBeNull()
  expect(await refused(alice, 'replayWhatsAppDelivery', { deliveryId: parked.id })).toMatchObject([{ code: 'NOT_ALLOWED' }])
  expect(await succeed(root, 'replayWhatsAppDelivery', { deliveryId: parked.id })).toEqual({ delivery: { id: parked.id, state: 'PENDING' } })
  await until(() => server.sql`select state from whatsapp_delivery`, ([row]) => row?.state === 'DONE')
})
