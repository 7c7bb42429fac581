import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { Line, closeLines } from '../support/line.ts'
import { fill, numberOf } from '../support/live.ts'

let server: TestServer
let alice: Client
let bob: Client

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
})
afterEach(async () => {
  closeLines()
  await bob.close()
})
afterAll(() => server.close())

const EVENTS = 'subscription ($after: String) { events(after: $after) { cursor caughtUp reset { reason chatIds } events { seq ... on MessageAdded { message { text } } } } }'
/** More than fits into what the network keeps for somebody who does not read. */
const LONG = 'so long that it fills every buffer on the way. '.repeat(80)

test('whoever reads nothing while thousands of events wait is sent away, and gets what they missed when they come again', { timeout: 60_000 }, async () => {
  const chatIds = await Promise.all(Array.from({ length: 9 }, (_, n) => alice.group(`Chat ${n}`, bob)))
  const line = await new Line(server).greet(bob)
  line.send({ type: 'subscribe', id: '1', payload: { query: EVENTS } })
  const { cursor } = (await line.next()).payload.data.events
  line.socket.pause()
  for (const chatId of chatIds) await fill(server, chatId, alice, 900, () => LONG)
  // Others are not kept waiting, nor does the server keep for bob what he does not take.
  const carol = await server.signUp('carol')
  const other = await alice.group('Quick', carol)
  const stream = carol.subscribe(EVENTS)
  await stream.next()
  await alice.send(other, 'at once')
  expect((await stream.next()).events.events).toMatchObject([{ message: { text: 'at once' } }])
  await expect.poll(() => server.app.services.hub.size, { timeout: 30_000 }).toBe(1)
  line.socket.resume()
  // The code comes behind all that bob did not read; where it takes too long the line is cut.
  expect([1006, 1013]).toContain(await line.ended)

  const again = bob.subscribe(EVENTS, { after: cursor })
  expect((await again.next()).events.reset).toEqual({ reason: 'TOO_MANY', chatIds: null })
})

test('whoever asks on and on and takes no answer is sent away', { timeout: 60_000 }, async () => {
  const chatId = await alice.group('Long', bob)
  await fill(server, chatId, alice, 100, () => LONG)
  const line = await new Line(server).greet(bob)
  line.socket.pause()
  const payload: Untyped = { query: 'query ($id: ID!) { chat(id: $id) { messages(last: 100) { nodes { text } } } }', variables: { id: chatId } }
  for (let id = 0; id < 100; id++) line.send({ type: 'subscribe', id: String(id), payload })
  // Bob is gone for the others once the server has let go of him.
  await expect.poll(async () => (await server.app.services.presence.states([numberOf(bob.id)])).size, { timeout: 30_000 }).toBe(0)
  line.socket.resume()
  // The code comes behind all that bob did not read; where it takes too long the line is cut.
  expect([1006, 1013]).toContain(await line.ended)
})
