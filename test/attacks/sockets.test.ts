import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { Line, closeLines } from '../support/line.ts'

let server: TestServer
let alice: Client
beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
})
afterEach(() => {
  closeLines()
})
afterAll(() => server.close())

const EVENTS = { query: 'subscription { events { cursor } }' }

async function expectService(): Promise<void> {
  expect((await alice.ask('{ me { username } }')).me).toEqual({ username: 'alice' })
}

describe('rows 46 and 47: a socket that does not keep to the protocol', () => {
  test.each(['graphql-ws', 'soap', ''])('by another subprotocol (%s) is closed with 4406', async (protocol) => {
    const socket = new WebSocket(server.wsUrl, protocol === '' ? [] : [protocol])
    const ended = new Promise((resolve) => {
      socket.once('close', resolve)
      // A client that has named protocols ends by itself where none is chosen.
      socket.once('error', (error) => { resolve(error.message) })
    })
    expect([4406, 'Server sent no subprotocol']).toContain(await ended)
  })

  test('without a greeting is closed with 4408 after three seconds', async () => {
    const line = new Line(server)
    expect(await line.ended).toBe(4408)
  })

  test('that asks before it was greeted is closed with 4401', async () => {
    for (const early of [true, false]) {
      const line = new Line(server)
      await new Promise((resolve) => line.socket.once('open', resolve))
      if (!early) line.send({ type: 'connection_init', payload: { token: alice.token } })
      line.send({ type: 'subscribe', id: '1', payload: EVENTS })
      expect(await line.ended).toBe(4401)
    }
  })

  test('that greets twice is closed with 4429', async () => {
    const line = await new Line(server).greet(alice)
    await line.init({ token: alice.token })
    expect(await line.ended).toBe(4429)
  })

  test.each(['__proto__', 'constructor', 'toString', '', '\0', 'é'.repeat(500)])('by an id like %j is served like any other', async (id) => {
    const line = await new Line(server).greet(alice)
    line.send({ type: 'subscribe', id, payload: { query: '{ me { username } }' } })
    if (id === '') expect(await line.ended).toBe(4400)
    else {
      expect(await line.next()).toMatchObject({ type: 'next', id, payload: { data: { me: { username: 'alice' } } } })
      expect(await line.next()).toEqual({ type: 'complete', id })
    }
    await expectService()
  })
})

describe('rows 48 and 49: more than anybody needs', () => {
  test('an eleventh subscription on one socket is refused; one that has ended makes room', async () => {
    const line = await new Line(server).greet(alice)
    for (let n = 1; n <= 11; n++) line.send({ type: 'subscribe', id: String(n), payload: EVENTS })
    const frames = []
    for (let n = 1; n <= 11; n++) frames.push(await line.next())
    expect(frames.filter(({ type }) => type === 'error')).toEqual([{ type: 'error', id: '11', payload: [{ message: 'There are 10 subscriptions on this connection already: end one.', extensions: { code: 'BAD_USER_INPUT' } }] }])
    // Queries are none of them.
    line.send({ type: 'subscribe', id: 'query', payload: { query: '{ me { username } }' } })
    expect((await line.next()).type).toBe('next')
    expect((await line.next()).type).toBe('complete')
    line.send({ type: 'complete', id: '3' })
    line.send({ type: 'subscribe', id: 'again', payload: EVENTS })
    expect(await line.next()).toMatchObject({ type: 'next', id: 'again' })
  })

  test('a 21st live connection of one user is refused, event streams counted in; one that has ended makes room', async () => {
    const bob = await server.signUp('bob')
    const lines = await Promise.all(Array.from({ length: 19 }, () => new Line(server).greet(bob)))
    const stream = () => fetch(`${server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${bob.token}` }, body: JSON.stringify(EVENTS) })
    const twentieth = await stream()
    expect(twentieth.status).toBe(200)
    const more = await new Line(server).init({ token: bob.token })
    expect(await more.ended).toBe(4429)
    const refused = await stream()
    expect(await refused.text()).toContain('There are 20 live connections already: close one.')
    // Others are not concerned, and neither are requests.
    await new Line(server).greet(alice)
    expect((await bob.ask('{ me { username } }')).me).toEqual({ username: 'bob' })
    lines[0]?.socket.terminate()
    await expect.poll(async () => (await (await new Line(server).init({ token: bob.token })).next().catch(() => ({ type: 'closed' }))).type as string, { timeout: 10_000 }).toBe('connection_ack')
    await twentieth.body?.cancel()
  })

  test('a 61st socket on which nobody has signed in is refused to one address; whoever signs in is let in', async () => {
    const lines = await Promise.all(Array.from({ length: 60 }, () => new Line(server).init({})))
    for (const line of lines) expect((await line.next()).type).toBe('connection_ack')
    const more = await new Line(server).init({})
    expect(await more.ended).toBe(4429)
    await new Line(server).greet(alice)
  })
})

describe('rows 50 and 51: frames that are made to break', () => {
  test('a message in more than 16,384 pieces closes the socket, and none of them is kept', async () => {
    const line = await new Line(server).greet(alice)
    for (let n = 0; n < 20_000; n++) line.socket.send('', { fin: false })
    expect(await line.ended).toBe(1008)
    await expectService()
  })

  test('ten thousand pings end the socket, as many of the protocol’s own are answered, and others are served meanwhile', async () => {
    const pinging = await new Line(server).greet(alice)
    const line = await new Line(server).greet(alice)
    for (let n = 0; n < 10_000; n++) {
      pinging.socket.ping()
      line.send({ type: 'ping' })
    }
    await expectService()
    expect(await pinging.ended).toBe(1006)
    for (let n = 0; n < 10_000; n++) expect((await line.next()).type).toBe('pong')
  })

  test('a client that has much sent back and reads nothing is cut, whatever it asks for', async () => {
    for (const frame of [{ type: 'ping', payload: { text: 'a'.repeat(200_000) } }, { type: 'subscribe', id: '1', payload: { query: `{ ${'a'.repeat(200_000)} }` } }]) {
      const { connections } = server.app.services.meters
      await expect.poll(() => connections.ws, { timeout: 10_000 }).toBe(0)
      const line = await new Line(server).greet(alice)
      const wire = (line.socket as unknown as { _socket: { pause(): void; resume(): void } })._socket
      wire.pause()
      for (let n = 0; n < 200; n++) line.send(frame)
      // While it reads nothing.
      await expect.poll(() => connections.ws, { timeout: 20_000 }).toBe(0)
      wire.resume()
      expect([1006, 1013]).toContain(await line.ended)
    }
    await expectService()
  })

  test.each([
    ['a frame that is not masked', Buffer.from([0x81, 0x01, 0x61]), 1002],
    ['a reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), 1002],
    ['an unknown opcode', Buffer.from([0x83, 0x80, 0, 0, 0, 0]), 1002],
    ['a ping of 126 bytes', Buffer.concat([Buffer.from([0x89, 0xfe, 0x00, 0x7e, 0, 0, 0, 0]), Buffer.alloc(126)]), 1002],
    ['an announced length of 2^53', Buffer.from([0x81, 0xff, 0x00, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
    ['a close of one byte', Buffer.from([0x88, 0x81, 0, 0, 0, 0, 0x61]), 1002],
  ])('%s closes the socket', async (_name, bytes, code) => {
    const line = await new Line(server).greet(alice)
    const wire = (line.socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket
    wire.write(bytes)
    expect([code, 1006]).toContain(await line.ended)
    await expectService()
  })

  test('a handshake of 2,001 headers is refused or served, and the server goes on', async () => {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    const many = Array.from({ length: 2001 }, (_, n) => `x${n}: 1`).join('\r\n')
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.write(`GET /graphql HTTP/1.1\r\nhost: ${hostname}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n${many}\r\n\r\n`)
    await expect.poll(() => answer, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 (431|400|101)/)
    socket.destroy()
    await expectService()
  })
})

test('row 52: a document that cannot be read is answered, the socket goes on', async () => {
  const line = await new Line(server).greet(alice)
  for (const query of ['{', '', '\0', 'query', '{ me { nothing } }', 'subscription { a: events { cursor } b: events { cursor } }']) {
    line.send({ type: 'subscribe', id: '1', payload: { query } })
    expect(await line.next()).toMatchObject({ type: 'error', id: '1' })
  }
  line.send({ type: 'subscribe', id: '1', payload: { query: '{ me { username } }' } })
  expect(await line.next()).toMatchObject({ type: 'next', payload: { data: { me: { username: 'alice' } } } })
})
