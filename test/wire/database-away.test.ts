import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { startBadLine } from '../support/bad-line.ts'
import type { BadLine } from '../support/bad-line.ts'
import { Line, closeLines } from '../support/line.ts'

// A server whose database is gone for a while, and another one that still reaches it.

let there: TestServer
let here: TestServer
let line: BadLine
let alice: Client
let bob: Client
let carol: Client
let chatId: string

beforeAll(async () => {
  there = await startServer()
  const target = new URL(there.databaseUrl)
  line = await startBadLine(() => `http://${target.host}`)
  const proxied = new URL(target)
  proxied.host = new URL(line.url).host
  here = await startServer({ databaseUrl: proxied.href, poolSize: 1 })
  alice = await there.signUp('alice')
  const bobThere = await there.signUp('bob')
  bob = here.anonymous()
  bob.token = bobThere.token
  bob.id = bobThere.id
  carol = await there.signUp('carol')
  chatId = await alice.group('Garden', bob)
})
afterAll(async () => {
  closeLines()
  await here.close()
  await line.close()
  await there.close()
})

const EVENTS = 'subscription { events { caughtUp reset { reason } events { ... on MessageAdded { message { text } } } } }'
const SEND = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { text } duplicate errors { message } } }'
// Said at once: a line that opens and closes again is no reason to wait until the time for the operation is over.
const AWAY = { message: 'The server cannot reach its database just now. Try again.', extensions: { code: 'UNAVAILABLE', retryable: true } }
const ready = async () => (await fetch(`${here.url}/health/ready`)).status

test('requests say that they may be tried again, streams stay open, and all goes on by itself', { timeout: 60_000 }, async () => {
  const stream = bob.subscribe(EVENTS)
  await stream.next()
  const texts: string[] = []
  const hear = async (count: number) => {
    while (texts.length < count) {
      const { events, reset } = (await stream.next()).events
      expect(reset).toBeNull()
      texts.push(...events.flatMap((event: Untyped) => (event.message === undefined ? [] : [event.message.text as string])))
    }
    return texts
  }
  expect(await ready()).toBe(200)
  await alice.send(chatId, 'before')
  await hear(1)

  const socket = await new Line(here).greet(bob)
  line.down()
  const input = { chatId, clientId: crypto.randomUUID(), text: 'said in the dark' }
  for (const ask of [() => bob.request(SEND, { input }), () => bob.request('{ me { username } }')]) {
    const { data, errors } = await ask()
    expect(data?.me ?? data?.sendMessage ?? null).toBeNull()
    expect(errors).toMatchObject([AWAY])
  }
  socket.send({ type: 'subscribe', id: '1', payload: { query: '{ me { username } }' } })
  expect((await socket.next()).payload.errors).toMatchObject([AWAY])
  // Who comes now cannot be admitted, and is told to come again. (Whose token was checked a moment ago is admitted for a second more.)
  expect(await (await new Line(here).init({ token: carol.token })).ended).toBe(1013)
  expect(await ready()).toBe(503)
  expect((await fetch(`${here.url}/health/live`)).status).toBe(200)
  await alice.send(chatId, 'meanwhile')
  // Several sweeps find nobody.
  const refused = line.refused()
  await expect.poll(() => line.refused(), { timeout: 15_000 }).toBeGreaterThan(refused + 2)

  line.up()
  expect(await hear(2)).toEqual(['before', 'meanwhile'])
  await expect.poll(ready).toBe(200)
  const sent = async () => (await bob.request(SEND, { input })).data?.sendMessage
  await expect.poll(async () => (await sent())?.message).toEqual({ text: 'said in the dark' })
  expect(await sent()).toMatchObject({ duplicate: true, errors: [] })
  expect(await hear(3)).toEqual(['before', 'meanwhile', 'said in the dark'])
  stream.unsubscribe()
})

test('who stands still in the middle of a transaction does not keep others out of the chat', async () => {
  const messageId = await bob.send(chatId, 'to be edited')
  const edit = (text: string) => bob.request('mutation ($input: EditMessageInput!) { editMessage(input: $input) { errors { code } } }', { input: { messageId, text } })
  // Its statements are prepared from now on.
  await edit('edited')
  const reached = line.delayAnswerTo('edited again')
  const edited = edit('edited again')
  const goOn = await reached
  // It holds the lock of the chat, and the send waits for that: no longer than a statement may take.
  await alice.send(chatId, 'said meanwhile')
  goOn()
  expect((await edited).errors).toMatchObject([AWAY])
})
