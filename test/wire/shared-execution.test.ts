import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client } from '../client.ts'
import type { Stream, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { addAll } from '../support/groups.ts'
import { settle } from '../support/people.ts'
import { succeed } from '../support/refusal.ts'

// One execution serves many: everybody must get what they would have got alone. A query of the same events is executed alone.

/** What is asked of an event, and by which variables: something for each way in which it may depend on who asks. */
const SELECTIONS: [selection: string, variables?: Record<string, unknown>][] = [
  ['actor { __typename displayName } at'],
  ['... on MessageAdded { message { id number text clientId sender { id displayName } reactions { emoji count } replyTo { id text } mentions { username } } }'],
  ['... on MessageAdded { message { text @include(if: $flag) number @skip(if: $flag) } }', { flag: true }],
  ['... on MessageAdded { message { text @include(if: $flag) number @skip(if: $flag) } }', { flag: false }],
  ['... on MessageAdded { chat { id title } message { chat { kind } } }'],
  ['... on MessageAdded { chat { viewerMember { role user { username } } } }'],
  ['... on MessageAdded { chat { unreadCount unreadMentionCount readUpTo lastMessage { number text } } }'],
  ['... on MessageAdded { chat { pinnedMessages { number } viewerMember { readUpTo } messages(last: 2) { totalCount nodes { number } } } }'],
  ['... on MessageAdded { message { status receipts { nodes { user { username } } } } }'],
  ['... on MessageChanged { change message { number text revision editHistory { text } deletedAt pinnedAt } }'],
  ['... on MessageChanged { change message { number reactions { emoji count viewerReacted } } }'],
  ['... on MessageChanged { message { reactions { emoji actors(first: $size) { nodes { displayName } } } } }', { size: 1 }],
  ['... on MessageChanged { message { reactions { emoji actors(first: $size) { nodes { displayName } } } } }', { size: 5 }],
  ['... on MemberAdded { memberId member { role user { username } } } ... on ChatAdded { chat { title } }'],
  ['... on MemberChanged { memberId member { role } chat { title } } ... on MemberRemoved { user { username } }'],
  ['actor { ... on User { username email roles } }'],
  ['...Whole'],
  ['what: __typename ... on MessageAdded { said: message { words: text by: sender { name: displayName } } }'],
]
const FRAGMENT = 'fragment Whole on Event { actor { id } ... on MessageAdded { message { ...Said replyTo { ...Said } } } ... on MessageChanged { message { ...Said } } } fragment Said on Message { number text sender { id } }'

interface Viewer {
  name: string
  client: Client
}

interface Subscriber {
  viewer: Viewer
  /** Which of {@link SELECTIONS}. */
  kind: number
  stream: Stream<Untyped>
  /** Of the stream of all chats or of this one, under other names or not; or of new messages alone. */
  form: 'all' | 'one' | 'renamed' | 'messages'
}

let server: TestServer
let garden: string
const viewers: Viewer[] = []
const byName = (name: string) => viewers.find((viewer) => viewer.name === name)?.client as Client

beforeAll(async () => {
  server = await startServer({ settings: { LIMITS: 'connectionsPerUser=1000' } })
  for (const name of ['alice', 'bob', 'carol']) viewers.push({ name, client: await server.signUp(name) })
  for (const person of await settle(server, Array.from({ length: 17 }, (_, n) => `member_${n}`))) {
    const client = new Client(() => server.url)
    viewers.push({ name: person.username, client: Object.assign(client, { id: person.id, token: person.token }) })
  }
})
afterAll(async () => {
  await Promise.all(viewers.map(({ client }) => client.close()))
  await server.close()
})

/** Where the events stand in each form of subscription, and in the query that says what they should be. */
const ROOTS: Record<Exclude<Subscriber['form'], 'messages'> | 'query', [root: string, variables: string]> = {
  all: ['subscription VARS { events { cursor events { EVENT } caughtUp } }', ''],
  one: ['subscription VARS { events(chatId: $chatId) { events { EVENT } } }', '$chatId: ID'],
  renamed: [
    'subscription VARS { live: events(chatId: $chatId) { __typename first: events { chatId seq } c: cursor then: events { EVENT } c2: cursor done: caughtUp reset { reason } } }',
    '$chatId: ID',
  ],
  query: ['query VARS { chatEvents(chatId: $chatId, afterSeq: $after) { events { EVENT } } }', '$chatId: ID!, $after: Int!'],
}
const OF_MESSAGES = 'subscription ($chatId: ID!) { messageAdded(chatId: $chatId) { number text sender { id } replyTo { number text } chat { viewerMember { role } } } }'

function documentOf(form: keyof typeof ROOTS, selection: string): string {
  const [root, own] = ROOTS[form]
  const declared = [own, selection.includes('$flag') ? '$flag: Boolean!' : '', selection.includes('$size') ? '$size: Int' : ''].filter((one) => one !== '').join(', ')
  return `${root.replace('VARS', declared === '' ? '' : `(${declared})`).replace('EVENT', `chatId seq ${selection}`)} ${selection.includes('...Whole') ? FRAGMENT : ''}`
}

function subscribe(viewer: Viewer, kind: number, form: Subscriber['form']): Subscriber {
  const [selection, variables] = SELECTIONS[kind] as (typeof SELECTIONS)[number]
  const chat = form === 'all' ? {} : { chatId: garden }
  const stream = form === 'messages' ? viewer.client.subscribe(OF_MESSAGES, chat) : viewer.client.subscribe(documentOf(form, selection), { ...chat, ...variables })
  return { viewer, kind, form, stream }
}

/** What a viewer is answered alone. */
async function alone({ client }: Viewer, kind: number, afterSeq: number): Promise<Untyped[]> {
  const [selection, variables] = SELECTIONS[kind] as (typeof SELECTIONS)[number]
  return (await client.ask(documentOf('query', selection), { chatId: garden, after: afterSeq, ...variables })).chatEvents.events
}

/** All of the chat's events that a subscriber hears, up to the one with this number. */
async function hear({ form, stream }: Subscriber, lastSeq: number): Promise<Untyped[]> {
  const heard: Untyped[] = []
  while (heard.at(-1)?.seq !== lastSeq) {
    const data = await stream.next()
    if (form === 'renamed') {
      expect(Object.keys(data.live)).toEqual(['__typename', 'first', 'c', 'then', 'c2', 'done', 'reset'])
      expect(data.live).toMatchObject({ __typename: 'EventBatch', c: data.live.c2, done: true, reset: null, first: data.live.then.map(({ chatId, seq }: Untyped) => ({ chatId, seq })) })
    }
    heard.push(...(form === 'renamed' ? data.live.then : data.events.events).filter(({ seq }: Untyped) => seq !== null))
  }
  return heard
}

test('a thousand subscribers with mixed documents, variables and viewers get what each would have got alone', { timeout: 180_000 }, async () => {
  const [alice, bob, carol] = [byName('alice'), byName('bob'), byName('carol')]
  const early = viewers.slice(0, 14)
  garden = await alice.group('Garden', ...early.slice(1).map(({ client }) => client))
  const old: string[] = []
  for (let n = 0; n < 6; n++) old.push(await (n % 2 === 0 ? alice : bob).send(garden, `old ${n}`))
  for (const person of [carol, bob]) await succeed(person, 'addReaction', { messageId: old[1] as string, emoji: '🌱' })
  // Those who join late may read nothing of before.
  await addAll(alice, garden, viewers.slice(14).map(({ client }) => client.id))
  await succeed(alice, 'setMemberRole', { chatId: garden, userId: byName('member_3').id, role: 'ADMIN' })

  const forms = ['all', 'one', 'renamed'] as const
  const subscribers: Subscriber[] = []
  for (const [v, viewer] of viewers.entries()) {
    const kinds = Array.from({ length: 49 }, (_, n) => n)
    const own = kinds.map((n) => subscribe(viewer, n % SELECTIONS.length, forms[(Math.floor(n / SELECTIONS.length) + v) % 3] as (typeof forms)[number]))
    await Promise.all(own.map(({ stream }) => stream.next()))
    subscribers.push(...own, subscribe(viewer, 0, 'messages'))
  }
  await expect.poll(() => server.app.services.hub.size, { timeout: 30_000 }).toBe(1000)
  const { chat } = await alice.ask('query ($id: ID!) { chat(id: $id) { seq } }', { id: garden })

  await bob.send(garden, 'an answer to the first, @carol', { replyToId: old[0] as string })
  await Promise.all([carol, alice, bob].map((person, n) => person.send(garden, `together ${n}`)))
  await succeed(byName('member_5'), 'addReaction', { messageId: old[1] as string, emoji: '🎉' })
  await succeed(bob, 'editMessage', { messageId: old[3] as string, text: 'old, but better' })
  await succeed(alice, 'deleteMessage', { messageId: old[4] as string })
  await succeed(alice, 'pinMessage', { messageId: old[5] as string })
  await addAll(alice, garden, [(await server.signUp('dora')).id])
  await succeed(alice, 'setMemberRole', { chatId: garden, userId: byName('member_2').id, role: 'ADMIN' })
  await succeed(alice, 'removeMember', { chatId: garden, userId: byName('member_9').id })
  const gone = chat.seq + 11
  await alice.send(garden, 'the last word', { replyToId: old[2] as string })

  const wanted = new Map<string, Promise<Untyped[]>>()
  for (const subscriber of subscribers) {
    const { viewer, kind, form, stream } = subscriber
    if (form === 'messages') continue
    const left = viewer.name === 'member_9'
    const heard = await hear(subscriber, left ? gone : gone + 1)
    expect(heard.map(({ chatId, seq }) => [chatId, seq])).toEqual(Array.from({ length: left ? 11 : 12 }, (_, n) => [garden, chat.seq + 1 + n]))
    // Whoever has left has nothing to compare with, and hears nothing more.
    if (left) expect(form === 'all' ? null : await stream.ended()).toBeNull()
    if (left) continue
    const key = `${viewer.name} ${kind}`
    if (!wanted.has(key)) wanted.set(key, alone(viewer, kind, chat.seq))
    const expected = (await wanted.get(key)) as Untyped[]
    // What a chat is now, and a role in it, was another thing when the first of the events came.
    const of = (events: Untyped[]) => (SELECTIONS[kind]?.[0].includes('chat {') === true ? events.slice(-1) : events)
    if (!isDeepStrictEqual(of(heard), of(expected))) expect(of(heard), `${key} ${form}`).toEqual(of(expected))
  }
  for (const { viewer, stream } of subscribers.filter(({ form }) => form === 'messages')) {
    const late = viewers.indexOf(viewer) >= 14
    const texts = []
    for (let n = 0; n < (viewer.name === 'member_9' ? 4 : 5); n++) texts.push((await stream.next()).messageAdded)
    expect(texts.map(({ number }) => number)).toEqual([7, 8, 9, 10, 11].slice(0, texts.length))
    expect(texts[0]).toMatchObject({ text: 'an answer to the first, @carol', sender: { id: bob.id }, replyTo: late ? null : { number: 1, text: 'old 0' } })
    expect(texts[0].chat.viewerMember.role).toBe(viewer.name === 'alice' ? 'OWNER' : viewer.name === 'member_3' ? 'ADMIN' : 'MEMBER')
    if (viewer.name === 'member_9') expect(await stream.ended()).toBeNull()
  }
})
