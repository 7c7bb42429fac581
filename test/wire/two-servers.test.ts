import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client } from '../client.ts'
import type { Stream, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { TestCluster, TestRedis, hasRedis } from '../support/redis.ts'

const EVENTS = 'subscription { events { events { __typename ... on MessageAdded { message { text } } } } }'
const LIVE = 'subscription { events { cursor } }'
const PRESENCE = 'subscription ($userIds: [ID!]!) { presence(userIds: $userIds) { user { username } presence { state lastSeenAt } } }'
const TYPING = 'subscription ($chatId: ID!) { typing(chatId: $chatId) { typing actor { displayName } } }'
const SET_TYPING = 'mutation ($chatId: ID!, $typing: Boolean!) { setTyping(input: { chatId: $chatId, typing: $typing }) { errors { message } } }'

/** The same person at another server. */
function at(server: TestServer, person: Client): Client {
  const client = server.anonymous()
  client.token = person.token
  client.id = person.id
  return client
}

async function open(person: Client, document: string, variables: Record<string, unknown> = {}): Promise<Stream<Untyped>> {
  const stream = person.subscribe(document, variables)
  await stream.next()
  return stream
}

/** The text of the next message that a stream of events brings. */
async function nextText(stream: Stream<Untyped>): Promise<string> {
  for (;;) {
    const [event] = (await stream.next()).events.events
    if (event?.__typename === 'MessageAdded') return event.message.text as string
  }
}

async function nextState(stream: Stream<Untyped>): Promise<[string, string]> {
  const { user, presence } = (await stream.next()).presence
  return [user.username, presence.state]
}

/** Sends on the one until each was heard on the other; answers how long the slowest send, and the slowest way to the other, took. */
async function exchange(sender: Client, chatId: string, stream: Stream<Untyped>, times: number): Promise<{ send: number; hear: number }> {
  const slowest = { send: 0, hear: 0 }
  for (let n = 0; n < times; n++) {
    const text = `message ${Math.random()}`
    const began = performance.now()
    await sender.send(chatId, text)
    const sent = performance.now()
    expect(await nextText(stream)).toBe(text)
    slowest.send = Math.max(slowest.send, sent - began)
    slowest.hear = Math.max(slowest.hear, performance.now() - sent)
  }
  return slowest
}

const healthOf = async (server: TestServer) => {
  const response = await fetch(`${server.url}/health/ready`)
  return [response.status, ((await response.json()) as { checks: { bus: string } }).checks.bus]
}

describe.skipIf(!hasRedis)('two servers on one database and one Redis', () => {
  let redis: TestRedis
  let one: TestServer
  let two: TestServer
  let alice: Client
  let bob: Client
  let chatId: string
  const start = (more: { databaseUrl?: string; presenceGraceMs?: number } = {}) => startServer({ settings: { REDIS_URL: redis.url }, ...more })

  beforeAll(async () => {
    redis = await TestRedis.start()
    one = await start()
    two = await start({ databaseUrl: one.databaseUrl })
    alice = await one.signUp('alice')
    bob = at(two, await one.signUp('bob'))
    chatId = await alice.directChat(bob)
  })
  afterAll(async () => {
    await Promise.all([one.close(), two.close()])
    await redis.close()
  })

  test('hear of each other’s messages at once', async () => {
    const stream = await open(bob, EVENTS)
    // The sweep would need a second for each now and then.
    const began = performance.now()
    await exchange(alice, chatId, stream, 20)
    expect(performance.now() - began).toBeLessThan(5000)
    stream.unsubscribe()
  })

  test('show somebody as there until the last device leaves, wherever it is', async () => {
    const stream = bob.subscribe(PRESENCE, { userIds: [alice.id] })
    expect(await nextState(stream)).toEqual(['alice', 'OFFLINE'])
    const phone = await open(alice, LIVE)
    expect(await nextState(stream)).toEqual(['alice', 'ONLINE'])
    const laptop = await open(at(two, alice), LIVE)
    phone.unsubscribe()
    const tablet = await open(alice, LIVE)
    laptop.unsubscribe()
    // Another's coming and going takes longer than the grace.
    const dora = await one.signUp('dora')
    await dora.directChat(bob)
    const others = bob.subscribe(PRESENCE, { userIds: [dora.id] })
    await others.next()
    const device = await open(dora, LIVE)
    expect(await nextState(others)).toEqual(['dora', 'ONLINE'])
    device.unsubscribe()
    expect(await nextState(others)).toEqual(['dora', 'OFFLINE'])
    expect(stream.waiting).toBe(0)
    const left = Date.now()
    tablet.unsubscribe()
    const { presence } = (await stream.next()).presence
    expect(presence.state).toBe('OFFLINE')
    expect(Math.abs(Date.parse(presence.lastSeenAt) - left)).toBeLessThan(1000)
    await bob.close()
  })

  test('show who types', async () => {
    const stream = bob.subscribe(TYPING, { chatId })
    // A subscription does not say when it has begun: it is said again until it is heard, as by somebody who goes on typing.
    const typist = setInterval(() => void alice.ask(SET_TYPING, { chatId, typing: true }), 300)
    try {
      expect((await stream.next()).typing).toEqual({ typing: true, actor: { displayName: 'Alice' } })
    } finally {
      clearInterval(typist)
    }
    await alice.ask(SET_TYPING, { chatId, typing: false })
    expect((await stream.next()).typing.typing).toBe(false)
    await bob.close()
  })

  test('close the sockets of a session that is ended at the other', async () => {
    const carol = await one.signUp('carol')
    const socket = await open(at(two, carol), LIVE)
    const began = performance.now()
    await carol.ask('mutation { logout { errors { message } } }')
    expect(await socket.ended()).toMatchObject({ code: 4403 })
    expect(performance.now() - began).toBeLessThan(1000)
  })

  test('are deployed one after the other without anybody seeing those who come back go', async () => {
    const old = await start({ databaseUrl: one.databaseUrl, presenceGraceMs: 2000 })
    const [erin, frank] = [await one.signUp('erin'), await one.signUp('frank')]
    for (const person of [erin, frank]) await person.directChat(bob)
    const stream = bob.subscribe(PRESENCE, { userIds: [erin.id, frank.id] })
    await stream.next()
    await stream.next()
    // Devices that the server must send away: `close` of the harness hangs up for its own.
    const sockets = await Promise.all([erin, frank].map(async (person) => open(Object.assign(new Client(() => old.url), { token: person.token }), LIVE)))
    expect([await nextState(stream), await nextState(stream)].sort()).toEqual([['erin', 'ONLINE'], ['frank', 'ONLINE']])
    const began = performance.now()
    const closed = old.close()
    await Promise.all(sockets.map((socket) => socket.ended()))
    await open(at(two, erin), LIVE)
    await closed
    expect(await nextState(stream)).toEqual(['frank', 'OFFLINE'])
    expect(performance.now() - began).toBeLessThan(6000)
    expect(stream.waiting).toBe(0)
    await bob.close()
  })

  test.each(['gone', 'frozen'])('go on while Redis is %s: nothing waits, nothing is lost, and it is used again when it is back', async (how) => {
    const stream = await open(bob, EVENTS)
    if (how === 'gone') await redis.kill()
    else redis.freeze()
    const early = await exchange(alice, chatId, stream, 3)
    await expect.poll(() => Promise.all([healthOf(one), healthOf(two)]), { timeout: 5000 }).toEqual([[200, 'degraded'], [200, 'degraded']])
    const late = await exchange(alice, chatId, stream, 5)
    expect(Math.max(early.send, late.send)).toBeLessThan(2000)
    // Swept once a second, then five times.
    expect(early.hear).toBeLessThan(2500)
    expect(late.hear).toBeLessThan(900)
    const began = performance.now()
    expect((await bob.ask('query ($id: ID!) { user(id: $id) { presence { state } } }', { id: alice.id })).user.presence.state).toBe('OFFLINE')
    expect(performance.now() - began).toBeLessThan(2000)
    if (how === 'gone') await redis.startAgain()
    else redis.thaw()
    await expect.poll(() => Promise.all([healthOf(one), healthOf(two)]), { timeout: 15_000 }).toEqual([[200, 'ok'], [200, 'ok']])
    await exchange(alice, chatId, stream, 3)
    await bob.close()
  }, 60_000)
})

describe.skipIf(!hasRedis)('two servers hear of each other', () => {
  test.each(['sentinels', 'a cluster'])('by %s', async (kind) => {
    const open: { close(): Promise<void> }[] = []
    const keep = <T extends { close(): Promise<void> }>(thing: T): T => {
      open.unshift(thing)
      return thing
    }
    try {
      let url: string
      if (kind === 'a cluster') url = keep(await TestCluster.start()).url
      else url = `redis-sentinel://127.0.0.1:${keep(await TestRedis.sentinel(keep(await TestRedis.start()), 'chats')).port}/chats`
      const settings = { REDIS_URL: url, RATE_LIMITS: 'sendMessage=10/3600' }
      const one = keep(await startServer({ settings }))
      const two = keep(await startServer({ settings, databaseUrl: one.databaseUrl }))
      await expect.poll(() => Promise.all([healthOf(one), healthOf(two)]), { timeout: 10_000 }).toEqual([[200, 'ok'], [200, 'ok']])
      const [alice, bob] = [await one.signUp('alice'), at(two, await one.signUp('bob'))]
      const chatId = await alice.directChat(bob)
      const stream = bob.subscribe(EVENTS)
      await stream.next()
      const began = performance.now()
      await exchange(alice, chatId, stream, 10)
      expect(performance.now() - began).toBeLessThan(4000)
      expect((await alice.ask('query ($id: ID!) { user(id: $id) { presence { state } } }', { id: bob.id })).user.presence.state).toBe('ONLINE')
      // And they count together.
      await expect(at(two, alice).send(chatId, 'one too many')).rejects.toThrow('Too often')
    } finally {
      for (const thing of open) await thing.close()
    }
  }, 60_000)
})
