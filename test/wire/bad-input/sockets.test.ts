import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import type { Client, Untyped } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { contentOf, mutation } from '../../support/refusal.ts'

let server: TestServer
let alice: Client
let garden: string
const open = new Set<Line>()

beforeAll(async () => {
  server = await startServer({ settings: { CORS_ORIGINS: 'https://chat.example' } })
  alice = await server.signUp('alice')
  garden = await alice.group('Garden')
})
afterEach(() => {
  for (const line of open) line.socket.terminate()
  open.clear()
})
afterAll(() => server.close())

/** A socket of which every frame is kept until the test asks for it. */
class Line {
  readonly socket: WebSocket
  readonly #frames: Untyped[] = []
  #wake: () => void = () => undefined
  /** The close code, or the HTTP status with which the upgrade was refused. */
  readonly ended: Promise<number | undefined>

  constructor(origin?: string) {
    this.socket = new WebSocket(server.wsUrl, 'graphql-transport-ws', origin === undefined ? {} : { origin })
    open.add(this)
    this.socket.on('message', (data: Buffer) => {
      this.#frames.push(JSON.parse(data.toString()))
      this.#wake()
    })
    this.ended = new Promise((resolve) => {
      this.socket.once('close', resolve)
      this.socket.once('unexpected-response', (_request, response) => {
        resolve(response.statusCode)
      })
      this.socket.on('error', () => undefined)
    })
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  async next(): Promise<Untyped> {
    while (this.#frames.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#frames.shift()
  }

  /** Opens the connection as Alice. */
  async greet(): Promise<this> {
    await new Promise((resolve) => this.socket.once('open', resolve))
    this.send({ type: 'connection_init', payload: { token: alice.token } })
    expect(await this.next()).toMatchObject({ type: 'connection_ack' })
    return this
  }

  /** Runs an operation that must succeed: the socket still serves. */
  async expectService(): Promise<void> {
    this.send({ type: 'subscribe', id: 'after', payload: { query: '{ me { username } }' } })
    expect(await this.next()).toEqual({ type: 'next', id: 'after', payload: { data: { me: { username: 'alice' } } } })
    expect(await this.next()).toEqual({ type: 'complete', id: 'after' })
  }
}

describe('a page of', () => {
  test.each([
    ['a foreign origin', 'https://evil.example'],
    ['a foreign origin that begins like ours', 'https://chat.example.evil.example'],
    ['another scheme than ours', 'http://chat.example'],
    ['no origin of its own', 'null'],
  ])('%s gets no socket', async (_name, origin) => {
    expect(await new Line(origin).ended).toBe(403)
  })

  test('a known origin, the server’s own one, and a program without any get one', async () => {
    for (const origin of ['https://chat.example', server.url, undefined]) await (await new Line(origin).greet()).expectService()
  })
})

describe('a document that cannot be run', () => {
  test.each([
    ['that breaks off', { query: '{ me {' }, 'Syntax Error: Expected Name, found <EOF>.'],
    ['with an unknown field', { query: '{ me { shoeSize } }' }, 'Cannot query field "shoeSize" on type "User".'],
    ['with an unknown field in the input', { query: 'mutation { sendMessage(input: { clientId: "1", text: "a", seq: 1 }) { duplicate } }' }, 'Field "seq" is not defined by type "SendMessageInput".'],
    ['that subscribes to nothing', { query: 'subscription { nothing }' }, 'Cannot query field "nothing" on type "Subscription".'],
  ])('(one %s) gets an error frame; the socket goes on', async (_name, payload, message) => {
    const line = await new Line().greet()
    line.send({ type: 'subscribe', id: 'broken', payload })
    expect(await line.next()).toEqual({ type: 'error', id: 'broken', payload: [{ message, locations: expect.any(Array), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] })
    await line.expectService()
  })

  test.each([
    ['with a variable of another type', { query: 'query ($first: Int) { chats(first: $first) { totalCount } }', variables: { first: 'ten' } }, 'Variable "$first" got invalid value "ten"; Int cannot represent non-integer value: "ten"'],
    ['without a required variable', { query: 'subscription ($id: ID!) { messageAdded(chatId: $id) { id } }' }, 'Variable "$id" of required type "ID!" was not provided.'],
    ['with half of a surrogate pair in an argument', { query: 'query ($id: ID!) { chat(id: $id) { id } }', variables: { id: '\ud83c' } }, '`id` is not the ID of a Chat.'],
  ])('(one %s) is answered with why; the socket goes on', async (_name, payload, message) => {
    const line = await new Line().greet()
    line.send({ type: 'subscribe', id: 'broken', payload })
    const { type, payload: answer } = await line.next()
    expect({ type, errors: answer.errors }).toMatchObject({ type: 'next', errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })
    expect(await line.next()).toEqual({ type: 'complete', id: 'broken' })
    await line.expectService()
  })

  test('(one with several operations) is told to name one; the socket goes on', async () => {
    for (const operationName of [undefined, 'C']) {
      const line = await new Line().greet()
      line.send({ type: 'subscribe', id: 'broken', payload: { query: 'query A { me { id } } query B { me { id } }', operationName } })
      const { type, id } = await line.next()
      expect({ type, id }).toEqual({ type: 'error', id: 'broken' })
      await line.expectService()
    }
  })

  test('leaves the other streams of the socket alone', async () => {
    const line = await new Line().greet()
    line.send({ type: 'subscribe', id: 'live', payload: { query: 'subscription { events { events { ... on MessageAdded { message { text } } } } }' } })
    expect(await line.next()).toMatchObject({ type: 'next', id: 'live' })
    line.send({ type: 'subscribe', id: 'broken', payload: { query: '}' } })
    expect(await line.next()).toMatchObject({ type: 'error', id: 'broken' })
    await alice.send(garden, 'still here')
    expect(await line.next()).toEqual({ type: 'next', id: 'live', payload: { data: { events: { events: [{ message: { text: 'still here' } }] } } } })
  })
})

describe('a frame', () => {
  test('over 256 KiB closes the socket with 1009, and is not run', async () => {
    const line = await new Line().greet()
    const before = await contentOf(server)
    line.send({ type: 'subscribe', id: 'large', payload: { query: mutation('sendMessage'), variables: { input: { chatId: garden, clientId: randomUUID(), text: 'a'.repeat(256 * 1024) } } } })
    expect(await line.ended).toBe(1009)
    expect(await contentOf(server)).toEqual(before)
  })

  test('that is too large or broken is the client’s fault: nothing is printed about it', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    try {
      const large = await new Line().greet()
      large.send('a'.repeat(256 * 1024 + 1))
      expect(await large.ended).toBe(1009)
      const broken = await new Line().greet()
      // A text frame of one byte that is no UTF-8.
      broken.socket.send(Buffer.from([0xff]), { binary: false })
      expect(await broken.ended).toBe(1007)
      expect(printed.mock.calls).toEqual([])
    } finally {
      printed.mockRestore()
    }
  })

  test('of 200 KB comes to the field that refuses its text', async () => {
    const line = await new Line().greet()
    line.send({ type: 'subscribe', id: 'large', payload: { query: mutation('sendMessage'), variables: { input: { chatId: garden, clientId: randomUUID(), text: 'a'.repeat(200_000) } } } })
    expect((await line.next()).payload.data.sendMessage.errors).toMatchObject([{ message: 'text must have at most 10000 characters, it has 200000.' }])
    expect(await line.next()).toEqual({ type: 'complete', id: 'large' })
    await line.expectService()
  })

  test.each([
    ['no JSON', 'hello'],
    ['a message without a type', {}],
    ['an unknown type', { type: 'shout' }],
    ['an operation without a document', { type: 'subscribe', id: '1', payload: {} }],
    ['an operation without an id', { type: 'subscribe', payload: { query: '{ me { id } }' } }],
  ])('of %s closes the socket with 4400', async (_name, frame) => {
    const line = await new Line().greet()
    line.send(frame)
    expect(await line.ended).toBe(4400)
  })
})

describe('the greeting', () => {
  test.each([
    ['a word', { token: 'alice' }],
    ['an authorization as in HTTP', { authorization: 'Bearer alice' }],
    ['headers as in HTTP', { headers: { Authorization: 'Bearer alice' } }],
  ])('with a bad token (%s) closes the socket with 4403', async (_name, payload) => {
    const line = new Line()
    await new Promise((resolve) => line.socket.once('open', resolve))
    line.send({ type: 'connection_init', payload })
    expect(await line.ended).toBe(4403)
  })

  test.each([
    ['nothing', undefined],
    ['an empty token', { token: '' }],
    ['a token of null', { token: null }],
  ])('with %s is that of somebody unknown, who may sign up', async (_name, payload) => {
    const line = new Line()
    await new Promise((resolve) => line.socket.once('open', resolve))
    line.send({ type: 'connection_init', payload })
    expect(await line.next()).toMatchObject({ type: 'connection_ack', payload: { expiresAt: null } })
    line.send({ type: 'subscribe', id: '1', payload: { query: '{ me { id } serverInfo { registrationOpen } }' } })
    expect(await line.next()).toEqual({ type: 'next', id: '1', payload: { data: { me: null, serverInfo: { registrationOpen: true } } } })
  })
})
