import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { fetchBytes } from '../../support/files.ts'
import { chatsOf, historyOf, until } from './parley.ts'
import { FULL, PATIENCE_MS, stage, workedOff } from './process.ts'

test('messages to many customers, with errors, swallowed answers and a kill -9: none twice, each in order, what nobody knows of says so', { timeout: 600_000 }, async () => {
  const [customers, each] = FULL ? [100, 10] : [20, 10]
  const all = await stage(customers)
  const { meta, alice, sql } = all
  meta.rule({ chance: 0.1, effect: { error: 131000 } })
  meta.rule({ chance: 0.05, effect: { cut: 'accepted' } })
  const chats = await chatsOf(alice, customers)
  for (let n = 0; n < each; n++) await Promise.all(chats.map(({ id }) => alice.ask('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { errors { message } } }', { input: { chatId: id as string, text: String(n), clientId: randomUUID() } })))
  await meta.until(() => meta.accepted.length > 0.3 * customers * each)
  await all.kill()
  await until(() => sql`select count(*)::int as count from whatsapp_send where state in ('QUEUED', 'CALLING')`, ([row]) => row?.count === 0, PATIENCE_MS)
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
  expect(found?.sent).toBe(customers * each)
  expect(found?.delivered).toBe(meta.accepted.length)
  expect(Number(found?.delivered) + Number(found?.unknown)).toBe(customers * each)
  console.log(`${customers * each} messages: ${found?.delivered} delivered, ${found?.unknown} of which nobody knows, and which say so`)
})

test('a file whose message was stored and whose bytes were not is fetched by whoever comes after a kill -9', async () => {
  const all = await stage(1)
  const { meta, alice, sql } = all
  const bytes = Buffer.from('the contract\n')
  const end = meta.rule({ match: { endpoint: 'lookup' }, effect: { cut: 'refused' } })
  meta.customers[0]?.sends('document', { bytes, mimeType: 'text/plain', filename: 'contract.txt' })
  await until(() => sql`select attempts from whatsapp_media`, ([row]) => row?.attempts === 1)
  await all.kill()
  end()
  const [{ id }] = await chatsOf(alice)
  const messages = await historyOf(alice, id as string, (list) => list.at(-1).attachments[0]?.state === 'READY')
  expect(await fetchBytes(messages.at(-1).attachments[0].url as string)).toEqual(bytes)
  expect(await sql`select from whatsapp_media`).toEqual([])
})
