import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import type { Client } from '../../client.ts'
import { PASSWORD, startServer } from '../../harness.ts'
import { makeFolder, serve } from '../../process/support.ts'
import type { Server } from '../../process/support.ts'
import { startSimulator } from '../simulator/simulator.ts'
import type { Simulator } from '../simulator/simulator.ts'
import { chatsOf, closing, makeAgent, until } from './parley.ts'

// A real process, ended by force in the middle of its work, on a database that goes on.

interface Stage {
  meta: Simulator
  alice: Client
  sql: postgres.Sql
  /** Ends the server by force and starts it again at the same address. */
  kill(): Promise<void>
}

async function stage(customers: number): Promise<Stage> {
  const meta = closing(await startSimulator({ limits: null, seed: 7 }))
  const { databaseUrl, close } = await startServer()
  await close()
  const cwd = await makeFolder()
  const settings: Record<string, string> = { ...meta.settings(), DATABASE_URL: databaseUrl, LOG_LEVEL: 'fatal', JWT_SECRET_KEY: 'a secret key for tests, long enough' }
  let server: Server = await serve({ cwd, settings })
  settings.PORT = new URL(server.url).port
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined })
  closing({ close: () => sql.end() })
  const [root, alice] = [server.client(), server.client()]
  await root.register('root', PASSWORD)
  await alice.register('alice', PASSWORD)
  await makeAgent(root, alice)
  await meta.connect(`${server.url}/webhooks/whatsapp`)
  for (let n = 0; n < customers; n++) meta.customer({ phone: `1415555${String(1000 + n)}`, name: `Customer ${n}` }).writes('hello')
  await meta.flush()
  await until(() => sql`select count(*)::int as count from whatsapp_chat`, ([row]) => row?.count === customers)
  return {
    meta,
    alice,
    sql,
    async kill() {
      server.process.signal('SIGKILL')
      await server.process.exited()
      server = await serve({ cwd, settings })
    },
  }
}

/** All that was posted is worked off. */
const workedOff = ({ sql }: Stage) => until(() => sql`select count(*)::int as count from whatsapp_delivery where state <> 'DONE'`, ([row]) => row?.count === 0)

test('5,000 events, five times each, shuffled and in batches, with a kill -9 in the middle: none lost, none twice, every status right', { timeout: 240_000 }, async () => {
  const all = await stage(50)
  const { meta, alice, sql } = all
  const chats = await chatsOf(alice, 50)
  meta.rule({ effect: { statuses: [] } })
  await Promise.all(chats.map(async ({ id }) => { for (let n = 0; n < 10; n++) await alice.send(id as string, `answer ${n}`) }))
  await meta.until(() => meta.accepted.length === 500)

  meta.delivery = { hold: true, repeats: 5, shuffle: true, batch: 1000, retry: { firstMs: 200, factor: 2, attempts: 12 } }
  for (const customer of meta.customers) for (let n = 0; n < 60; n++) customer.writes(`message ${n}`)
  for (const message of meta.accepted) for (const status of ['sent', 'delivered', 'read', 'failed'] as const) meta.tell(message, status, { fails: 131000 })
  const flushed = meta.flush()
  await until(() => sql`select count(*)::int as count from message where client_id is null`, ([row]) => Number(row?.count) > 500)
  await all.kill()
  await flushed
  await workedOff(all)
  const [found] = await sql`
    select (select count(*) from message where client_id is null)::int as inbound,
      (select count(distinct (chat_id, body)) from message where client_id is null)::int as different,
      (select count(*) from message where client_id is not null and status = 4)::int as read`
  expect(found).toEqual({ inbound: 50 + 3000, different: 50 + 3000, read: 500 })
  const times = meta.webhooks.posted.filter(({ status }) => status === 200).map(({ ms }) => ms).sort((a, b) => a - b)
  console.log(`webhooks: ${times.length} posts, median ${Math.round(times[Math.floor(times.length / 2)] ?? 0)} ms, p99 ${Math.round(times[Math.floor(times.length * 0.99)] ?? 0)} ms`)
})

test('1,000 messages to 100 customers, with errors, swallowed answers and a kill -9: none twice, each in order, what nobody knows of says so', { timeout: 240_000 }, async () => {
  const all = await stage(100)
  const { meta, alice, sql } = all
  meta.rule({ chance: 0.1, effect: { error: 131000 } })
  meta.rule({ chance: 0.05, effect: { cut: 'accepted' } })
  const chats = await chatsOf(alice, 100)
  for (let n = 0; n < 10; n++) await Promise.all(chats.map(({ id }) => alice.ask('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { errors { message } } }', { input: { chatId: id as string, text: String(n), clientId: randomUUID() } })))
  await meta.until(() => meta.accepted.length > 300)
  await all.kill()
  await until(() => sql`select count(*)::int as count from whatsapp_send where state in ('QUEUED', 'CALLING')`, ([row]) => row?.count === 0)
  await meta.flush()
  await workedOff(all)

  expect(meta.doubles()).toEqual([])
  for (const customer of meta.customers) {
    const numbers = meta.accepted.filter(({ to }) => to === customer.profile.phone).map(({ text }) => Number(text))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  }
  const [found] = await sql`
    select (select count(*) from message where client_id is not null)::int as sent, (select count(*) from message where client_id is not null and status = 3)::int as delivered,
      (select count(*) from whatsapp_send s join message m on m.chat_id = s.chat_id and m.number = s.number where s.state = 'UNKNOWN' and m.status = 0)::int as unknown`
  expect(found?.sent).toBe(1000)
  expect(found?.delivered).toBe(meta.accepted.length)
  expect(Number(found?.delivered) + Number(found?.unknown)).toBe(1000)
})
