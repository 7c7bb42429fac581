import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'

let server: TestServer
let alice: Client

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  const names = ['Margarethe Schneider', 'Margarita Lopez', 'Jonathan Meyer', 'Björn Ødegård', 'Bob Short']
  await server.sql`insert into users (username, display_name, search_text) select * from unnest(
    ${names.map((_, n) => `person${n}`)}::text[], ${names}::text[], ${names.map((name) => name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().split(' ').map((word) => ` ${word}`).join(''))}::text[])`
})
afterAll(() => server.close())

const found = async (search: string, more = ''): Promise<string[]> =>
  (await alice.ask(`query ($search: String) { users(search: $search${more}) { nodes { displayName } } }`, { search })).users.nodes.map(({ displayName }: Untyped) => displayName)

describe('a name that is misspelt', () => {
  test.each([
    ['two letters changed places', 'jonahtan', ['Jonathan Meyer']],
    ['one is missing', 'schnider', ['Margarethe Schneider']],
    ['one is too many', 'jonatthan', ['Jonathan Meyer']],
    ['another accent', 'björrn', ['Björn Ødegård']],
    ['both words', 'margaritta lopes', ['Margarita Lopez']],
    ['more than one is like it', 'margharet', ['Margarethe Schneider', 'Margarita Lopez']],
    ['nothing like anybody', 'zzyzx quux', []],
    ['too short to tell', 'bbo', []],
    ['one letter', 'b', []],
  ])('%s: %s', async (_what, search, expected) => {
    expect(await found(search)).toEqual(expected)
  })

  test('does not add to what is spelt right', async () => {
    expect(await found('margarita')).toEqual(['Margarita Lopez'])
    expect(await found('marg')).toEqual(['Margarethe Schneider', 'Margarita Lopez'])
    // Nobody with this name has the role; others whose names are like it are not meant.
    expect(await found('margarita', ', role: AGENT')).toEqual([])
  })

  test('pages like any search', async () => {
    const page = async (args: string) => (await alice.ask(`{ users(search: "margharet", ${args}) { nodes { displayName } pageInfo { hasNextPage endCursor } } }`)).users
    const first = await page('first: 1')
    const second = await page(`first: 1, after: "${first.pageInfo.endCursor}"`)
    expect([first, second].map(({ nodes, pageInfo }) => [nodes[0].displayName, pageInfo.hasNextPage])).toEqual([['Margarethe Schneider', true], ['Margarita Lopez', false]])
    expect((await page(`first: 1, after: "${second.pageInfo.endCursor}"`)).nodes).toEqual([])
  })
})
