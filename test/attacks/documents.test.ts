import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { exchange } from '../support/exchange.ts'
import { closeLines } from '../support/line.ts'
import { askAll, expectRefusedDocument, many } from './support.ts'

// Documents that are made to be dear: each is refused before it is validated, the same way over HTTP and over WebSocket. docs/security.md is the list.

let server: TestServer
let alice: Client
beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
})
afterEach(() => {
  closeLines()
})
afterAll(() => server.close())

/** Users of users, two levels each. */
const nest = (levels: number, inner = '{ id }') => `{ me ${'{ blockedUsers { nodes '.repeat(levels)}${inner}${' } }'.repeat(levels)} }`
const DEEP = /^The document is nested too deeply: at most 12 levels of fields\.$/
const ALIASES = 'The document has too many aliases: at most 30.'
const REPEATS = 'The document says one field too often in one place: at most 50 times.'
const TOKENS = /^Syntax Error: Document contains more tha[nt] 2000 tokens/

describe('a document is refused that is', () => {
  const CASES: [row: string, name: string, document: string, message: string | RegExp][] = [
    ['16', '13 levels deep', nest(5, '{ presence { state } }'), DEEP],
    ['16', 'a thousand levels deep', nest(998), TOKENS],
    ['16', 'five hundred levels deep', nest(300), DEEP],
    ['17', 'deep by named fragments', `{ me { ...F0 } } ${Array.from({ length: 6 }, (_, n) => `fragment F${n} on User { blockedUsers { nodes { ...F${n + 1} } } }`).join(' ')} fragment F6 on User { id }`, DEEP],
    ['18', 'deep by inline fragments', `{ me ${'{ ... on User { blockedUsers { nodes '.repeat(6)}{ id }${' } } }'.repeat(6)} }`, DEEP],
    ['19', 'deep by a fragment that is called __schema', `{ me { ...__schema } } fragment __schema on User ${nest(6).slice(5, -1)}`, DEEP],
    ['20', 'of 31 aliases', `{ me { ${many(31, 'a#: username')} } }`, ALIASES],
    ['20', 'of 350 aliases at the top', `{ ${many(350, 'a#: me { id }')} }`, /too many aliases|2000 tokens/],
    ['21', 'of 101 aliases for __typename', `{ ${many(101, 'a#: __typename')} }`, ALIASES],
    ['22', 'of aliases by a fragment that is used again and again', `{ ${many(8, 'b#: me { ...Many }')} } fragment Many on User { ${many(8, 'a#: username')} }`, ALIASES],
    ['23', 'of fragments in one another, without end', '{ me { ...A } } fragment A on User { blockedUsers { nodes { ...B } } } fragment B on User { blockedUsers { nodes { ...A } } }', DEEP],
    ['24', 'of 10,000 spreads', `{ me { ${many(10_000, '...F')} } } fragment F on User { id }`, TOKENS],
    ['24', 'of fragments that are many fields together', `{ ${many(9, 'me { ...A# }')} } ${many(9, 'fragment A# on User { sessions { ...B } a#: sessions { ...B } b#: sessions { ...B } c#: sessions { ...B } }')} fragment B on Session { ${many(45, 'id current userAgent createdAt')} }`, /too many fields|too often/],
    ['25', 'of 200 inline fragments of 100 fields', `{ me { ${many(200, `... on User { ${many(100, 'id')} }`)} } }`, TOKENS],
    ['25', 'of 200 inline fragments over the same fields', `{ me { ${many(200, '... on User { id username }')} } }`, REPEATS],
    ['26', 'of 9 directives in one place', `{ me { id ${'@include(if: true) '.repeat(9)} } }`, 'There are too many directives in one place: at most 8.'],
    ['26', 'of 9 directives on the operation, a fragment, its spread, a variable', `query ($a: Int) { me { id } } fragment F on User ${'@include(if: true) '.repeat(9)} { id }`, 'There are too many directives in one place: at most 8.'],
    ['26', 'of 5,000 directives', `{ me { ${many(1000, 'a#: id @a @b @c @d @e')} } }`, TOKENS],
    ['27', 'of 10 directives that there are not', `{ me { id ${many(10, '@nothing#')} } }`, 'There are too many directives in one place: at most 8.'],
    ['27', 'of 10 directives that there are not, each in its place', `{ me { ${many(10, 'id @nothing#')} } }`, 'Unknown directive "@nothing0".'],
    ['33', 'of 500 times the same field', `{ me { ${many(500, 'id')} } }`, REPEATS],
    ['33', 'of 11 fields at the top', `{ ${many(11, '__typename')} }`, 'An operation has at most 10 fields at its top, this one has 11.'],
    ['23', 'of a fragment without end that nobody uses', '{ me { id } } fragment A on User { ...A }', /^Cannot spread fragment "A" within itself\.$|^Fragment "A" is never used\.$/],
    ['25', 'of 500 times the same field in a fragment that nobody uses', `{ me { id } } fragment A on User { ${many(500, 'id')} }`, REPEATS],
  ]
  test.each(CASES)('row %s: %s', async (_row, _name, document, message) => {
    await expectRefusedDocument(server, alice, document, message)
  })

  test('as a subscription too, over an event stream and over WebSocket', async () => {
    const query = `subscription { events { ${many(31, 'a#: cursor')} } }`
    await expectRefusedDocument(server, alice, query, ALIASES)
    const { status, body } = await exchange(`${server.url}/graphql`, { headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${alice.token}` }, body: JSON.stringify({ query }) })
    expect({ status, body }).toMatchObject({ body: expect.stringContaining(ALIASES) })
  })

  test('not refused within the limits: what tools and clients ask for', async () => {
    for (const document of [nest(0), `{ me { ${many(30, 'a#: username')} } }`, `{ ${many(10, '__typename')} }`, `{ me { id @include(if: true) @skip(if: false) ${many(49, 'id')} } }`]) {
      const { http, ws } = await askAll(server, alice, document)
      expect([http.status, http.errors, ws.errors]).toEqual([200, [], []])
    }
  })
})

describe('pages and lists', () => {
  const OVER = /^This asks for up to \d+ objects at once, and 30000 are allowed\./
  const NESTED = 'chats(first: 100) { nodes { members(first: 100) { nodes { user { sessions { id } } } } } }'

  test('row 31: lists in one another are counted by their sizes, whether these are written or variables', async () => {
    await expectRefusedDocument(server, alice, `{ ${NESTED} }`, OVER)
    await expectRefusedDocument(server, alice, `query ($n: Int!, $m: Int = 100) { ${NESTED.replace('100', '$n').replace('100', '$m')} }`, OVER, { n: 100 })
    const small = await askAll(server, alice, `query ($n: Int!, $m: Int = 100) { ${NESTED.replace('100', '$n').replace('100', '$m')} }`, { n: 5 })
    expect([small.http.errors, small.ws.errors]).toEqual([[], []])
  })

  test('row 30: a page is at most 100, by variable too; it is not negative and no fraction', async () => {
    for (const first of [101, 100_000, -1, 1.5, 'NaN', Infinity, null]) {
      const { http, ws } = await askAll(server, alice, 'query ($first: Int) { chats(first: $first) { totalCount } }', { first })
      // JSON has no number beyond all others: it arrives as null, which is no size.
      if (first === null || first === Infinity) expect([http.errors, ws.errors]).toEqual([[], []])
      else for (const { errors } of [http, ws]) expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' })
    }
    await expectRefusedDocument(server, alice, '{ chats(first: 1.5) { totalCount } }', 'Int cannot represent non-integer value: 1.5')
  })

  test('row 32: 10,000 ids in a list are refused, and a document cannot hold them', async () => {
    const ids = Array.from({ length: 10_000 }, () => alice.id)
    const { http, ws } = await askAll(server, alice, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })
    for (const { errors } of [http, ws]) expect(errors).toMatchObject([{ message: '`ids` must be at most 100, it has 10000.' }])
    await expectRefusedDocument(server, alice, `{ nodes(ids: [${'"a" '.repeat(10_000)}]) { id } }`, TOKENS)
  })

  test('row 34: a variable of 5,000 levels is refused, and one of a megabyte does not come in', async () => {
    const deep = `{"query":"query ($ids: [ID!]!) { nodes(ids: $ids) { id } }","variables":{"ids":${'['.repeat(5000)}${']'.repeat(5000)}}}`
    const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json', authorization: `Bearer ${alice.token}` }
    const answer = await exchange(`${server.url}/graphql`, { headers, body: deep })
    expect(answer).toMatchObject({ status: 400, body: expect.stringContaining('BAD_USER_INPUT') })
    expect(await exchange(`${server.url}/graphql`, { headers, body: JSON.stringify({ query: '{ me { id } }', variables: { text: 'a'.repeat(1024 * 1024) } }) })).toMatchObject({ status: 413 })
    expect((await alice.ask('{ me { id } }')).me.id).toBe(alice.id)
  })
})

describe('many operations in one request', () => {
  test('row 28: a batch is refused, whatever its size', async () => {
    for (const size of [1, 2, 10, 1000]) {
      const body = JSON.stringify(Array.from({ length: size }, () => ({ query: '{ me { id } }' })))
      const answer = await exchange(`${server.url}/graphql`, { headers: { 'content-type': 'application/json', authorization: `Bearer ${alice.token}` }, body })
      expect(answer).toMatchObject({ status: 400, body: expect.stringContaining('Batching is not supported.') })
    }
  })

  test.each(['login', 'register', 'refreshSession', 'changePassword', 'deleteAccount'])('row 29: %s stands alone in its request: no ten guesses by aliases', async (name) => {
    const inputs: Record<string, string> = {
      login: 'login: "alice", password: "guess number #"',
      register: 'username: "mallory#", email: "mallory#@example.com", password: "long enough a password"',
      refreshSession: 'refreshToken: "#"',
      changePassword: 'currentPassword: "guess number #", newPassword: "long enough a password"',
      deleteAccount: 'password: "guess number #"',
    }
    const field = `${name}(input: { ${inputs[name] ?? ''} }) { errors { code } }`
    await expectRefusedDocument(server, alice, `mutation { ${many(10, `a#: ${field}`)} }`, `${name} stands alone in its request.`)
    await expectRefusedDocument(server, alice, `mutation { ${field} logout { errors { code } } }`, `${name} stands alone in its request.`)
    await expectRefusedDocument(server, alice, `mutation { ...Two } fragment Two on Mutation { ${many(2, `a#: ${field}`)} }`, `${name} stands alone in its request.`)
    const [{ count } = { count: -1 }] = await server.sql<{ count: number }[]>`select count(*)::int as count from users`
    expect(count).toBe(1)
  })
})

test('long texts of one length are told apart, the first time and again', async () => {
  const long = (field: string) => `{ me { ${field} } } #${'x'.repeat(20_000)}`
  for (let turn = 0; turn < 2; turn++) {
    expect((await alice.request(long('username'))).data).toEqual({ me: { username: 'alice' } })
    expect((await alice.request(long('fullname'))).status).toBe(400)
    expect((await alice.request(long('bio     '))).data).toEqual({ me: { bio: null } })
  }
})

test('a flood of documents that are refused is not even read: their address runs what the server knows, and others run what they like', async () => {
  const strict = await startServer({ settings: { LIMITS: 'refusedPerMinute=5', TRUST_PROXY: 'loopback' } })
  const bob = await strict.signUp('bob')
  const carol = strict.anonymous()
  carol.token = bob.token
  const from = { 'x-forwarded-for': '192.0.2.9' }
  await bob.ask('{ me { username } }')
  // One that is known already counts once.
  for (let n = 0; n < 10; n++) expect((await bob.request('{ nothing }')).errors?.[0]?.extensions?.code).toBe('GRAPHQL_VALIDATION_FAILED')
  for (const query of ['{', '{ me { id', `{ ${many(31, 'a#: __typename')} }`, '{ a b c }']) expect((await bob.request(query)).status).toBe(400)
  const { http, ws } = await askAll(strict, bob, '{ me { id } }')
  expect(http.status).toBe(429)
  for (const { errors } of [http, ws]) expect(errors).toMatchObject([{ message: 'Too many documents of this address were refused: new ones are not read for a while.', extensions: { code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) } }])
  for (const path of ['/graphql', '/graphql?by=yoga']) expect(await exchange(`${strict.url}${path}`, { headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' }, body: '{"query":"{ __typename }"}' })).toMatchObject({ status: 429, headers: { 'retry-after': expect.any(String) } })
  expect((await bob.request('{ me { username } }')).data).toEqual({ me: { username: 'bob' } })
  expect((await carol.request('{ me { displayName } }', {}, from)).data).toEqual({ me: { displayName: 'Bob' } })
  await strict.close()
})
