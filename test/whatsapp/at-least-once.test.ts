import { expect, test } from 'vitest'
import type { Item } from '../../src/whatsapp/payload-items.ts'
import { advance, statusTold } from '../../src/whatsapp/status.ts'
import type { SendStatus } from '../../src/whatsapp/status.ts'
import { post, start, text } from './asks.ts'

// What Meta promises of webhooks is little: each comes at least once, in any order. What is read of them has to be enough to undo that.

test('items that come five times, shuffled and in batches, are each one fact by their key, and statuses end where they should', async () => {
  const { meta, receiver } = await start({ seed: 21, delivery: { hold: true, repeats: 5, shuffle: true, batch: 300, retry: { firstMs: 1, factor: 1, attempts: 20 } } })
  const customers = Array.from({ length: 20 }, (_, index) => meta.customer({ phone: String(49_151_000_000 + index), hidesPhone: index % 3 === 0 }))
  for (let round = 0; round < 10; round++) for (const customer of customers) customer.writes(`${round}`)
  meta.rule({ chance: 0.2, effect: { statuses: ['failed', 'sent', 'read'] } })
  meta.rule({ chance: 0.2, effect: { fails: 131026 } })
  for (const [index, { profile }] of customers.entries()) {
    for (let round = 0; round < 5; round++) await post(meta, text(`${round}`, { ...(profile.hidesPhone ? { to: undefined, recipient: profile.userId } : { to: profile.phone }), biz_opaque_callback_data: `m${index}-${round}` }))
  }
  receiver.answerWith(500, 200, 0, 503, 200, 500)
  await meta.flush()

  const facts = new Map<string, Item>()
  for (const item of receiver.items()) facts.set(item.key, item)
  const statuses = [...facts.values()].filter((item) => item.kind === 'STATUS')
  expect([...facts.values()].flatMap((item) => (item.kind === 'MESSAGE' ? [item.id] : [])).toSorted()).toEqual(meta.received.map(({ id }) => id).toSorted())
  expect(statuses).toHaveLength(meta.accepted.flatMap((message) => message.statuses).length)
  expect(receiver.items().length).toBeGreaterThanOrEqual(5 * facts.size)

  const ends = new Map<string, SendStatus>()
  for (const { callbackData, status } of statuses) ends.set(callbackData ?? '', advance(ends.get(callbackData ?? '') ?? 'SENDING', statusTold(status)))
  expect(ends.size).toBe(100)
  for (const { callbackData, statuses: told } of meta.accepted) {
    expect(ends.get(callbackData ?? '')).toBe(told.includes('read') ? 'READ' : told.includes('delivered') ? 'DELIVERED' : 'FAILED')
  }
  expect(new Set(ends.values())).toEqual(new Set(['READ', 'DELIVERED', 'FAILED']))
})
