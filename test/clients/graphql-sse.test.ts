import { createClient } from 'graphql-sse'
import type { Client as Source, NetworkError } from 'graphql-sse'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
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
const open = new Set<Source>()

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  chatId = await alice.directChat(bob)
})
afterEach(() => {
  for (const source of open) source.dispose()
  open.clear()
})
afterAll(() => server.close())

interface Options {
  token: () => string | null
  resumeAfter?: () => string | null
  retry?: () => Promise<void>
  /** Cuts the line of whatever is under way. */
  cut?: () => AbortSignal
}

/** A stream of events as an app opens it, one HTTP request for each operation. */
function connect({ token, resumeAfter = () => null, retry, cut }: Options): Source {
  const source = createClient({
    url: () => `${server.url}/graphql`,
    headers: () => Promise.resolve(withValue({ authorization: token() === null ? null : `Bearer ${token()}`, 'x-parley-resume-after': resumeAfter() })),
    retryAttempts: retry === undefined ? 0 : Infinity,
    retry,
    fetchFn: (url: string, init: RequestInit) => fetch(url, cut === undefined ? init : { ...init, signal: AbortSignal.any([cut(), ...(init.signal == null ? [] : [init.signal])]) }),
  })
  open.add(source)
  return source
}

/** The headers that have a value. */
function withValue(headers: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [[name, value]])))
}

test('carol signs up and in, and is told of a wrong password as data', async () => {
  const stranger = connect({ token: () => null })
  const carol = newAccount('carol')
  expect((await ask(stranger, Register, { input: carol })).register).toMatchObject({ user: { displayName: 'Carol' }, errors: [] })

  const { login: refused } = await ask(stranger, Login, { input: { login: 'carol', password: 'wrong' } })
  expect(refused).toMatchObject({ user: null, accessToken: null, errors: [{ __typename: 'InvalidCredentials', code: 'INVALID_CREDENTIALS' }] })

  const { login } = await ask(stranger, Login, { input: { login: 'carol', password: carol.password } })
  expect(await ask(connect({ token: () => login.accessToken }), Me, {})).toMatchObject({ me: { username: 'carol', email: 'carol@example.com' } })
})

test('who is not signed in gets UNAUTHENTICATED with status 401', async () => {
  const stranger = connect({ token: () => null })
  for (const stream of [listen(stranger, Chats, { first: 10 }), listen(stranger, Events, {})]) {
    const { response } = await stream.next().then(() => Promise.reject(new Error('it answered')), (error: NetworkError<Response>) => error)
    expect(response?.status).toBe(401)
    expect(await response?.text()).toContain('"code":"UNAUTHENTICATED"')
  }
})

test('an app whose token has run out renews it and goes on by itself', async () => {
  const dave = await server.signUp('dave')
  let token: string | null = 'void'
  let tries = 0
  const source = connect({
    token: () => token,
    retry: async () => {
      tries++
      const { refreshSession } = await dave.ask(Refresh, { input: { refreshToken: dave.refreshToken } })
      token = refreshSession.accessToken
    },
  })
  expect((await listen(source, Events, {}).next()).events).toMatchObject({ events: [], caughtUp: true })
  expect(tries).toBe(1)
})

test('bob lists his chats and reads a long history backwards', async () => {
  const source = connect({ token: () => bob.token })
  const texts = await writeMany(alice, chatId, 120)
  const { chats } = await ask(source, Chats, { first: 10 })
  expect(chats.edges.map(({ node }) => node)).toMatchObject([{ id: chatId, title: 'Alice', kind: 'DIRECT', unreadCount: 120, lastMessage: { text: 'Message 120' } }])
  expect(await scrollUp(source, chatId)).toEqual(texts)
})

test('alice writes, and bob hears it by both subscriptions', async () => {
  const source = connect({ token: () => bob.token })
  const events = listen(source, Events, {})
  const messages = listen(source, MessageAdded, { chatId })
  expect((await events.next()).events).toMatchObject({ events: [], caughtUp: true, reset: null })
  await greetUntilHeard(alice, chatId, messages)

  const { sendMessage } = await ask(connect({ token: () => alice.token }), SendMessage, { input: saying(chatId, 'Hello Bob') })
  expect(sendMessage).toMatchObject({ message: { text: 'Hello Bob', sender: { id: alice.id, displayName: 'Alice' } }, duplicate: false, errors: [] })
  expect((await textsUpTo(events, 'Hello Bob')).filter((text) => text !== 'Hello?')).toEqual(['Hello Bob'])
  expect(await messages.until(({ messageAdded }) => messageAdded.text !== 'Hello?')).toEqual({ messageAdded: sendMessage.message })
})

test.each<[string, (line: AbortController) => Promise<void> | void]>([
  ['the line is cut', (line) => { line.abort() }],
  ['the server is restarted', () => server.restart()],
])('when %s, bob comes back by himself and has missed nothing', async (_what, lose) => {
  const gate = new Gate()
  let line = new AbortController()
  let resumeAfter: string | null = null
  const source = connect({ token: () => bob.token, resumeAfter: () => resumeAfter, retry: gate.pass, cut: () => line.signal })
  const events = new Inbox<EventsSubscription>((data) => { resumeAfter = data.events.cursor })
  const { eventCursor } = await bob.ask(Chats, { first: 10 })
  listen(source, Events, { after: eventCursor }, events)
  await expectNothingMissed(alice, chatId, events, gate, async () => {
    const old = line
    line = new AbortController()
    await lose(old)
  })
})
