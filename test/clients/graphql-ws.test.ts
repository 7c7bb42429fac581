import { createClient } from 'graphql-ws'
import type { Client as Socket, ClientOptions } from 'graphql-ws'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import type { EventsSubscription } from '../generated/graphql.ts'
import { Chats, Events, Login, Me, MessageAdded, Refresh, Register, SendMessage } from './documents.ts'
import { Gate, Inbox, ask, expectNothingMissed, greetUntilHeard, listen, newAccount, saying, scrollUp, textsUpTo, writeMany } from './support.ts'

let server: TestServer
let alice: Client
let bob: Client
let chatId: string
const open = new Set<Socket>()

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  chatId = await alice.directChat(bob)
})
afterEach(async () => {
  for (const socket of open) await socket.dispose()
  open.clear()
})
afterAll(() => server.close())

/** A socket as an app opens it. */
function connect(token: string | null, options: Partial<ClientOptions> = {}): Socket {
  const socket = createClient({ url: () => server.wsUrl, webSocketImpl: WebSocket, connectionParams: () => ({ token }), retryAttempts: Infinity, ...options })
  open.add(socket)
  return socket
}

test('carol signs up and in over the socket, and is told of a wrong password as data', async () => {
  const stranger = connect(null)
  const carol = newAccount('carol')
  const { register } = await ask(stranger, Register, { input: carol })
  expect(register).toMatchObject({ user: { displayName: 'Carol' }, errors: [] })

  const { login: refused } = await ask(stranger, Login, { input: { login: 'carol', password: 'wrong' } })
  expect(refused).toMatchObject({ user: null, accessToken: null, errors: [{ __typename: 'InvalidCredentials', code: 'INVALID_CREDENTIALS' }] })

  const { login } = await ask(stranger, Login, { input: { login: 'carol', password: carol.password } })
  expect(await ask(connect(login.accessToken), Me, {})).toMatchObject({ me: { username: 'carol', email: 'carol@example.com' } })
})

test('who is not signed in hears so, and the socket stays open for signing in', async () => {
  const closed: unknown[] = []
  const stranger = connect(null, { lazyCloseTimeout: 60_000, on: { closed: (event) => closed.push(event) } })
  await expect(ask(stranger, Chats, { first: 10 })).rejects.toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
  await expect(listen(stranger, Events, {}).next()).rejects.toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
  expect((await ask(stranger, Login, { input: { login: 'alice', password: 'wrong' } })).login.errors).toHaveLength(1)
  expect(closed).toEqual([])
})

test('a token that is void closes the socket with 4403, and the client comes again with a new one', async () => {
  const dave = await server.signUp('dave')
  let token = 'void'
  const closes = new Inbox<number>()
  const socket = connect(null, {
    connectionParams: () => ({ token }),
    retryWait: async () => {
      const { refreshSession } = await dave.ask(Refresh, { input: { refreshToken: dave.refreshToken } })
      token = refreshSession.accessToken ?? ''
    },
    on: { closed: (event) => { closes.put((event as CloseEvent).code) } },
  })
  expect(await ask(socket, Me, {})).toMatchObject({ me: { username: 'dave' } })
  expect(await closes.next()).toBe(4403)
})

test('bob lists his chats and reads a long history backwards over the socket', async () => {
  const socket = connect(bob.token)
  const texts = await writeMany(alice, chatId, 120)
  const { chats } = await ask(socket, Chats, { first: 10 })
  expect(chats.edges.map(({ node }) => node)).toMatchObject([{ id: chatId, title: 'Alice', kind: 'DIRECT', unreadCount: 120, lastMessage: { text: 'Message 120' } }])

  expect(await scrollUp(socket, chatId)).toEqual(texts)
})

test('alice writes over the socket, and bob hears it by both subscriptions', async () => {
  const socket = connect(bob.token)
  const events = listen(socket, Events, {})
  const messages = listen(socket, MessageAdded, { chatId })
  expect((await events.next()).events).toMatchObject({ events: [], caughtUp: true, reset: null })
  await greetUntilHeard(alice, chatId, messages)

  const { sendMessage } = await ask(connect(alice.token), SendMessage, { input: saying(chatId, 'Hello Bob') })
  expect(sendMessage).toMatchObject({ message: { text: 'Hello Bob', sender: { id: alice.id, displayName: 'Alice' } }, duplicate: false, errors: [] })
  expect((await textsUpTo(events, 'Hello Bob')).filter((text) => text !== 'Hello?')).toEqual(['Hello Bob'])
  expect(await messages.until(({ messageAdded }) => messageAdded.text !== 'Hello?')).toEqual({ messageAdded: sendMessage.message })
})

test.each<[string, (socket: WebSocket) => Promise<void> | void]>([
  ['the line is cut', (socket) => { socket.terminate() }],
  ['the server is restarted', () => server.restart()],
])('when %s, bob comes back by himself and has missed nothing', async (_what, lose) => {
  const gate = new Gate()
  const sockets = new Inbox<WebSocket>()
  let resumeAfter: string | null = null
  const socket = connect(bob.token, {
    connectionParams: () => ({ token: bob.token, resumeAfter }),
    retryWait: gate.pass,
    on: { connected: (connected) => { sockets.put(connected as WebSocket) } },
  })
  const events = new Inbox<EventsSubscription>((data) => { resumeAfter = data.events.cursor })
  const { eventCursor } = await bob.ask(Chats, { first: 10 })
  listen(socket, Events, { after: eventCursor }, events)
  await expectNothingMissed(alice, chatId, events, gate, async () => lose(await sockets.next()))
})
