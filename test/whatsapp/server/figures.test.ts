import { expect, test } from 'vitest'
import { startServer } from '../../harness.ts'
import { figuresOf } from '../../support/figures.ts'
import { chatsOf, closing, messageOf, stage, until } from './parley.ts'
import type { Stage } from './parley.ts'

const settings = { METRICS_PORT: '0' }
const ADA = { phone: '14155550123', name: 'Ada' }

/** What a figure of WhatsApp has come to, once it is that; those that do not fit are told. */
const shows = ({ server }: Stage, expected: Record<string, number>) =>
  until(
    async () => {
      const figures = await figuresOf(server)
      return Object.fromEntries(Object.keys(expected).map((name) => [name, figures.get(`parley_whatsapp_${name}`) ?? NaN]))
    },
    (found) => Object.entries(expected).every(([name, value]) => found[name] === value),
  )

const sends = (outcome: string) => `sends_total{outcome="${outcome}"}`

test('what comes of messages counts by what is done about it', async () => {
  const all = await stage({ settings })
  const { meta, alice } = all
  meta.customer(ADA).writes('hello')
  const [{ id: chatId }] = await chatsOf(alice)
  const none = { [sends('accepted')]: 0, [sends('retried')]: 0, [sends('stopped')]: 0, [sends('failed')]: 0, [sends('to_mend')]: 0, [sends('unknown')]: 0, [sends('unreachable')]: 0 }
  await shows(all, none)
  const send = async (text: string, effect: Parameters<typeof meta.rule>[0]['effect'], times?: number) => {
    meta.rule({ match: { contains: text }, effect, ...(times === undefined ? {} : { times }) })
    return alice.send(chatId as string, text)
  }
  const comesTo = async (id: string, wanted: string) => { await messageOf(alice, id, ({ status }) => status === wanted) }
  await comesTo(await send('busy', { error: 130429 }, 2), 'DELIVERED')
  await shows(all, { ...none, [sends('accepted')]: 1, [sends('retried')]: 2 })
  await comesTo(await send('no such phone', { error: 131026 }), 'FAILED')
  await shows(all, { ...none, [sends('accepted')]: 1, [sends('retried')]: 2, [sends('failed')]: 1 })
  await comesTo(await send('told later', { fails: 131049 }), 'FAILED')
  await shows(all, { [sends('accepted')]: 2, [sends('failed')]: 2, [sends('to_mend')]: 0 })
  await comesTo(await send('no such value', { error: 131009 }), 'FAILED')
  await comesTo(await send('no such list', { fails: 131030 }), 'FAILED')
  await shows(all, { [sends('accepted')]: 3, [sends('failed')]: 2, [sends('to_mend')]: 2 })
  await send('no answer', { cut: 'refused' })
  await shows(all, { [sends('unknown')]: 1, 'outbox{state="unknown"}': 1, 'outbox{state="queued"}': 0, outbox_age_seconds: 0 })
  await comesTo(await send('the token', { error: 190 }, 1), 'DELIVERED')
  await shows(all, { [sends('accepted')]: 4, [sends('stopped')]: 1, [sends('unreachable')]: 0 })
  await meta.close()
  await alice.send(chatId as string, 'nobody there')
  await until(() => figuresOf(all.server), (figures) => (figures.get(`parley_whatsapp_${sends('unreachable')}`) ?? 0) > 0)
})

test('what waits to be sent shows how long it has waited, and nothing once it is out', async () => {
  const all = await stage({ settings })
  const { meta, alice, server } = all
  meta.customer(ADA).writes('hello')
  const [{ id: chatId }] = await chatsOf(alice)
  const over = meta.rule({ effect: { error: 190 } })
  const [first] = [await alice.send(chatId as string, 'one'), await alice.send(chatId as string, 'two')]
  await shows(all, { 'outbox{state="queued"}': 2 })
  await server.sql`update event set at = at - interval '1 hour' where kind = 10 and ref_id = 2`
  const figures = await figuresOf(server)
  expect(figures.get('parley_whatsapp_outbox_age_seconds')).toBeGreaterThanOrEqual(3600)
  expect(figures.get('parley_whatsapp_look_age_seconds')).toBeLessThan(60)
  // The log is kept for a month; the message tells then.
  await server.sql`update message set created_at = created_at - interval '40 days' where number = 2`
  await server.sql`delete from event where kind = 10 and ref_id = 2`
  expect((await figuresOf(server)).get('parley_whatsapp_outbox_age_seconds')).toBeGreaterThanOrEqual(40 * 24 * 3600)
  over()
  await messageOf(alice, first, ({ status }) => status === 'DELIVERED')
  await shows(all, { 'outbox{state="queued"}': 0, 'outbox{state="calling"}': 0, outbox_age_seconds: 0 })
})

test('webhooks count as stored or refused; those that wait, and those that wait for a person, are shown', async () => {
  const all = await stage({ settings, pace: 1000 })
  const { meta, server, root } = all
  await shows(all, { 'webhooks_total{outcome="stored"}': 0, 'webhooks_total{outcome="unsigned"}': 0, 'inbox{state="pending"}': 0, 'inbox{state="parked"}': 0, inbox_age_seconds: 0 })
  const post = (body: Buffer) => fetch(`${server.url}/webhooks/whatsapp`, { method: 'POST', body: new Uint8Array(body), headers: { 'x-hub-signature-256': 'sha256=00' } })
  expect((await post(Buffer.from('{}'))).status).toBe(403)
  expect((await post(Buffer.alloc(3 * 1024 * 1024 + 1))).status).toBe(413)
  meta.tellRaw({ wabaId: meta.wabaId, field: 'flows_of_tomorrow', value: { some: 'thing' } } as never)
  await shows(all, { 'webhooks_total{outcome="stored"}': 1, 'webhooks_total{outcome="unsigned"}': 1, 'webhooks_total{outcome="too_large"}': 1, 'inbox{state="pending"}': 0, 'inbox{state="parked"}': 1, inbox_age_seconds: 0 })
  // A reaction to what has not come.
  meta.customer(ADA).reacts('wamid.NOTHING', '👍')
  await until(() => server.sql`select attempts from whatsapp_delivery where state = 'PENDING'`, ([row]) => row?.attempts === 1)
  await server.sql`update whatsapp_delivery set received_at = received_at - interval '1 hour'`
  await shows(all, { 'inbox{state="pending"}': 1, 'inbox{state="parked"}': 1 })
  expect((await figuresOf(server)).get('parley_whatsapp_inbox_age_seconds')).toBeGreaterThanOrEqual(3600)
  expect(await root.ask('{ whatsAppDeliveries(state: PARKED) { nodes { state } } }')).toMatchObject({ whatsAppDeliveries: { nodes: [{ state: 'PARKED' }] } })
})

test('where WhatsApp is off there are no figures of it', async () => {
  const server = closing(await startServer({ settings }))
  expect([...(await figuresOf(server)).keys()].filter((name) => name.includes('whatsapp'))).toEqual([])
})
