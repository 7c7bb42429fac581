import { expect, test } from 'vitest'
import { Device } from '../../support/device.ts'
import { numberIn } from '../../support/groups.ts'
import { succeed } from '../../support/refusal.ts'
import { expectSound } from '../../support/sound.ts'
import { chatsOf, closing, historyOf, messageOf, stage } from './parley.ts'

// As test/convergence, of chats with customers.

test('an agent who fetched once and applies what comes of customers knows what one knows that fetches anew', async () => {
  const { meta, server, alice } = await stage({ settings: { LIMITS: 'cost=10000000' } })
  const ada = meta.customer({ phone: '14155550123', name: 'Ada' })
  ada.writes('one')
  const [{ id: chatId }] = await chatsOf(alice)
  const person = { id: alice.id, key: numberIn(alice.id), username: 'alice', displayName: 'alice', token: alice.token ?? '' }
  const device = await Device.open(server, person)
  const tablet = device.twin()
  closing({ close: async () => { await Promise.all([device.away(), tablet.away()]) } })
  device.listen()

  const two = ada.writes('two')
  ada.edits(two, 'two, and a half')
  ada.reacts(two, '👍')
  const gone = ada.writes('a secret')
  ada.revokes(gone)
  const id = await alice.send(chatId, 'an answer')
  await messageOf(alice, id, ({ status }) => status === 'DELIVERED')
  ada.reads()
  await messageOf(alice, id, ({ status }) => status === 'READ')
  meta.rule({ match: { contains: 'hopeless' }, effect: { fails: 131026 } })
  await messageOf(alice, await alice.send(chatId, 'hopeless'), ({ status }) => status === 'FAILED')
  await historyOf(alice, chatId, (all) => all.length === 5 && all.some(({ deletedAt }) => deletedAt !== null) && all.some(({ reactions }) => reactions.length > 0))
  await succeed(alice, 'assignChat', { chatId, userId: alice.id })
  meta.customer({ phone: '14155550199', name: 'Bo' }).writes('somebody new')
  await chatsOf(alice, 2)

  for (const event of ['ChatAdded', 'ChatChanged', 'MessageAdded', 'MessageChanged EDITED', 'MessageChanged DELETED', 'MessageChanged REACTIONS', 'MessageChanged STATUS']) await device.hears(event)
  await device.reaches(await device.fetchAnew())
  const fresh = await device.fetchAnew()
  await tablet.catchUp()
  tablet.equals(fresh)
  expect([...device.replica.heard.keys()]).not.toContain('MemberAdded')
  await expectSound(server)
})
