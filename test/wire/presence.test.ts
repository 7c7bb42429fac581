import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Stream, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { succeed } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
let chatId: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  chatId = await alice.directChat(bob)
})
afterAll(() => server.close())

const PRESENCE = 'subscription ($userIds: [ID!]!) { presence(userIds: $userIds) { user { username } presence { state lastSeenAt } } }'
const WHOLE = 'subscription ($userIds: [ID!]!) { presence(userIds: $userIds) { presence { state availability statusText lastSeenAt } } }'
const LIVE = 'subscription { events { cursor } }'
const EVENTS = 'subscription { events { events { __typename ... on UserChanged { user { presence { availability statusText } } } } } }'
const SET_TYPING = 'mutation ($input: SetTypingInput!) { setTyping(input: $input) { errors { __typename path } } }'

describe('presence', () => {
  test('first as it is, then as it changes, over all devices', async () => {
    const stream = alice.subscribe(PRESENCE, { userIds: [bob.id] })
    expect((await stream.next()).presence).toEqual({ user: { username: 'bob' }, presence: { state: 'OFFLINE', lastSeenAt: null } })
    const phone = bob.subscribe(LIVE)
    expect((await stream.next()).presence.presence.state).toBe('ONLINE')
    const laptop = bob.subscribe(LIVE)
    await laptop.next()
    await phone.next()
    await bob.close()
    const { presence } = (await stream.next()).presence
    expect(presence.state).toBe('OFFLINE')
    expect(Math.abs(Date.parse(presence.lastSeenAt) - Date.now())).toBeLessThan(10_000)
    // One device alone ending would have been no news: nothing else came.
    expect(stream.waiting).toBe(0)
  })

  test('is shown to those who share a chat, and to nobody else', async () => {
    const stream = carol.subscribe(PRESENCE, { userIds: [bob.id, carol.id] })
    expect((await stream.next()).presence.user.username).toBe('carol')
    expect(await carol.ask('query ($id: ID!) { user(id: $id) { presence { state } } }', { id: bob.id })).toEqual({ user: { presence: null } })
    expect(await alice.ask('query ($id: ID!) { user(id: $id) { presence { state } } }', { id: bob.id })).toEqual({ user: { presence: { state: 'OFFLINE' } } })
    expect(stream.waiting).toBe(0)
  })

  test('is told to all who listen, and to each what is theirs to know', async () => {
    const dora = await server.signUp('dora')
    await alice.group('Those who know Dora', dora, bob)
    const streams = [alice, bob, carol].map((person) => person.subscribe(PRESENCE, { userIds: [dora.id, person.id] }))
    const own = await Promise.all(streams.map(async (stream) => (await stream.next()).presence.user.username))
    expect(own.sort()).toEqual(['carol', 'dora', 'dora'])
    for (const stream of streams.slice(0, 2)) await stream.next()
    const device = await connect(dora)
    for (const stream of streams.slice(0, 2)) expect((await stream.next()).presence).toMatchObject({ user: { username: 'dora' }, presence: { state: 'ONLINE' } })
    device.unsubscribe()
    for (const stream of streams.slice(0, 2)) expect((await stream.next()).presence.presence.state).toBe('OFFLINE')
    expect(streams.map((stream) => stream.waiting)).toEqual([0, 0, 0])
  })

  test('of more than a hundred people is refused', async () => {
    const { errors } = await carol.subscribe(PRESENCE, { userIds: Array.from({ length: 101 }, () => bob.id) }).result()
    expect(errors?.[0]).toMatchObject({ message: '`userIds` must be at most 100, it has 101.', extensions: { code: 'BAD_USER_INPUT' } })
  })
})

describe('what somebody says of being there', () => {
  const people: Client[] = []
  let dora: Client
  let erin: Client
  beforeAll(async () => {
    people.push(...(await Promise.all(['doris', 'erin', 'frank'].map((name) => server.signUp(name)))))
    ;[dora, erin] = people as [Client, Client]
    await dora.directChat(erin)
  })

  test.each([
    ['AVAILABLE', 'ONLINE'],
    ['BUSY', 'ONLINE'],
    ['AWAY', 'AWAY'],
    ['INVISIBLE', 'OFFLINE'],
  ])('%s shows to others as %s while connected, and as OFFLINE after', async (availability, state) => {
    const device = await connect(erin)
    await succeed(erin, 'setPresence', { availability })
    expect(await seenBy(dora, erin)).toMatchObject({ state, availability: null })
    expect(await seenBy(erin, erin)).toMatchObject({ state: availability === 'AWAY' ? 'AWAY' : 'ONLINE', availability })
    device.unsubscribe()
    await gone(erin)
    expect(await seenBy(dora, erin)).toMatchObject({ state: 'OFFLINE', availability: null })
    expect(await seenBy(erin, erin)).toMatchObject({ state: 'OFFLINE', availability })
    await succeed(erin, 'setPresence', { availability: 'AVAILABLE' })
  })

  test('is heard at once by those who listen, and by the other devices', async () => {
    const stream = dora.subscribe(WHOLE, { userIds: [erin.id] })
    const laptop = erin.subscribe(EVENTS)
    await untilState(stream, 'ONLINE')
    await laptop.next()
    await succeed(erin, 'setPresence', { availability: 'BUSY', statusText: 'In a meeting' })
    expect((await stream.next()).presence.presence).toMatchObject({ state: 'ONLINE', availability: null, statusText: 'In a meeting' })
    expect((await laptop.next()).events.events).toEqual([{ __typename: 'UserChanged', user: { presence: { availability: 'BUSY', statusText: 'In a meeting' } } }])
    // The same again is no news, to nobody; what looks the same to others is none to them.
    await succeed(erin, 'setPresence', { availability: 'BUSY', statusText: 'In a meeting' })
    await succeed(erin, 'setPresence', { availability: 'AVAILABLE' })
    expect((await laptop.next()).events.events).toMatchObject([{ user: { presence: { availability: 'AVAILABLE', statusText: 'In a meeting' } } }])
    await succeed(erin, 'setPresence', { availability: 'AWAY' })
    expect((await stream.next()).presence.presence).toMatchObject({ state: 'AWAY', statusText: 'In a meeting' })
    expect((await laptop.next()).events.events).toEqual([{ __typename: 'UserChanged', user: { presence: { availability: 'AWAY', statusText: 'In a meeting' } } }])
    await succeed(erin, 'setPresence', { availability: 'AVAILABLE', statusText: null })
    expect((await stream.next()).presence.presence).toMatchObject({ state: 'ONLINE', statusText: null })
    expect([stream.waiting, await succeed(erin, 'setPresence', { availability: 'AVAILABLE', statusText: ' ' })]).toEqual([
      0,
      { user: { presence: { state: 'ONLINE', availability: 'AVAILABLE', statusText: null } } },
    ])
    laptop.unsubscribe()
    stream.unsubscribe()
    await gone(erin)
  })

  test('invisible is as gone: hidden is the text, and the time stands still', async () => {
    const stream = dora.subscribe(WHOLE, { userIds: [erin.id] })
    const phone = await connect(erin)
    await succeed(erin, 'setPresence', { availability: 'AVAILABLE', statusText: 'Here and there' })
    await untilState(stream, 'ONLINE', 'Here and there')
    const before = Date.now()
    await succeed(erin, 'setPresence', { availability: 'INVISIBLE' })
    const vanished = (await stream.next()).presence.presence
    expect(vanished).toEqual({ state: 'OFFLINE', availability: null, statusText: null, lastSeenAt: expect.any(String) })
    expect(Date.parse(vanished.lastSeenAt)).toBeGreaterThanOrEqual(before)
    expect(await seenBy(erin, erin)).toMatchObject({ state: 'ONLINE', availability: 'INVISIBLE', statusText: 'Here and there' })
    // Going and coming, under another text: others see the same all the time.
    phone.unsubscribe()
    await gone(erin)
    await succeed(erin, 'setPresence', { availability: 'INVISIBLE', statusText: 'Nobody knows' })
    expect(await seenBy(dora, erin)).toEqual(vanished)
    await connect(erin)
    expect(await seenBy(dora, erin)).toEqual(vanished)
    await succeed(erin, 'setPresence', { availability: 'AVAILABLE' })
    // The next that comes is the coming back.
    expect((await stream.next()).presence.presence).toMatchObject({ state: 'ONLINE', statusText: 'Nobody knows' })
    expect(stream.waiting).toBe(0)
    stream.unsubscribe()
  })

  test('who vanishes without a connection was last there when the last one ended', async () => {
    const [, , frank] = people as [Client, Client, Client]
    await frank.directChat(dora)
    await succeed(frank, 'setPresence', { availability: 'INVISIBLE' })
    expect(await seenBy(dora, frank)).toEqual({ state: 'OFFLINE', availability: null, statusText: null, lastSeenAt: null })
  })
})

describe('who is idle', () => {
  test('is away until they ask for something; what comes by itself is no sign of them', async () => {
    const calm = await startServer({ presenceIdleMs: 1000 })
    try {
      const [ann, ben] = await Promise.all([calm.signUp('ann'), calm.signUp('ben')])
      const chat = await ann.directChat(ben)
      const stream = ann.subscribe(WHOLE, { userIds: [ben.id] })
      expect((await stream.next()).presence.presence.state).toBe('OFFLINE')
      const phone = ben.subscribe('subscription { events { events { __typename } } }')
      expect((await stream.next()).presence.presence.state).toBe('ONLINE')
      await phone.next()
      const before = Date.now()
      const away = stream.next()
      let isAway = false
      void away.then(() => (isAway = true))
      // Messages keep coming in, his phone says by itself that it has them, and Ben falls idle all the same.
      for (let n = 0; !isAway; n++) {
        const messageId = await ann.send(chat, `Are you there? ${n}`)
        while (!(await phone.next()).events.events.some((event: Untyped) => event.__typename === 'MessageAdded'));
        await succeed(ben, 'markDelivered', { messageId })
      }
      const idle = (await away).presence.presence
      expect(idle.state).toBe('AWAY')
      expect(Date.parse(idle.lastSeenAt)).toBeLessThan(before + 500)
      // Over HTTP, beside the socket.
      await ben.ask('{ me { id } }')
      expect((await stream.next()).presence.presence.state).toBe('ONLINE')
      expect((await stream.next()).presence.presence.state).toBe('AWAY')
      // Over a socket, whichever.
      await ben.subscribe('mutation ($input: SetPresenceInput!) { setPresence(input: $input) { errors { message } } }', { input: { availability: 'BUSY' } }).next()
      expect((await stream.next()).presence.presence.state).toBe('ONLINE')
      expect((await stream.next()).presence.presence.state).toBe('AWAY')
      await ben.subscribe('subscription { events { cursor } }').next()
      expect((await stream.next()).presence.presence.state).toBe('ONLINE')
      expect(stream.waiting).toBe(0)
    } finally {
      await calm.close()
    }
  })
})

describe('typing', () => {
  test('reaches the others of the chat, and ends with the message', async () => {
    const stream = bob.subscribe('subscription { typing { chatId actor { displayName } typing } }')
    const own = alice.subscribe('subscription { typing { typing } }')
    const strange = carol.subscribe('subscription { typing { typing } }')
    await Promise.all([online(bob), online(alice), online(carol)])
    expect(await alice.ask(SET_TYPING, { input: { chatId, typing: true } })).toEqual({ setTyping: { errors: [] } })
    expect((await stream.next()).typing).toEqual({ chatId, actor: { displayName: 'Alice' }, typing: true })
    await alice.send(chatId, 'there it is')
    expect((await stream.next()).typing).toEqual({ chatId, actor: { displayName: 'Alice' }, typing: false })
    expect([own.waiting, strange.waiting, stream.waiting]).toEqual([0, 0, 0])
  })

  test('is over by itself when nobody repeats it', async () => {
    const stream = bob.subscribe('subscription ($chatId: ID!) { typing(chatId: $chatId) { typing } }', { chatId })
    await online(bob)
    await alice.ask(SET_TYPING, { input: { chatId, typing: true } })
    expect((await stream.next()).typing.typing).toBe(true)
    expect((await stream.next()).typing.typing).toBe(false)
  })

  test('is not for strangers, neither to say nor to hear', async () => {
    expect(await carol.ask(SET_TYPING, { input: { chatId, typing: true } })).toEqual({ setTyping: { errors: [{ __typename: 'NotFound', path: ['chatId'] }] } })
    const { errors } = await carol.subscribe('subscription ($chatId: ID!) { typing(chatId: $chatId) { typing } }', { chatId }).result()
    expect(errors?.[0]?.message).toBe('`chatId`: no such chat.')
  })

  /** A socket that was opened after another's subscription: by its first answer the server has taken both. */
  async function online(person: Client): Promise<void> {
    const probe = await connect(person)
    probe.unsubscribe()
  }
})

/** Connects a device; it stays until it is unsubscribed. */
async function connect(person: Client): Promise<Stream<Untyped>> {
  const device = person.subscribe(LIVE)
  await device.next()
  return device
}

async function seenBy(viewer: Client, person: Client): Promise<Untyped> {
  return (await viewer.ask('query ($id: ID!) { user(id: $id) { presence { state availability statusText lastSeenAt } } }', { id: person.id })).user.presence
}

/** Waits until no device of somebody counts any more. */
async function gone(person: Client): Promise<void> {
  await expect.poll(async () => (await seenBy(person, person)).state, { timeout: 10_000 }).toBe('OFFLINE')
}

/** Waits for a state, over what may come before it. */
async function untilState(stream: Stream<Untyped>, state: string, statusText: string | null = null): Promise<void> {
  for (;;) {
    const { presence } = (await stream.next()).presence
    if (presence.state === state && presence.statusText === statusText) return
  }
}
