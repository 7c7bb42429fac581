import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { listen, succeedOverSocket } from '../support/live.ts'
import { contentOf, succeed } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
let garden: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  garden = await alice.group('Garden', bob, carol)
})
afterAll(() => server.close())

const react = (client: Client, messageId: string, emoji: string) => succeed(client, 'addReaction', { messageId, emoji })
const takeBack = (client: Client, messageId: string, emoji: string) => succeed(client, 'removeReaction', { messageId, emoji })

/** One request that gives or takes back several emoji, in this order. */
function many(name: 'addReaction' | 'removeReaction', kinds: string[]): string {
  return `mutation ($messageId: ID!) { ${kinds.map((emoji, n) => `m${n}: ${name}(input: { messageId: $messageId, emoji: "${emoji}" }) { errors { message } }`).join(' ')} }`
}

/** A message's reactions, as short as they can be told: emoji, count, and a star where the viewer is among them. */
async function reactionsOf(client: Client, messageId: string): Promise<string[]> {
  const { message } = await client.ask('query ($id: ID!) { message(id: $id) { reactions { emoji count viewerReacted } } }', { id: messageId })
  return message.reactions.map(({ emoji, count, viewerReacted }: Untyped) => `${emoji}${count}${viewerReacted ? '*' : ''}`)
}

describe('a message', () => {
  test('shows what it was given, in the order in which each kind first came, and to each what they gave', async () => {
    const messageId = await alice.send(garden, 'The roses are out.')
    expect(await reactionsOf(bob, messageId)).toEqual([])
    const { message } = await react(bob, messageId, '🌹')
    expect(message).toEqual({ id: messageId, reactions: [{ emoji: '🌹', count: 1, viewerReacted: true }] })
    await react(carol, messageId, '👍')
    await react(carol, messageId, '🌹')
    await react(alice, messageId, '👍')
    expect(await reactionsOf(alice, messageId)).toEqual(['🌹2', '👍2*'])
    expect(await reactionsOf(bob, messageId)).toEqual(['🌹2*', '👍2'])
    expect(await reactionsOf(carol, messageId)).toEqual(['🌹2*', '👍2*'])
  })

  test('loses a kind that nobody gives any more; when it comes again it is the last', async () => {
    const messageId = await alice.send(garden, 'Tea?')
    for (const emoji of ['🍵', '🫖', '☕']) await react(bob, messageId, emoji)
    await react(carol, messageId, '🍵')
    await takeBack(bob, messageId, '🍵')
    expect(await reactionsOf(bob, messageId)).toEqual(['🍵1', '🫖1*', '☕1*'])
    await takeBack(carol, messageId, '🍵')
    expect(await reactionsOf(bob, messageId)).toEqual(['🫖1*', '☕1*'])
    await react(bob, messageId, '🍵')
    expect(await reactionsOf(bob, messageId)).toEqual(['🫖1*', '☕1*', '🍵1*'])
    for (const emoji of ['🍵', '🫖', '☕']) await takeBack(bob, messageId, emoji)
    expect(await reactionsOf(bob, messageId)).toEqual([])
  })

  test('is not changed by the same emoji again, nor by taking back what was not given, and nobody hears of it', async () => {
    const messageId = await alice.send(garden, 'Once is enough.')
    await react(bob, messageId, '👍')
    await react(carol, messageId, '🙈')
    const before = await contentOf(server)
    await react(bob, messageId, '👍')
    await takeBack(bob, messageId, '🙈')
    await takeBack(bob, messageId, '🎈')
    expect(await contentOf(server)).toEqual(before)
  })

  test('takes an emoji as the same one with its variation selector and without', async () => {
    const messageId = await alice.send(garden, 'Love it')
    await react(bob, messageId, '\u2764')
    await react(carol, messageId, '\u2764\uFE0F')
    expect(await reactionsOf(bob, messageId)).toEqual(['\u2764\uFE0F2*'])
    await takeBack(carol, messageId, '\u2764')
    expect(await reactionsOf(bob, messageId)).toEqual(['\u2764\uFE0F1*'])
  })

  test('takes skin tones, families and flags as kinds of their own', async () => {
    const messageId = await alice.send(garden, 'All of us')
    const kinds = ['👍', '👍🏽', '👍🏿', '👨‍👩‍👧‍👦', '🏳️‍🌈', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🇳🇱', '#️⃣']
    for (const emoji of kinds) await react(bob, messageId, emoji)
    expect(await reactionsOf(bob, messageId)).toEqual(kinds.map((emoji) => `${emoji}1*`))
  })

  test('takes any number of kinds and shows the first fifty', async () => {
    const messageId = await alice.send(garden, 'Fruit')
    const kinds = Array.from({ length: 55 }, (_, n) => String.fromCodePoint(0x1f400 + n))
    for (let n = 0; n < kinds.length; n += 10) await bob.ask(many('addReaction', kinds.slice(n, n + 10)), { messageId })
    expect(await reactionsOf(bob, messageId)).toEqual(kinds.slice(0, 50).map((emoji) => `${emoji}1*`))
    await bob.ask(many('removeReaction', kinds.slice(0, 10)), { messageId })
    expect(await reactionsOf(bob, messageId)).toEqual(kinds.slice(10).map((emoji) => `${emoji}1*`))
  })

  test('that is deleted has lost them', async () => {
    const messageId = await alice.send(garden, 'Never mind.')
    await react(bob, messageId, '🎃')
    await succeed(alice, 'deleteMessage', { messageId })
    expect(await reactionsOf(bob, messageId)).toEqual([])
    const [{ count } = { count: -1 }] = await server.sql<{ count: number }[]>`select count(*)::int as count from reaction where emoji = '🎃'`
    expect(count).toBe(0)
  })
})

describe('live', () => {
  test('the others hear of each reaction, with the message as it is, and its number is that of the event', async () => {
    const messageId = await alice.send(garden, 'The roses are out.')
    const next = await listen(bob, garden, 'id seq reactions { emoji count viewerReacted actors { nodes { displayName } } }')
    await succeedOverSocket(carol, 'addReaction', { messageId, emoji: '🌹' })
    const given = await next()
    expect(given).toEqual({
      __typename: 'MessageChanged',
      change: 'REACTIONS',
      seq: given.message.seq,
      actor: { id: carol.id },
      message: { id: messageId, seq: expect.any(Number), reactions: [{ emoji: '🌹', count: 1, viewerReacted: false, actors: { nodes: [{ displayName: 'Carol' }] } }] },
    })
    await succeedOverSocket(carol, 'removeReaction', { messageId, emoji: '🌹' })
    expect(await next()).toMatchObject({ change: 'REACTIONS', seq: given.seq + 1, message: { id: messageId, seq: given.seq + 1, reactions: [] } })
  })
})

describe('twenty people', () => {
  let crowd: Client[]
  let square: string

  beforeAll(async () => {
    crowd = await Promise.all(Array.from({ length: 20 }, (_, n) => server.signUp(`person${n}`)))
    square = await alice.group('Square', ...crowd)
  })

  test('who react at once are counted exactly, and each change is an event of its own', { timeout: 60_000 }, async () => {
    const messageId = await alice.send(square, 'Who comes along?')
    await Promise.all(crowd.flatMap((person, n) => [react(person, messageId, '🙋'), react(person, messageId, n % 2 === 0 ? '🚲' : '🚗')]))
    expect(new Set(await reactionsOf(alice, messageId))).toEqual(new Set(['🚗10', '🚲10', '🙋20']))
    // Some leave while others come.
    await Promise.all(crowd.map((person, n) => (n % 4 === 0 ? takeBack(person, messageId, '🚲') : react(person, messageId, '🚲'))))
    expect(new Set(await reactionsOf(alice, messageId))).toEqual(new Set(['🚗10', '🚲15', '🙋20']))
    const { chat, message } = await alice.ask('query ($id: ID!, $chatId: ID!) { chat(id: $chatId) { seq } message(id: $id) { seq } }', { id: messageId, chatId: square })
    // Made, sent, 40 reactions, 5 taken back, 10 more.
    expect([chat.seq, message.seq]).toEqual([57, 57])
  })

  test('are listed in pages, by when they reacted and then by who they are', async () => {
    const messageId = await alice.send(square, 'Sign here.')
    for (const person of crowd.slice(10)) await react(person, messageId, '✍️')
    await Promise.all(crowd.slice(0, 10).map((person) => react(person, messageId, '✍️')))
    // The last ten at the same moment.
    await server.sql`update reaction set at = '2100-01-01' where emoji = '✍️' and user_id in (select id from users where username ~ '^person[0-9]$')`
    const rows = await server.sql<{ id: number }[]>`select id from users where username ~ '^person[0-9]$' order by id`
    const late = rows.map(({ id }) => Buffer.from(`User:${id}`).toString('base64url'))
    const inOrder = [...crowd.slice(10).map((person) => person.id), ...late]

    const PAGE = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { message(id: $id) { reactions {
      count actors(first: $first, after: $after, last: $last, before: $before) { nodes { __typename id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }`
    const page = async (args: object) => (await alice.ask(PAGE, { id: messageId, ...args })).message.reactions[0].actors
    const idsOf = ({ nodes }: Untyped) => nodes.map((node: Untyped) => node.id as string)

    expect(idsOf(await page({}))).toEqual(inOrder)
    expect(await page({ first: 1 })).toMatchObject({ nodes: [{ __typename: 'User' }], edges: [{ node: { id: inOrder[0] } }] })
    const forward: string[] = []
    for (let after: string | null = null, more = true; more; ) {
      const read: Untyped = await page({ first: 7, after })
      forward.push(...idsOf(read))
      ;({ endCursor: after, hasNextPage: more } = read.pageInfo)
    }
    expect(forward).toEqual(inOrder)
    const backward: string[] = []
    for (let before: string | null = null, more = true; more; ) {
      const read: Untyped = await page({ last: 6, before })
      backward.unshift(...idsOf(read))
      ;({ startCursor: before, hasPreviousPage: more } = read.pageInfo)
    }
    expect(backward).toEqual(inOrder)
  })

  test('have no page by a cursor that nobody gave', async () => {
    const messageId = await alice.send(square, 'Sign here.')
    await react(crowd[0] as Client, messageId, '✍️')
    const DOCUMENT = 'query ($id: ID!, $first: Int, $after: String) { message(id: $id) { reactions { actors(first: $first, after: $after) { nodes { id } } } } }'
    const forged = [['x'], [1], [1, 2, 3], [-1, 2], [1.5, 2], [9e15, 2], ['1', 2], null, {}]
    for (const after of ['', 'nonsense', ...forged.map((key) => Buffer.from(JSON.stringify(key)).toString('base64url'))]) {
      const { errors } = await alice.request(DOCUMENT, { id: messageId, after })
      expect(errors?.map((error) => error.message), after).toEqual(['`after` is not a cursor of this list.'])
    }
    const { errors } = await alice.request(DOCUMENT, { id: messageId, first: 101 })
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
  })
})
