import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'

/** Instead of 12 seconds. */
const PERIOD_MS = 500

let server: TestServer
let alice: Client

beforeAll(async () => {
  server = await startServer({ keepAliveMs: PERIOD_MS })
  alice = await server.signUp('alice')
})
afterAll(() => server.close())

/** A socket that is signed in; it answers pings only if it is told to. */
async function open(autoPong: boolean): Promise<WebSocket> {
  const socket = new WebSocket(server.wsUrl, 'graphql-transport-ws', { autoPong })
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(JSON.stringify({ type: 'connection_init', payload: { token: alice.token } }))
  const ack = await new Promise<Buffer>((resolve) => socket.once('message', resolve))
  expect(JSON.parse(ack.toString())).toMatchObject({ type: 'connection_ack', payload: { keepAlive: PERIOD_MS } })
  return socket
}

const pings = async (socket: WebSocket, count: number) => {
  for (let n = 0; n < count; n++) await new Promise((resolve) => socket.once('ping', resolve))
}

test('a socket whose client answers is pinged again and again, and stays', async () => {
  const socket = await open(true)
  await pings(socket, 3)
  expect(socket.readyState).toBe(WebSocket.OPEN)
  socket.terminate()
})

test('one whose client is silent is cut when the next ping would be due, and no other one with it', async () => {
  const [well, silent] = await Promise.all([open(true), open(false)])
  let heard = 0
  silent.on('ping', () => { heard++ })
  const code = new Promise<number>((resolve) => silent.once('close', resolve))
  // Cut, not closed: nobody is there to read a reason.
  expect(await code).toBe(1006)
  expect(heard).toBe(1)
  await pings(well, 2)
  expect(well.readyState).toBe(WebSocket.OPEN)
  well.terminate()
})
