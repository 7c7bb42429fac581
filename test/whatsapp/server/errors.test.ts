import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { TREATMENTS } from '../../../src/whatsapp/errors.ts'
import type { Treatment } from '../../../src/whatsapp/errors.ts'
import type { Untyped } from '../../client.ts'
import { succeed } from '../../support/refusal.ts'
import { chatsOf, messageOf, refused, stage, until } from './parley.ts'

const ADA = { phone: '14155550123', name: 'Ada' }

/** A log whose lines a test reads. */
function listening() {
  const lines: Untyped[] = []
  const log = pino({ level: 'info' }, new Writable({ write(line: Buffer, _encoding, done) { lines.push(JSON.parse(line.toString())); done() } }))
  return { log, said: (words: string) => lines.filter(({ msg }) => (msg as string).includes(words)) }
}

async function answerable(options: Parameters<typeof stage>[0] = {}) {
  const all = await stage({ pace: 0.001, ...options })
  const ada = all.meta.customer(ADA)
  ada.writes('hello')
  const [chat] = await chatsOf(all.alice)
  return { ...all, ada, chatId: chat.id as string }
}

/** Those of a hundred codes that stand for one permission are alike. */
const CODES = [...TREATMENTS].filter(([code]) => code <= 200 || code >= 299)

/** What becomes of a message that Meta refuses twice with a code: whether it goes out after all. */
const GOES_OUT: Record<Treatment['action'], boolean> = { RETRY: true, STOP: true, UPLOAD_AGAIN: false, USE_PHONE: false, WINDOW_CLOSED: false, FAIL: false }

test('each code of the table is treated as it says: told at once, and by a status later', { timeout: 240_000 }, async () => {
  const { log, said } = listening()
  const { meta, alice, ada, chatId } = await answerable({ log })
  // What opens the window may still be on its way.
  const send = async (text: string) => {
    const input = { chatId, text, clientId: crypto.randomUUID() }
    const { sendMessage } = await until(() => alice.ask('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { code } } }', { input }), (answer) => answer.sendMessage.message !== null)
    return sendMessage.message.id as string
  }
  for (const [code, { action, retryCanHelp, text }] of CODES) {
    const end = meta.rule({ match: { contains: `at once ${code}.` }, times: 2, effect: { error: code } })
    const id = await send(`at once ${code}.`)
    const found = await messageOf(alice, id, ({ status }) => status === 'DELIVERED' || status === 'FAILED')
    expect({ code, ...found }).toMatchObject({ code, status: GOES_OUT[action] ? 'DELIVERED' : 'FAILED', failure: GOES_OUT[action] ? null : { code: String(code), title: text, retryable: retryCanHelp } })
    expect(said('they wait').filter((line) => line.code === code)).toHaveLength(action === 'STOP' ? 1 : 0)
    end()
    if (action === 'WINDOW_CLOSED') {
      expect(await refused(alice, 'sendMessage', { chatId, text: 'and now?', clientId: crypto.randomUUID() })).toMatchObject([{ code: 'REPLY_WINDOW_CLOSED' }])
      ada.writes('I am here again')
    }
  }
  const later = new Map<string, number>()
  // The window closes with the last of them.
  for (const [code] of CODES.toSorted(([, one], [, other]) => Number(one.action === 'WINDOW_CLOSED') - Number(other.action === 'WINDOW_CLOSED'))) {
    meta.rule({ match: { contains: `later ${code}.` }, effect: { fails: code } })
    later.set(await send(`later ${code}.`), code)
  }
  for (const [id, code] of later) {
    const { text: title, retryCanHelp: retryable } = TREATMENTS.get(code) as Treatment
    expect(await messageOf(alice, id, ({ status }) => status === 'FAILED')).toMatchObject({ failure: { code: String(code), title, retryable } })
  }
  expect(meta.doubles()).toEqual([])
})

test('what stops the account makes all wait, is told once, and goes on by itself', async () => {
  const { log, said } = listening()
  const { meta, alice, chatId } = await answerable({ log })
  meta.customer({ phone: '14155550199', name: 'Bo' }).writes('me too')
  const chats = await chatsOf(alice, 2)
  meta.rule({ times: 4, effect: { error: 190, details: 'Session has expired' } })
  const first = await alice.send(chatId, 'first')
  await meta.until(() => meta.refused.length === 1)
  const ids = [first]
  for (const { id } of chats) for (let n = 0; n < 3; n++) ids.push(await alice.send(id as string, `and ${n}`))
  for (const id of ids) expect(await messageOf(alice, id, ({ status }) => status === 'DELIVERED')).toMatchObject({ failure: null })
  // One tries for all, and none is tried twice at once.
  expect(meta.refused.map(({ code }) => code)).toEqual([190, 190, 190, 190])
  expect(said('they wait')).toMatchObject([{ level: 50, code: 190, details: 'Session has expired', msg: expect.stringContaining('An administrator has to make a new one.') }])
  expect(said('takes messages again')).toHaveLength(1)
  expect(meta.accepted.filter(({ to }) => to === ADA.phone).map(({ text }) => text).slice(0, 1)).toEqual(['first'])
  expect(meta.doubles()).toEqual([])
})

test('what stops one number leaves the others alone', async () => {
  const phoneNumbers = [{ id: '21', display: '+1 555-000-1111', name: 'Shop' }, { id: '22', display: '+49 30 1', name: 'Laden' }]
  const { meta, alice, ada, chatId } = await answerable({ phoneNumbers, pace: 1 })
  ada.writes('hallo', { phoneNumberId: '22' })
  const chats = await chatsOf(alice, 2)
  meta.rule({ match: { phoneNumberId: '21' }, effect: { error: 131045 } })
  const stopped = await alice.send(chatId, 'one')
  await meta.until(() => meta.refused.length === 1)
  const other = chats.find(({ id }) => id !== chatId)
  expect(await messageOf(alice, await alice.send(other?.id as string, 'two'), ({ status }) => status === 'DELIVERED')).toMatchObject({ failure: null })
  expect(await messageOf(alice, stopped, () => true)).toMatchObject({ status: 'SENDING' })
  expect(meta.refused).toHaveLength(1)
})

test('a customer who is known by WhatsApp’s id alone is no longer reachable where Meta wants a number', async () => {
  const { meta, alice } = await stage()
  meta.customer({ phone: '14155550777', name: 'Bo', username: 'bo', hidesPhone: true }).writes('hello')
  const [chat] = await chatsOf(alice)
  expect(await messageOf(alice, await alice.send(chat.id as string, 'by id'), ({ status }) => status === 'DELIVERED')).toMatchObject({ failure: null })
  meta.rule({ match: { contains: 'again' }, effect: { error: 131062 } })
  expect(await messageOf(alice, await alice.send(chat.id as string, 'again'), ({ status }) => status === 'FAILED')).toMatchObject({ failure: { code: 'NO_ADDRESS', retryable: false } })
  await succeed(alice, 'deleteMessage', { messageId: (await chatsOf(alice))[0].lastMessage.id })
})
