import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { listen, succeedOverSocket } from '../support/live.ts'
import { conflict, expectRefused, succeed } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let chatId: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  chatId = await alice.directChat(bob)
})
afterAll(() => server.close())

const FIELDS = 'kind text location { latitude longitude name address }'
const place = { latitude: 52.5200066, longitude: -13.404954, name: 'The shop', address: 'Main St 1' }

test('a place is told with its name and address, or by its coordinates alone, with a text or without', async () => {
  const next = await listen(bob, chatId, FIELDS)
  const nameless = { latitude: -90, longitude: 180 }
  await succeedOverSocket(alice, 'sendMessage', { chatId, clientId: randomUUID(), location: place })
  await succeedOverSocket(alice, 'sendMessage', { chatId, clientId: randomUUID(), location: nameless, text: 'Meet me here, @bob' })
  expect((await next()).message).toEqual({ kind: 'LOCATION', text: null, location: place })
  expect((await next()).message).toEqual({ kind: 'LOCATION', text: 'Meet me here, @bob', location: { ...nameless, name: null, address: null } })
})

test('the edges of the world and a zero are places', async () => {
  for (const [latitude, longitude] of [[90, -180], [-90, 180], [0, 0], [1e-9, -1e-9]]) {
    const { message } = await succeed(alice, 'sendMessage', { chatId, clientId: randomUUID(), location: { latitude, longitude } })
    expect((await bob.ask('query ($id: ID!) { message(id: $id) { location { latitude longitude } } }', { id: message.id })).message.location).toEqual({ latitude, longitude })
  }
})

test('a name of 200 letters is kept as it is', async () => {
  const name = '🌍'.repeat(200)
  const { message } = await succeed(alice, 'sendMessage', { chatId, clientId: randomUUID(), location: { ...place, name } })
  expect((await bob.ask('query ($id: ID!) { message(id: $id) { location { name } } }', { id: message.id })).message.location).toEqual({ name })
})

test('the same place again with the same clientId is the same message, another one a conflict', async () => {
  const input = { chatId, clientId: randomUUID(), location: place }
  const sent = await succeed(alice, 'sendMessage', input)
  expect(await succeed(alice, 'sendMessage', input)).toEqual({ ...sent, duplicate: true })
  for (const change of [{ location: { ...place, latitude: 52.52 } }, { location: { ...place, name: null } }, { location: { ...place, address: 'Main St 2' } }, { text: 'here' }, { location: null, text: 'here' }]) {
    await expectRefused(server, alice, 'sendMessage', { ...input, ...change }, conflict(['clientId'], 'This clientId was used for another message.'))
  }
})
