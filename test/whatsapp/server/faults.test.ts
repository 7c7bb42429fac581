import { expect, test } from 'vitest'
import type { Posted } from '../simulator/webhooks.ts'
import { chatsOf, until } from './parley.ts'
import { FULL, stage, workedOff } from './process.ts'

test('events that come five times, shuffled and in batches, with a kill -9 in the middle: none lost, none twice, every status right', { timeout: 600_000 }, async () => {
  const [customers, answers, messages] = FULL ? [50, 10, 60] : [10, 5, 30]
  const all = await stage(customers)
  const { meta, alice, sql } = all
  const chats = await chatsOf(alice, customers)
  meta.rule({ effect: { statuses: [] } })
  await Promise.all(chats.map(async ({ id }) => { for (let n = 0; n < answers; n++) await alice.send(id as string, `answer ${n}`) }))
  await meta.until(() => meta.accepted.length === customers * answers)

  meta.delivery = { hold: true, repeats: 5, shuffle: true, batch: 1000, retry: { firstMs: 200, factor: 2, attempts: 12 } }
  for (const customer of meta.customers) for (let n = 0; n < messages; n++) customer.writes(`message ${n}`)
  for (const message of meta.accepted) for (const status of ['sent', 'delivered', 'read', 'failed'] as const) meta.tell(message, status, { fails: 131000 })
  const before = meta.webhooks.posted.length
  const flushed = meta.flush()
  await until(() => sql`select count(*)::int as count from message where client_id is null`, ([row]) => Number(row?.count) > (customers * messages) / 5)
  await all.kill()
  await flushed
  await workedOff(all)
  const [found] = await sql`
    select (select count(*) from message where client_id is null)::int as inbound,
      (select count(distinct (chat_id, body)) from message where client_id is null)::int as different,
      (select count(*) from message where client_id is not null and status = 4)::int as read`
  expect(found).toEqual({ inbound: customers * (messages + 1), different: customers * (messages + 1), read: customers * answers })
  console.log(`${customers * (messages + 4 * answers)} events five times each: ${figuresOf(meta.webhooks.posted.slice(before))}`)
})

test('webhooks are answered quickly, however much comes', async () => {
  const all = await stage(20)
  const { meta } = all
  const before = meta.webhooks.posted.length
  meta.delivery = { batch: 1 }
  const posts = FULL ? 2000 : 400
  for (let n = 0; n < posts; n++) meta.customers[n % 20]?.writes(`message ${n}`)
  await meta.flush()
  await workedOff(all)
  const posted = meta.webhooks.posted.slice(before)
  expect(posted.map(({ status }) => status)).toEqual(Array(posts).fill(200))
  console.log(`one by one: ${figuresOf(posted)}`)
})

/** Nothing is asserted of times: they say what this machine does. */
function figuresOf(posted: readonly Posted[]): string {
  const times = posted.filter(({ status }) => status === 200).map(({ ms }) => ms).sort((a, b) => a - b)
  const at = (part: number) => `${(times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0).toFixed(1)} ms`
  return `${times.length} posts, median ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`
}
