import { randomUUID } from 'node:crypto'
import { print } from 'graphql'
import { describe, expect, test, vi } from 'vitest'
import { PASSWORD, startServer } from '../../harness.ts'
import type { Untyped } from '../../client.ts'
import { fill } from '../../support/live.ts'
import { changeTokens, endingIn, newStorage, shows, signIn, tokensOf } from './world.ts'
import type { World } from './world.ts'

/** The files that know no client library, each by itself. */
export function describeParts(world: World): void {
  // Takes ten seconds of waiting: beside everything else.
  const limited = sendOneTooMany(world)
  limited.catch(() => undefined)

  describe('the session', () => {
    test('tells of a wrong password, signs in, and out for good', async () => {
      const { login } = await world.newcomer()
      const { session, storage, ended } = await signIn(world, login)
      expect(await session.signIn({ login, password: 'wrong' })).toMatchObject([{ code: 'INVALID_CREDENTIALS' }])
      const { accessToken } = tokensOf(storage)
      expect(await whoIs(session)).toBe(login)
      const { createSession } = (await world.recipes.load('session.ts')) as Untyped
      const otherTab = createSession(`${world.line.url}/graphql`, storage)
      await session.signOut()
      expect(ended()).toBe(1)
      expect(await session.token()).toBeNull()
      await otherTab.signOut()
      const { me } = await asked(`Bearer ${accessToken}`)
      expect(me).toBeNull()
    })

    test.each(['with', 'without'])('of two tabs that ask for ten things each, %s locks, all get an answer', async (locks) => {
      if (locks === 'with') vi.stubGlobal('navigator', { locks: new Locks() })
      else vi.stubGlobal('navigator', {})
      const { login } = await world.newcomer()
      const { session, storage } = await signIn(world, login)
      const { createSession } = (await world.recipes.load('session.ts')) as Untyped
      const otherTab = createSession(`${world.line.url}/graphql`, storage)
      // Void, whatever the clock of this device says.
      changeTokens(storage, { accessToken: 'void' })
      const before = world.line.count('refreshSession')
      const answers = await Promise.all([session, otherTab].flatMap((tab) => Array.from({ length: 10 }, () => whoIs(tab))))
      expect(new Set(answers)).toEqual(new Set([login]))
      expect(world.line.count('refreshSession') - before).toBe(locks === 'with' ? 1 : 2)
    })

    test('an answer with new tokens that is lost is asked for again, and the session goes on', async () => {
      const { login } = await world.newcomer()
      const { session, storage, ended } = await signIn(world, login)
      changeTokens(storage, { accessToken: 'void', renewAt: 0 })
      const lost = world.line.loseAnswerTo('refreshSession')
      expect(await session.token()).not.toBe('void')
      await lost
      // The pair that came the second time is the one that goes on.
      changeTokens(storage, { renewAt: 0 })
      expect(await whoIs(session)).toBe(login)
      expect(ended()).toBe(0)
    })

    test('one that was ended elsewhere is over', async () => {
      const { login } = await world.newcomer()
      const { session, storage, ended } = await signIn(world, login)
      await asked(`Bearer ${tokensOf(storage).accessToken}`, 'mutation { logout { errors { message } } }')
      expect((await ask(session)).status).toBe(401)
      expect(await session.token()).toBeNull()
      expect(ended()).toBe(1)
    })

    test('in a page the refresh token stays in a cookie', async () => {
      keepCookies()
      const { login } = await world.newcomer()
      const { createSession } = (await world.recipes.load('session.ts')) as Untyped
      const storage = newStorage()
      const session = createSession(`${world.line.url}/graphql`, storage)
      await session.signIn({ login, password: PASSWORD, cookie: true })
      expect(tokensOf(storage).refreshToken).toBeNull()
      changeTokens(storage, { accessToken: 'void' })
      expect(await whoIs(session)).toBe(login)
    })

    const CHATS = '{ me { username } chats { totalCount } }'

    function ask(session: Untyped): Promise<Response> {
      const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' }
      return session.fetch(`${world.line.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query: CHATS }) })
    }

    async function whoIs(session: Untyped): Promise<string> {
      const { data } = (await (await ask(session)).json()) as Untyped
      return data.me.username
    }

    async function asked(authorization: string, query = '{ me { id } }'): Promise<Untyped> {
      const response = await fetch(`${world.server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', authorization }, body: JSON.stringify({ query }) })
      return ((await response.json()) as Untyped).data
    }
  })

  describe('the socket', () => {
    test('notices a line that died silently, and misses nothing', async () => {
      const { socket, heard, bob } = await listen(200)
      const chatId = await world.alice.directChat(bob)
      await shows(() => heard.includes('ChatAdded'), true)
      await new Promise((resolve) => socket.on('pong', resolve))
      world.line.freeze()
      await world.alice.send(chatId, 'Are you there?')
      await shows(() => heard.includes('MessageAdded'), true)
    })

    test('has a new token before the old one ends', async () => {
      const { storage } = await listen(10_000, 34)
      const { accessToken } = tokensOf(storage)
      // What is left of its time now is little, as after an hour.
      changeTokens(storage, { renewAt: 0 })
      await shows(() => tokensOf(storage).accessToken !== accessToken, true)
    })

    async function listen(keepAlive: number, seconds?: number) {
      const { bob, login } = await world.newcomer()
      const { session, storage } = await signIn(world, login)
      if (seconds !== undefined) changeTokens(storage, { accessToken: await endingIn(seconds, tokensOf(storage).accessToken) })
      const { createSocket } = (await world.recipes.load('socket.ts')) as Untyped
      let cursor: string | null = null
      const heard: string[] = []
      const socket = createSocket(`${world.line.url}/graphql`, session, () => cursor, keepAlive)
      world.open.add(() => socket.dispose())
      await new Promise<void>((resolve) => {
        socket.subscribe(
          { query: 'subscription { events { cursor events { __typename } } }' },
          {
            next: ({ data }: Untyped) => {
              cursor = data.events.cursor
              for (const event of data.events.events) heard.push(event.__typename)
              resolve()
            },
            error: (error: unknown) => { throw error },
            complete: () => undefined,
          },
        )
      })
      return { socket, heard, bob, storage }
    }
  })

  describe('the feed', () => {
    test('takes an event once, however often it comes', async () => {
      const { bob, login } = await world.newcomer()
      const applied: string[] = []
      const { feed, hear } = await feedOf(login, (event) => applied.push(`${event.__typename} ${event.seq}`))
      // Two subscriptions bring everything twice.
      const counts = [0, 0]
      let cursor = ''
      for (const index of counts.keys()) hear((batch) => {
        feed.take(batch)
        cursor = batch.cursor
        counts[index] = (counts[index] ?? 0) + batch.events.length
      })
      const chatId = await world.alice.directChat(bob)
      await world.alice.send(chatId, 'Once')
      await shows(() => counts, [2, 2])
      expect(applied).toEqual(['ChatAdded 1', 'MessageAdded 2'])
      expect(feed.cursor()).toBe(cursor)
    })

    test('knows while it catches up', async () => {
      const { bob, login } = await world.newcomer()
      const { eventCursor } = await bob.ask('{ eventCursor }')
      await fill(world.server, await world.alice.directChat(bob), world.alice, 149)
      const states: boolean[] = []
      const { feed, hear } = await feedOf(login, () => states.push(feed.caughtUp()))
      feed.startAt(eventCursor)
      hear(feed.take)
      await shows(() => states.length, 150)
      const change = states.indexOf(true)
      expect(change).toBeGreaterThan(0)
      expect(states).toEqual(states.map((_state, index) => index >= change))
    })

    async function feedOf(login: string, apply: (event: Untyped) => void): Promise<{ feed: Untyped; hear: (take: (batch: Untyped) => void) => void }> {
      const { session } = await signIn(world, login)
      const [{ createSocket }, { createFeed }, { EventsDocument }] = (await Promise.all(['socket.ts', 'feed.ts', 'generated/graphql.ts'].map(world.recipes.load))) as Untyped[]
      const feed = createFeed({ apply })
      const socket = createSocket(`${world.line.url}/graphql`, session, feed.cursor)
      const hear = (take: (batch: Untyped) => void) => {
        const sink = { next: ({ data }: Untyped) => { take(data.events) }, error: () => undefined, complete: () => undefined }
        world.open.add(socket.subscribe({ query: print(EventsDocument) }, sink))
      }
      return { feed, hear }
    }
  })

  describe('the outbox', () => {
    test('waits as long as it is told to', async () => {
      expect(await limited).toEqual({ state: 'SENT', waits: [expect.any(Number)] })
    }, 30_000)

    test('gives up for a while where nobody answers', async () => {
      const { createOutbox } = (await world.recipes.load('outbox.ts')) as Untyped
      const outbox = createOutbox('bob', newStorage(), () => fetch('http://127.0.0.1:9'), undefined, 2)
      const draft = outbox.send('a chat', 'Anybody?')
      await shows(() => [draft.state, draft.reason], ['FAILED', 'The server does not answer.'])
    })
  })
}

/** Says something where the server takes no more for the moment, and answers what the outbox was told. */
async function sendOneTooMany(world: World): Promise<unknown> {
  const strict = await startServer({ settings: { RATE_LIMITS: 'on' } })
  try {
    const bob = await strict.signUp('bob')
    const chatId = await bob.directChat(await strict.signUp('carol'))
    await Promise.all(Array.from({ length: 100 }, () => send({ chatId, text: 'Listen!', clientId: randomUUID() })))
    const { createOutbox } = (await world.recipes.load('outbox.ts')) as Untyped
    const waits: number[] = []
    const outbox = createOutbox(bob.id, newStorage(), async (input: object) => {
      const errors = await send(input)
      for (const { retryAfterSeconds } of errors) waits.push(retryAfterSeconds)
      return errors
    })
    async function send(input: object): Promise<Untyped[]> {
      const document = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { errors { __typename message ... on RateLimited { retryAfterSeconds } } } }'
      return (await bob.ask(document, { input })).sendMessage.errors
    }
    const draft = outbox.send(chatId, 'A hundred and first')
    await expect.poll(() => draft.state, { timeout: 30_000 }).toBe('SENT')
    return { state: draft.state, waits }
  } finally {
    await strict.close()
  }
}

/** The locks that tabs of one browser share. */
class Locks {
  #last: Promise<unknown> = Promise.resolve()

  request<T>(_name: string, work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }
}

/** Does what browsers do with cookies and Node.js does not. */
function keepCookies(): void {
  let cookie = ''
  const plain = fetch
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const headers = new Headers(init.headers)
    if (init.credentials === 'include') headers.set('cookie', cookie)
    const response = await plain(url, { ...init, headers })
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    return response
  })
}
