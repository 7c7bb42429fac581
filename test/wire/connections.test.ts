import { connect } from 'node:net'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import type { Client, Untyped } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { Line } from '../support/line.ts'

let server: TestServer
let alice: Client
let bob: Client

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
})
afterAll(() => server.close())

const EVENTS = 'subscription ($after: String) { events(after: $after) { cursor events { ... on MessageAdded { message { text } } } } }'
const texts = (batch: Untyped) => batch.events.map((event: Untyped) => event.message?.text)

/** Sends bytes as they are; answers what comes back until the server ends it. */
function raw(target: TestServer, text: string): Promise<string> {
  const { hostname, port } = new URL(target.url)
  return new Promise((resolve, reject) => {
    let answer = ''
    // The client's half stays open, whatever the server does with its own.
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true }, () => socket.write(text))
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.on('close', () => { resolve(answer) })
    socket.on('end', () => { resolve(answer) })
    socket.on('error', reject)
  })
}

const upgrade = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`

describe('a handshake that is refused', () => {
  test('ends nothing but itself, whatever its path', async () => {
    for (const path of ['//', '/other', '/graphql/', 'http://', '*', '/%']) expect(await raw(server, upgrade(path)), path).toMatch(/^HTTP\/1.1 40[04]/)
    expect(await raw(server, upgrade('/graphql', 'origin: https://evil.example\r\n'))).toMatch(/^HTTP\/1.1 403/)
    expect(await alice.ask('{ me { username } }')).toEqual({ me: { username: 'alice' } })
  })

  test('may be torn down by the client at the same moment', async () => {
    const { hostname, port } = new URL(server.url)
    for (let n = 0; n < 20; n++) {
      await new Promise<void>((resolve) => {
        const socket = connect({ host: hostname, port: Number(port) }, () => {
          socket.write(upgrade('/other'), () => socket.resetAndDestroy())
        })
        socket.on('error', () => undefined)
        socket.on('close', () => { resolve() })
      })
    }
    expect(await alice.ask('{ me { username } }')).toEqual({ me: { username: 'alice' } })
  })
})

test('a client that never answers holds up no shutdown', async () => {
  const other = await startServer()
  const carol = await other.signUp('carol')
  const socket = new WebSocket(other.wsUrl, 'graphql-transport-ws')
  await new Promise((resolve) => socket.once('open', resolve))
  socket.send(JSON.stringify({ type: 'connection_init', payload: { token: carol.token } }))
  await new Promise((resolve) => socket.once('message', resolve))
  socket.pause()
  // Answered, and its half of the connection still open.
  expect(await raw(other, upgrade('/other'))).toMatch(/^HTTP\/1.1 404/)
  const began = performance.now()
  await other.close()
  // Far less than the half minute that the WebSocket library would wait for an answer.
  expect(performance.now() - began).toBeLessThan(10_000)
  socket.terminate()
})

test('a session that has ended asks for nothing more, though its client keeps the socket', async () => {
  const dora = await server.signUp('dora')
  const chatId = await dora.directChat(bob)
  const socket = new WebSocket(server.wsUrl, 'graphql-transport-ws')
  await new Promise((resolve) => socket.once('open', resolve))
  const heard: Untyped[] = []
  const init = new Promise((resolve) => socket.once('message', resolve))
  socket.send(JSON.stringify({ type: 'connection_init', payload: { token: dora.token } }))
  await init
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString())))
  const other = await new Line(server).greet(dora)
  // What it sends from now on arrives, while the server's close is not answered.
  const raw = (socket as unknown as { _socket: { pause(): void; resume(): void } })._socket
  raw.pause()
  await dora.ask('mutation { logout { errors { message } } }')
  // From here on the server knows.
  expect(await other.ended).toBe(4403)
  const query = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { message } } }'
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query, variables: { input: { chatId, text: 'too late', clientId: randomUUID() } } } }))
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  raw.resume()
  expect([4403, 1006]).toContain(await closed)
  expect(heard).toEqual([])
  const [{ count } = { count: -1 }] = await server.sql<{ count: number }[]>`select count(*)::int as count from message where body = 'too late'`
  expect(count).toBe(0)
})

test('an event that cannot be read just now is not passed over: the connection ends, and the next one has it', async () => {
  const chatId = await alice.directChat(bob)
  const stream = bob.subscribe(EVENTS)
  const { cursor } = (await stream.next()).events
  await server.sql`alter table message rename column body to elsewhere`
  // A send needs the table: the event alone is written, as another server would.
  const [, id] = Buffer.from(chatId, 'base64url').toString().split(':')
  await server.sql.begin(async (tx) => {
    await tx`update stream set head_seq = head_seq + 1, message_no = message_no + 1, max_xid = pg_current_xact_id() where id = ${Number(id)}`
    await tx`insert into message (chat_id, number, seq, body_seq, sender_id, kind, elsewhere, created_at) select id, message_no, head_seq, head_seq, 1, 0, 'hard to read', now() from stream where id = ${Number(id)}`
    await tx`insert into event (stream_id, seq, kind, actor_id, ref_id, rev) select id, head_seq, 10, 1, message_no, 1 from stream where id = ${Number(id)}`
  })
  expect(await stream.ended()).toMatchObject({ code: 1013 })
  await server.sql`alter table message rename column elsewhere to body`
  expect(texts((await bob.subscribe(EVENTS, { after: cursor }).next()).events)).toEqual(['hard to read'])
})

test('event streams that are given up at any moment leave nothing behind', async () => {
  const before = server.app.services.hub.size
  for (let n = 0; n < 40; n++) {
    const abort = new AbortController()
    const request = fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${alice.token}` },
      body: JSON.stringify({ query: 'subscription { events { cursor } }' }),
      signal: abort.signal,
    })
    setTimeout(() => { abort.abort() }, n % 10)
    await request.then((response) => response.text()).catch(() => undefined)
  }
  // By the time that a later stream has begun, the earlier ones have come to their end.
  const last = alice.subscribe(EVENTS)
  await last.next()
  last.unsubscribe()
  await vi.waitFor(() => { expect(server.app.services.hub.size).toBe(before) }, 10_000)
})

test('of two cursors the older one brings nothing again that the newer one has', async () => {
  const chatId = await alice.group('Garden', bob)
  let older = ''
  // While a write transaction is open, a cursor names the chats that moved beyond it.
  await server.sql.begin(async (tx) => {
    await tx`select pg_current_xact_id()`
    const stream = bob.subscribe(EVENTS)
    await stream.next()
    await alice.send(chatId, 'one')
    older = (await stream.next()).events.cursor
    stream.unsubscribe()
  })
  await alice.send(chatId, 'two')
  const { eventCursor: newer } = await bob.ask('{ eventCursor }')
  await alice.send(chatId, 'three')
  const stream = bob.subscribe(EVENTS, { after: older }, { connectionParams: { token: bob.token, resumeAfter: newer } })
  expect(texts((await stream.next()).events)).toEqual(['three'])
})

test('a fault of the event cursor over WebSocket is masked, and the socket goes on', async () => {
  await server.sql`alter table meta rename to away`
  try {
    const { errors } = await alice.subscribe('{ eventCursor }').result()
    expect(errors).toEqual([{ message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) } }])
  } finally {
    await server.sql`alter table away rename to meta`
  }
})

test('a password that is changed while a log-in is checked opens nothing', async () => {
  const erin = await server.signUp('erin')
  const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { accessToken errors { __typename } } }'
  const [, id] = Buffer.from(erin.id, 'base64url').toString().split(':')
  let login: Promise<Untyped> | null = null
  await server.sql.begin(async (tx) => {
    // Whoever changes the password holds the user's stream.
    await tx`select from stream where id = ${Number(id)} for update`
    login = server.anonymous().ask(LOGIN, { input: { login: 'erin', password: PASSWORD } })
    await vi.waitFor(async () => {
      const [waiting] = await server.sql<{ count: number }[]>`select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock' and query like '%stream%'`
      expect(waiting?.count).toBe(1)
    }, 10_000)
    await tx`update password set hash = 'another' where user_id = ${Number(id)}`
  })
  expect(await (login as unknown as Promise<Untyped>)).toEqual({ login: { accessToken: null, errors: [{ __typename: 'InvalidCredentials' }] } })
})

test('no error names what the schema keeps to itself', async () => {
  const closed = await startServer({ settings: { INTROSPECTION: 'off' } })
  const client = closed.anonymous()
  const messages = async (document: string, variables = {}) => ((await client.request(document, variables)).errors ?? []).map((error) => error.message)
  expect(await messages('{ serverInf { version } }')).toEqual(['Cannot query field "serverInf" on type "Query".'])
  expect(await messages('mutation ($input: LoginInput!) { login(input: $input) { accessToken } }', { input: { logins: 'alice', password: 'top secret' } })).toEqual([
    'Variable "$input" got an invalid value; Field "login" of required type "String!" was not provided.',
    'Variable "$input" got an invalid value; Field "logins" is not defined by type "LoginInput".',
  ])
  expect(await messages('{ __schema { types { name } } }')).toEqual(['Introspection is off on this server.'])
  await closed.close()
})
