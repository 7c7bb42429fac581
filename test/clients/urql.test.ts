import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { Client as Urql, fetchExchange, mapExchange, subscriptionExchange } from '@urql/core'
import type { AnyVariables, OperationResult } from '@urql/core'
import { cacheExchange } from '@urql/exchange-graphcache'
import { relayPagination } from '@urql/exchange-graphcache/extras'
import { createClient } from 'graphql-ws'
import type { ClientOptions } from 'graphql-ws'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import type { EventsSubscription, HistoryQuery } from '../generated/graphql.ts'
import { Chats, DeleteMessage, EditMessage, Events, History, Login, Me, MessageAdded, Register, SendMessage } from './documents.ts'
import { Gate, Inbox, expectNothingMissed, greetUntilHeard, introspection, newAccount, saying, textsUpTo, writeMany } from './support.ts'

let server: TestServer
let alice: Client
let bob: Client
let chatId: string
const open = new Set<() => void | Promise<void>>()
/** What graphcache found amiss, such as an object without a key or a field that the schema does not have. */
const complaints: string[] = []

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  chatId = await alice.directChat(bob)
})
afterEach(async () => {
  for (const close of open) await close()
  open.clear()
  expect(complaints.splice(0)).toEqual([])
})
afterAll(() => server.close())

/** urql as an app sets it up: graphcache that knows the schema, subscriptions over a socket, short queries by GET as is its default. */
function connect(token: string | null, options: Partial<ClientOptions> = {}) {
  const requests: string[] = []
  const signedOut = new Set<string>()
  const socket = createClient({ url: () => server.wsUrl, webSocketImpl: WebSocket, connectionParams: () => ({ token }), retryAttempts: Infinity, ...options })
  const client = new Urql({
    url: `${server.url}/graphql`,
    exchanges: [
      mapExchange({
        onError: (error, { kind }) => {
          if (error.graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED')) signedOut.add(kind)
        },
      }),
      cacheExchange({
        schema: introspection,
        resolvers: { Query: { chats: relayPagination() }, Chat: { messages: relayPagination({ mergeMode: 'outwards' }) } },
        logger: (severity, message) => {
          if (severity !== 'debug') complaints.push(message)
        },
      }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? '', variables: variables as Record<string, unknown> }, sink) }),
        }),
      }),
    ],
    fetchOptions: () => (token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
    fetch: (url, init) => {
      requests.push(init?.method ?? 'GET')
      return fetch(url, init)
    },
  })
  open.add(() => socket.dispose())
  return { client, requests, signedOut }
}

function dataOf<R>({ data, error }: OperationResult<R, AnyVariables>): R {
  if (error !== undefined) throw error
  if (data === undefined) throw new Error('there is no data')
  return data
}

function listen<R, V extends AnyVariables>(client: Urql, document: TypedDocumentNode<R, V>, variables: V, inbox = new Inbox<R>()): Inbox<R> {
  const subscription = client.subscription(document, variables).subscribe((result) => {
    if (result.error !== undefined) inbox.fail(result.error)
    else inbox.put(dataOf(result))
  })
  open.add(() => { subscription.unsubscribe() })
  return inbox
}

function messagesOf(data: HistoryQuery) {
  return data.chat?.messages.edges.map(({ node }) => node) ?? []
}

test('carol signs up and in, and is told of a wrong password as data', async () => {
  const { client } = connect(null)
  const carol = newAccount('carol')
  expect(dataOf(await client.mutation(Register, { input: carol })).register).toMatchObject({ user: { displayName: 'Carol' }, errors: [] })

  const { login: refused } = dataOf(await client.mutation(Login, { input: { login: 'carol', password: 'wrong' } }))
  expect(refused).toMatchObject({ user: null, accessToken: null, errors: [{ __typename: 'InvalidCredentials', code: 'INVALID_CREDENTIALS' }] })

  const { login } = dataOf(await client.mutation(Login, { input: { login: 'carol', password: carol.password } }))
  const app = connect(login.accessToken)
  expect(dataOf(await app.client.query(Me, {}))).toMatchObject({ me: { username: 'carol', email: 'carol@example.com' } })
  expect(app.requests).toEqual(['GET'])
})

test('who is not signed in gets UNAUTHENTICATED, by HTTP and by the socket', async () => {
  const { client, signedOut } = connect(null)
  const { error } = await client.query(Chats, { first: 10 })
  expect(error?.graphQLErrors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
  expect((error?.response as Response).status).toBe(401)
  await expect(listen(client, Events, {}).next()).rejects.toMatchObject({ graphQLErrors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
  expect([...signedOut]).toEqual(['query', 'subscription'])
})

test('bob lists his chats and reads a long history backwards, page by page, in one list', async () => {
  const texts = await writeMany(alice, chatId, 120)
  const { client, requests } = connect(bob.token)
  const { chats } = dataOf(await client.query(Chats, { first: 10 }))
  expect(chats.edges.map(({ node }) => node)).toMatchObject([{ id: chatId, title: 'Alice', kind: 'DIRECT', unreadCount: 120, lastMessage: { text: 'Message 120' } }])

  let shown = dataOf(await client.query(History, { chatId, last: 50 }))
  const sizes = [messagesOf(shown).length]
  while (shown.chat?.messages.pageInfo.hasPreviousPage === true) {
    shown = dataOf(await client.query(History, { chatId, last: 50, before: shown.chat.messages.pageInfo.startCursor }))
    sizes.push(messagesOf(shown).length)
  }
  expect(sizes).toEqual([50, 100, 120])
  expect(messagesOf(shown).map(({ text }) => text)).toEqual(texts)
  expect(messagesOf(shown)[0]?.sender).toMatchObject({ id: alice.id, displayName: 'Alice' })
  expect(requests).toEqual(['GET', 'GET', 'GET', 'GET'])
})

test('alice writes, and bob hears it by both subscriptions', async () => {
  const { client } = connect(bob.token)
  const events = listen(client, Events, {})
  const messages = listen(client, MessageAdded, { chatId })
  expect((await events.next()).events).toMatchObject({ events: [], caughtUp: true, reset: null })
  await greetUntilHeard(alice, chatId, messages)

  const { sendMessage } = dataOf(await connect(alice.token).client.mutation(SendMessage, { input: saying(chatId, 'Hello Bob') }))
  expect(sendMessage).toMatchObject({ message: { text: 'Hello Bob', sender: { id: alice.id } }, duplicate: false, errors: [] })
  expect((await textsUpTo(events, 'Hello Bob')).filter((text) => text !== 'Hello?')).toEqual(['Hello Bob'])
  expect((await messages.until(({ messageAdded }) => messageAdded.text !== 'Hello?')).messageAdded).toEqual(sendMessage.message)
})

test('what alice edits and deletes changes on bob’s screen by the event alone', async () => {
  const messageId = await alice.send(chatId, 'Helo')
  const { client, requests } = connect(bob.token)
  const screen = new Inbox<HistoryQuery>()
  const watched = client.query(History, { chatId, last: 5 }).subscribe((result) => { screen.put(dataOf(result)) })
  open.add(() => { watched.unsubscribe() })
  expect(messagesOf(await screen.next()).at(-1)).toMatchObject({ id: messageId, text: 'Helo', revision: 1 })
  const events = listen(client, Events, {})
  await events.next()

  await alice.ask(EditMessage, { input: { messageId, text: 'Hello' } })
  expect(messagesOf(await screen.next()).at(-1)).toMatchObject({ id: messageId, text: 'Hello', revision: 2, deletedAt: null })
  await alice.ask(DeleteMessage, { input: { messageId } })
  expect(messagesOf(await screen.next()).at(-1)).toMatchObject({ id: messageId, text: null, deletedAt: expect.any(String) as string })
  expect(requests).toHaveLength(1)
})

test.each<[string, (socket: WebSocket) => Promise<void> | void]>([
  ['the line is cut', (socket) => { socket.terminate() }],
  ['the server is restarted', () => server.restart()],
])('when %s, bob comes back by himself and has missed nothing', async (_what, lose) => {
  const gate = new Gate()
  const sockets = new Inbox<WebSocket>()
  let resumeAfter: string | null = null
  const { client } = connect(bob.token, {
    connectionParams: () => ({ token: bob.token, resumeAfter }),
    retryWait: gate.pass,
    on: { connected: (connected) => { sockets.put(connected as WebSocket) } },
  })
  const events = new Inbox<EventsSubscription>((data) => { resumeAfter = data.events.cursor })
  const { eventCursor } = dataOf(await client.query(Chats, { first: 10 }))
  listen(client, Events, { after: eventCursor }, events)
  await expectNothingMissed(alice, chatId, events, gate, async () => lose(await sockets.next()))
})
