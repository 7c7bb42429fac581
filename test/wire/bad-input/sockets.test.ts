import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Client } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { Line, closeLines } from '../../support/line.ts'
import { contentOf, mutation } from '../../support/refusal.ts'

let server: TestServer
let alice: Client
let garden: string

beforeAll(async () => {
  server = await startServer({ settings: { CORS_ORIGINS: 'https://chat.example' } })
  alice = await server.signUp('alice')
  garden = await alice.group('Garden')
})
afterEach(() => {
  closeLines()
})
afterAll(() => server.close())

describe('a page of', () => {
  test.each([
    ['a foreign origin', 'https://evil.example'],
    ['a foreign origin that begins like ours', 'https://chat.example.evil.example'],
    ['another scheme than ours', 'http://chat.example'],
    ['no origin of its own', 'null'],
  ])('%s gets no socket', async (_name, origin) => {
    expect(await new Line(server, origin).ended).toBe(403)
  })

  test('a known origin, the server’s own one, and a program without any get one', async () => {
    for (const origin of ['https://chat.example', server.url, undefined]) await expectService(await new Line(server, origin).greet(alice))
  })
})

describe('a document that cannot be run', () => {
  test.each([
    ['that breaks off', { query: '{ me {' }, 'Syntax Error: Expected Name, found <EOF>.'],
    ['with an unknown field', { query: '{ me { shoeSize } }' }, 'Cannot query field "shoeSize" on type "User".'],
    ['with an unknown field in the input', { query: 'mutation { sendMessage(input: { clientId: "1", text: "a", seq: 1 }) { duplicate } }' }, 'Field "seq" is not defined by type "SendMessageInput".'],
    ['that subscribes to nothing', { query: 'subscription { nothing }' }, 'Cannot query field "nothing" on type "Subscription".'],
  ])('(one %s) gets an error frame; the socket goes on', async (_name, payload, message) => {
    const line = await new Line(server).greet(alice)
    line.send({ type: 'subscribe', id: 'broken', payload })
    expect(await line.next()).toEqual({ type: 'error', id: 'broken', payload: [{ message, locations: expect.any(Array), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] })
    await expectService(line)
  })

  test.each([
    ['with a variable of another type', { query: 'query ($first: Int) { chats(first: $first) { totalCount } }', variables: { first: 'ten' } }, 'Variable "$first" got an invalid value; Int cannot represent non-integer value: "ten"'],
    ['without a required variable', { query: 'subscription ($id: ID!) { messageAdded(chatId: $id) { id } }' }, 'Variable "$id" of required type "ID!" was not provided.'],
    ['with half of a surrogate pair in an argument', { query: 'query ($id: ID!) { chat(id: $id) { id } }', variables: { id: '\ud83c' } }, '`id` is not the ID of a Chat.'],
  ])('(one %s) is answered with why; the socket goes on', async (_name, payload, message) => {
    const line = await new Line(server).greet(alice)
    line.send({ type: 'subscribe', id: 'broken', payload })
    const { type, payload: answer } = await line.next()
    expect({ type, errors: answer.errors }).toMatchObject({ type: 'next', errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })
    expect(await line.next()).toEqual({ type: 'complete', id: 'broken' })
    await expectService(line)
  })

  test('(one with several operations) is told to name one; the socket goes on', async () => {
    for (const operationName of [undefined, 'C']) {
      const line = await new Line(server).greet(alice)
      line.send({ type: 'subscribe', id: 'broken', payload: { query: 'query A { me { id } } query B { me { id } }', operationName } })
      const { type, id } = await line.next()
      expect({ type, id }).toEqual({ type: 'error', id: 'broken' })
      await expectService(line)
    }
  })

  test('leaves the other streams of the socket alone', async () => {
    const line = await new Line(server).greet(alice)
    line.send({ type: 'subscribe', id: 'live', payload: { query: 'subscription { events { events { ... on MessageAdded { message { text } } } } }' } })
    expect(await line.next()).toMatchObject({ type: 'next', id: 'live' })
    line.send({ type: 'subscribe', id: 'broken', payload: { query: '}' } })
    expect(await line.next()).toMatchObject({ type: 'error', id: 'broken' })
    await alice.send(garden, 'still here')
    expect(await line.next()).toEqual({ type: 'next', id: 'live', payload: { data: { events: { events: [{ message: { text: 'still here' } }] } } } })
  })
})

test('a query that its client gives up before the answer is not answered', async () => {
  const line = await new Line(server).greet(alice)
  await server.sql.begin(async (tx) => {
    await tx`lock table users in access exclusive mode`
    line.send({ type: 'subscribe', id: 'given up', payload: { query: '{ me { username } }' } })
    line.send({ type: 'complete', id: 'given up' })
    line.send({ type: 'ping' })
    expect(await line.next()).toEqual({ type: 'pong' })
  })
  await expectService(line)
  line.send({ type: 'ping' })
  expect(await line.next()).toEqual({ type: 'pong' })
})

test('an id in use closes the socket with 4409; one that was answered is free', async () => {
  const line = await new Line(server).greet(alice)
  await expectService(line)
  await expectService(line)
  await server.sql.begin(async (tx) => {
    await tx`lock table users in access exclusive mode`
    for (let n = 0; n < 2; n++) line.send({ type: 'subscribe', id: 'twice', payload: { query: '{ me { username } }' } })
    expect(await line.ended).toBe(4409)
  })
})

describe('a frame', () => {
  test('over 256 KiB closes the socket with 1009, and is not run', async () => {
    const line = await new Line(server).greet(alice)
    const before = await contentOf(server)
    line.send({ type: 'subscribe', id: 'large', payload: { query: mutation('sendMessage'), variables: { input: { chatId: garden, clientId: randomUUID(), text: 'a'.repeat(256 * 1024) } } } })
    expect(await line.ended).toBe(1009)
    expect(await contentOf(server)).toEqual(before)
  })

  test('that is too large or broken is the client’s fault: nothing is printed about it', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    try {
      const large = await new Line(server).greet(alice)
      large.send('a'.repeat(256 * 1024 + 1))
      expect(await large.ended).toBe(1009)
      const broken = await new Line(server).greet(alice)
      // A text frame of one byte that is no UTF-8.
      broken.socket.send(Buffer.from([0xff]), { binary: false })
      expect(await broken.ended).toBe(1007)
      expect(printed.mock.calls).toEqual([])
    } finally {
      printed.mockRestore()
    }
  })

  test('of 200 KB comes to the field that refuses its text', async () => {
    const line = await new Line(server).greet(alice)
    line.send({ type: 'subscribe', id: 'large', payload: { query: mutation('sendMessage'), variables: { input: { chatId: garden, clientId: randomUUID(), text: 'a'.repeat(200_000) } } } })
    expect((await line.next()).payload.data.sendMessage.errors).toMatchObject([{ message: 'text must have at most 10000 characters, it has 200000.' }])
    expect(await line.next()).toEqual({ type: 'complete', id: 'large' })
    await expectService(line)
  })

  test.each([
    ['no JSON', 'hello'],
    ['a message without a type', {}],
    ['an unknown type', { type: 'shout' }],
    ['an operation without a document', { type: 'subscribe', id: '1', payload: {} }],
    ['an operation without an id', { type: 'subscribe', payload: { query: '{ me { id } }' } }],
  ])('of %s closes the socket with 4400', async (_name, frame) => {
    const line = await new Line(server).greet(alice)
    line.send(frame)
    expect(await line.ended).toBe(4400)
  })
})

/** Runs an operation that must succeed: the socket still serves. */
async function expectService(line: Line): Promise<void> {
  line.send({ type: 'subscribe', id: 'after', payload: { query: '{ me { username } }' } })
  expect(await line.next()).toEqual({ type: 'next', id: 'after', payload: { data: { me: { username: 'alice' } } } })
  expect(await line.next()).toEqual({ type: 'complete', id: 'after' })
}
