import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Stream, Untyped } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { succeed } from '../support/refusal.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

describe('those who are there', () => {
  const ACTIVE = 'query ($id: ID!, $first: Int, $after: String, $last: Int) { chat(id: $id) { activeMembers(first: $first, after: $after, last: $last) { nodes { username presence { state } } pageInfo { hasNextPage endCursor } } } }'
  const ONLINE = 'query ($online: Boolean, $search: String, $first: Int, $after: String) { users(online: $online, search: $search, first: $first, after: $after) { nodes { username } pageInfo { hasNextPage endCursor } } }'
  const names = ({ nodes }: Untyped) => nodes.map(({ username }: { username: string }) => username)
  let gina: Client
  let group: string

  beforeAll(async () => {
    const [one, hugo, iris, jack, kate] = await Promise.all(['Gina', 'hugo', 'Iris', 'jack', 'kate'].map((name) => server.signUp(name)))
    gina = one as Client
    const others = [hugo, iris, jack, kate] as [Client, Client, Client, Client]
    group = await gina.group('Garden', ...others.slice(0, 3))
    // A stranger who is there, and one of the group who is not.
    for (const person of [gina, hugo, iris, kate]) await connect(person as Client)
    await succeed(hugo as Client, 'setPresence', { availability: 'AWAY' })
  })

  test('of a chat, in the order of their names', async () => {
    const { activeMembers } = (await gina.ask(ACTIVE, { id: group })).chat
    expect(activeMembers.nodes).toEqual([
      { username: 'Gina', presence: { state: 'ONLINE' } },
      { username: 'hugo', presence: { state: 'AWAY' } },
      { username: 'Iris', presence: { state: 'ONLINE' } },
    ])
  })

  test('of several chats at once, each its own', async () => {
    const second = await gina.group('Nobody else')
    const data = await gina.ask('query ($a: ID!, $b: ID!) { a: chat(id: $a) { activeMembers(first: 2) { nodes { username } } } b: chat(id: $b) { activeMembers(first: 2) { nodes { username } } } }', {
      a: group,
      b: second,
    })
    expect([names(data.a.activeMembers), names(data.b.activeMembers)]).toEqual([['Gina', 'hugo'], ['Gina']])
  })

  test('page by page, from either end', async () => {
    const first = (await gina.ask(ACTIVE, { id: group, first: 2 })).chat.activeMembers
    expect([names(first), first.pageInfo.hasNextPage]).toEqual([['Gina', 'hugo'], true])
    const second = (await gina.ask(ACTIVE, { id: group, first: 2, after: first.pageInfo.endCursor })).chat.activeMembers
    expect([names(second), second.pageInfo.hasNextPage]).toEqual([['Iris'], false])
    expect(names((await gina.ask(ACTIVE, { id: group, last: 2 })).chat.activeMembers)).toEqual(['hugo', 'Iris'])
  })

  test('among all users: the viewer and their contacts', async () => {
    expect(names((await gina.ask(ONLINE, { online: true })).users)).toEqual(['Gina', 'hugo', 'Iris'])
    const first = (await gina.ask(ONLINE, { online: true, first: 1 })).users
    expect([names(first), first.pageInfo.hasNextPage]).toEqual([['Gina'], true])
    expect(names((await gina.ask(ONLINE, { online: true, after: first.pageInfo.endCursor })).users)).toEqual(['hugo', 'Iris'])
    expect(names((await gina.ask(ONLINE, { online: true, search: 'iri' })).users)).toEqual(['Iris'])
    for (const online of [false, null]) expect(names((await gina.ask(ONLINE, { online, search: 'ja' })).users)).toEqual(['jack'])
  })

  test('without those who are invisible; but everybody sees themselves', async () => {
    await succeed(gina, 'setPresence', { availability: 'INVISIBLE' })
    const others = server.anonymous()
    others.token = (await succeed(others, 'login', { login: 'hugo', password: PASSWORD })).accessToken
    expect(names((await others.ask(ACTIVE, { id: group })).chat.activeMembers)).toEqual(['hugo', 'Iris'])
    expect(names((await others.ask(ONLINE, { online: true })).users)).toEqual(['hugo', 'Iris'])
    expect(names((await gina.ask(ACTIVE, { id: group })).chat.activeMembers)).toEqual(['Gina', 'hugo', 'Iris'])
    expect(names((await gina.ask(ONLINE, { online: true })).users)).toEqual(['Gina', 'hugo', 'Iris'])
  })
})

/** Connects a device; it stays until it is unsubscribed. */
async function connect(person: Client): Promise<Stream<Untyped>> {
  const device = person.subscribe('subscription { events { cursor } }')
  await device.next()
  return device
}
