import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client'
import type { OperationVariables, TypedDocumentNode } from '@apollo/client'
import { SetContextLink } from '@apollo/client/link/context'
import { ErrorLink } from '@apollo/client/link/error'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { getMainDefinition, relayStylePagination } from '@apollo/client/utilities'
import { createClient } from 'graphql-ws'
import type { ClientOptions } from 'graphql-ws'
import { from, switchMap } from 'rxjs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import type { EventsSubscription, HistoryQuery } from '../generated/graphql.ts'
import { Chats, DeleteMessage, EditMessage, Events, History, Login, Me, MessageAdded, Refresh, Register, SendMessage } from './documents.ts'
import { Gate, Inbox, expectNothingMissed, greetUntilHeard, newAccount, possibleTypes, saying, textsUpTo, writeMany } from './support.ts'

let server: TestServer
let alice: Client
let bob: Client
let chatId: string
const open = new Set<() => void | Promise<void>>()

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  chatId = await alice.directChat(bob)
})
afterEach(async () => {
  for (const close of open) await close()
  open.clear()
})
afterAll(() => server.close())

interface Session {
  token: string | null
  refreshToken?: string | null
}

/** Apollo as an app sets it up: subscriptions over a socket, all else over HTTP, renewing the session when it has run out. */
function connect(session: Session, options: Partial<ClientOptions> = {}) {
  const requests: string[] = []
  const socket = createClient({ url: () => server.wsUrl, webSocketImpl: WebSocket, connectionParams: () => ({ token: session.token }), retryAttempts: Infinity, ...options })
  const http = new HttpLink({ uri: () => `${server.url}/graphql` })
  const signed = new SetContextLink(({ headers }) => ({ headers: { ...headers, ...(session.token === null ? {} : { authorization: `Bearer ${session.token}` }) } }))
  const counted = new ApolloLink((operation, forward) => {
    requests.push(operation.operationName ?? '')
    return forward(operation)
  })
  const renewed = new ErrorLink(({ error, operation, forward }) => {
    const { refreshToken } = session
    if (!CombinedGraphQLErrors.is(error) || error.errors[0]?.extensions?.code !== 'UNAUTHENTICATED' || refreshToken == null) return undefined
    session.refreshToken = null
    const renew = client.mutate({ mutation: Refresh, variables: { input: { refreshToken } } })
    return from(renew).pipe(
      switchMap(({ data }) => {
        session.token = data?.refreshSession.accessToken ?? null
        session.refreshToken = data?.refreshSession.refreshToken
        return forward(operation)
      }),
    )
  })
  const isSubscription = ({ query }: ApolloLink.Operation) => {
    const definition = getMainDefinition(query)
    return definition.kind === 'OperationDefinition' && definition.operation === 'subscription'
  }
  const client: ApolloClient = new ApolloClient({
    link: ApolloLink.split(isSubscription, new GraphQLWsLink(socket), ApolloLink.from([renewed, signed, counted, http])),
    cache: new InMemoryCache({
      possibleTypes,
      typePolicies: { Query: { fields: { chats: relayStylePagination() } }, Chat: { fields: { messages: relayStylePagination() } } },
    }),
  })
  open.add(async () => {
    client.stop()
    await socket.dispose()
  })
  return { client, requests }
}

function listen<R, V extends OperationVariables>(client: ApolloClient, query: TypedDocumentNode<R, V>, variables: V, inbox = new Inbox<R>()): Inbox<R> {
  const subscription = client.subscribe<R>({ query, variables }).subscribe({
    next: ({ data, error }) => {
      if (error !== undefined || data === undefined) inbox.fail(error)
      else inbox.put(data as R)
    },
    error: inbox.fail,
  })
  open.add(() => { subscription.unsubscribe() })
  return inbox
}

/** What a list on the screen shows, each time that it changes. */
function watchHistory(client: ApolloClient, last: number) {
  const query = client.watchQuery({ query: History, variables: { chatId, last } })
  const screen = new Inbox<HistoryQuery>()
  const subscription = query.subscribe(({ data, dataState }) => {
    if (dataState === 'complete') screen.put(data)
  })
  open.add(() => { subscription.unsubscribe() })
  return { query, screen }
}

function messagesOf(data: HistoryQuery) {
  return data.chat?.messages.edges.map(({ node }) => node) ?? []
}

test('carol signs up and in, and is told of a wrong password as data', async () => {
  const { client } = connect({ token: null })
  const carol = newAccount('carol')
  const registered = await client.mutate({ mutation: Register, variables: { input: carol } })
  expect(registered.data?.register).toMatchObject({ user: { displayName: 'Carol' }, errors: [] })

  const refused = await client.mutate({ mutation: Login, variables: { input: { login: 'carol', password: 'wrong' } } })
  expect(refused.data?.login).toMatchObject({ user: null, accessToken: null, errors: [{ __typename: 'InvalidCredentials', code: 'INVALID_CREDENTIALS' }] })

  const { data } = await client.mutate({ mutation: Login, variables: { input: { login: 'carol', password: carol.password } } })
  const me = await connect({ token: data?.login.accessToken ?? null }).client.query({ query: Me })
  expect(me.data).toMatchObject({ me: { username: 'carol', email: 'carol@example.com' } })
})

test('who is not signed in gets UNAUTHENTICATED; an app that holds a refresh token goes on by itself', async () => {
  await expect(connect({ token: null }).client.query({ query: Chats, variables: { first: 10 } })).rejects.toSatisfy((error) => CombinedGraphQLErrors.is(error) && error.errors[0]?.extensions?.code === 'UNAUTHENTICATED')

  const dave = await server.signUp('dave')
  const session = { token: 'void', refreshToken: dave.refreshToken }
  const { client, requests } = connect(session)
  expect((await client.query({ query: Chats, variables: { first: 10 } })).data).toMatchObject({ chats: { edges: [] } })
  expect(requests).toEqual(['Chats', 'Refresh', 'Chats'])
})

test('bob lists his chats and reads a long history backwards, page by page, in one list', async () => {
  const texts = await writeMany(alice, chatId, 120)
  const { client } = connect({ token: bob.token })
  const { data } = await client.query({ query: Chats, variables: { first: 10 } })
  expect(data?.chats.edges.map(({ node }) => node)).toMatchObject([{ id: chatId, title: 'Alice', kind: 'DIRECT', unreadCount: 120, lastMessage: { text: 'Message 120' } }])

  const { query, screen } = watchHistory(client, 50)
  let shown = await screen.next()
  const sizes = [messagesOf(shown).length]
  while (shown.chat?.messages.pageInfo.hasPreviousPage === true) {
    await query.fetchMore({ variables: { before: shown.chat.messages.pageInfo.startCursor } })
    shown = await screen.until((data) => messagesOf(data).length > messagesOf(shown).length)
    sizes.push(messagesOf(shown).length)
  }
  expect(sizes).toEqual([50, 100, 120])
  expect(messagesOf(shown).map(({ text }) => text)).toEqual(texts)
  expect(messagesOf(shown)[0]?.sender).toMatchObject({ id: alice.id, displayName: 'Alice' })
})

test('alice writes, and bob hears it by both subscriptions', async () => {
  const { client } = connect({ token: bob.token })
  const events = listen(client, Events, {})
  const messages = listen(client, MessageAdded, { chatId })
  expect((await events.next()).events).toMatchObject({ events: [], caughtUp: true, reset: null })
  await greetUntilHeard(alice, chatId, messages)

  const { data } = await connect({ token: alice.token }).client.mutate({ mutation: SendMessage, variables: { input: saying(chatId, 'Hello Bob') } })
  expect(data?.sendMessage).toMatchObject({ message: { text: 'Hello Bob', sender: { id: alice.id } }, duplicate: false, errors: [] })
  expect((await textsUpTo(events, 'Hello Bob')).filter((text) => text !== 'Hello?')).toEqual(['Hello Bob'])
  expect((await messages.until(({ messageAdded }) => messageAdded.text !== 'Hello?')).messageAdded).toEqual(data?.sendMessage.message)
})

test('what alice edits and deletes changes on bob’s screen by the event alone', async () => {
  const messageId = await alice.send(chatId, 'Helo')
  const { client, requests } = connect({ token: bob.token })
  const { screen } = watchHistory(client, 5)
  expect(messagesOf(await screen.next()).at(-1)).toMatchObject({ id: messageId, text: 'Helo', revision: 1 })
  const events = listen(client, Events, {})
  await events.next()

  await alice.ask(EditMessage, { input: { messageId, text: 'Hello' } })
  expect(messagesOf(await screen.next()).at(-1)).toMatchObject({ id: messageId, text: 'Hello', revision: 2, deletedAt: null })
  await alice.ask(DeleteMessage, { input: { messageId } })
  expect(messagesOf(await screen.next()).at(-1)).toMatchObject({ id: messageId, text: null, deletedAt: expect.any(String) as string })
  expect(requests).toEqual(['History'])
})

test.each<[string, (socket: WebSocket) => Promise<void> | void]>([
  ['the line is cut', (socket) => { socket.terminate() }],
  ['the server is restarted', () => server.restart()],
])('when %s, bob comes back by himself and has missed nothing', async (_what, lose) => {
  const gate = new Gate()
  const sockets = new Inbox<WebSocket>()
  let resumeAfter: string | null = null
  const { client } = connect(
    { token: bob.token },
    { connectionParams: () => ({ token: bob.token, resumeAfter }), retryWait: gate.pass, on: { connected: (connected) => { sockets.put(connected as WebSocket) } } },
  )
  const events = new Inbox<EventsSubscription>((data) => { resumeAfter = data.events.cursor })
  const { data } = await client.query({ query: Chats, variables: { first: 10 } })
  listen(client, Events, { after: data?.eventCursor }, events)
  await expectNothingMissed(alice, chatId, events, gate, async () => lose(await sockets.next()))
})
