import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { exchange } from '../support/exchange.ts'
import { closeLines } from '../support/line.ts'
import { askAll, expectRefusedDocument, many } from './support.ts'

// A server as it stands on the open internet: NODE_ENV=production, and nothing else set.

let server: TestServer
let alice: Client
let nobody: Client
beforeAll(async () => {
  server = await startServer({ settings: { NODE_ENV: 'production' } })
  alice = await server.signUp('alice')
  nobody = server.anonymous()
})
afterEach(() => {
  closeLines()
})
afterAll(() => server.close())

const CIRCLES = `{ __schema { types ${'{ fields { type '.repeat(4)}{ name }${' } }'.repeat(4)} } }`
const OFF = 'Introspection is off on this server.'
const get = (path: string, headers: Record<string, string> = {}) => exchange(`${server.url}${path}`, { method: 'GET', headers })

describe('rows 35 and 36: the schema', () => {
  test.each([
    ['its types', '{ __schema { types { name } } }'],
    ['one type', '{ __type(name: "User") { name } }'],
    ['by another name', '{ a: __schema { queryType { name } } }'],
    ['by a fragment', '{ ...F } fragment F on Query { __schema { queryType { name } } }'],
    ['behind a mutation', 'mutation { logout { query { __schema { queryType { name } } } } }'],
    ['in circles', CIRCLES],
  ])('is told neither to nobody nor to somebody: %s', async (_name, document) => {
    for (const client of [nobody, alice]) await expectRefusedDocument(server, client, document, document === CIRCLES ? /^(Introspection is off on this server\.|Maximum introspection depth exceeded)$/ : document.includes('mutation') ? /^(Introspection is off on this server\.|Cannot query field "__schema" on type "Query"\.)$/ : OFF)
  })

  test('is not hinted at either: no error says what one may have meant', async () => {
    const NEAR = ['{ mee { id } }', '{ me { usernam displayNme } }', '{ chats(frist: 1) { totalCount } }', '{ me { ... on Usre { id } } }', 'query ($a: Strin) { me { id } }', 'mutation { logn(input: { login: "a" }) { errors { code } } }', 'mutation { login(input: { logn: "a", password: "b" }) { errors { code } } }', '{ users(role: ADMN) { totalCount } }', '{ me { id @inclde(if: true) } }', '{ ...Namee } fragment Name on User { id }', 'subscription { event { cursor } }', '{ me { id', '{ me { chat { id } } }']
    for (const document of NEAR) {
      const { http, ws } = await askAll(server, nobody, document)
      for (const { errors } of [http, ws]) {
        expect(errors.length).toBeGreaterThan(0)
        expect(JSON.stringify(errors)).not.toMatch(/Did you mean|did you mean|perhaps/i)
      }
    }
    const variable = await askAll(server, nobody, 'mutation ($input: LoginInput!) { login(input: $input) { errors { code } } }', { input: { logn: 'alice', password: 'b' } })
    expect(JSON.stringify([variable.http.errors, variable.ws.errors])).not.toMatch(/Did you mean/)
  })
})

test('row 36: where the schema is public, it is not read in circles', async () => {
  const open = await startServer()
  await expectRefusedDocument(open, await open.signUp('bob'), CIRCLES, 'Maximum introspection depth exceeded')
  await open.close()
})

describe('row 102: what is not there', () => {
  test.each(['/metrics', '/graphiql', '/playground', '/altair', '/voyager', '/console', '/debug', '/status', '/server-status', '/.env', '/.git/config', '/package.json', '/dist/main.js', '/dist/main.js.map', '/main.js.map', '/graphql/main.js.map', '/src/main.ts', '/..%2f..%2fetc/passwd', '//etc/passwd', '/health', '/health/detail', '/api', '/admin', '/favicon.ico'])('%s', async (path) => {
    const { status, body } = await get(path, { accept: 'text/html,*/*' })
    expect(status).toBe(404)
    expect(body).not.toMatch(/node_modules|at \w+ \(|sourceMappingURL/)
  })

  test('an explorer, for a browser that opens the endpoint', async () => {
    for (const path of ['/graphql', '/graphql?query={me{id}}']) {
      const { headers, body } = await get(path, { accept: 'text/html,application/xhtml+xml' })
      expect(String(headers['content-type'] ?? '')).not.toContain('html')
      expect(body).not.toMatch(/<script|GraphiQL/i)
    }
    // The web client's page.
    expect((await get('/', { accept: 'text/html' })).body).not.toContain('GraphiQL')
  })

  test('a name of what serves, and a health that says more than which parts work', async () => {
    const { headers, body } = await get('/health/ready')
    expect(Object.keys(headers).filter((name) => ['server', 'x-powered-by', 'via'].includes(name))).toEqual([])
    expect(Object.keys(JSON.parse(body) as object).sort()).toEqual(['checks', 'status', 'version'])
    expect(body).not.toMatch(/postgres|127\.0\.0\.1|redis/i)
  })

  test('the figures without their token', async () => {
    const watched = await startServer({ settings: { NODE_ENV: 'production', METRICS_TOKEN: 'the-token-of-the-figures' } })
    const ask = (authorization?: string) => exchange(`${watched.url}/metrics`, { method: 'GET', headers: authorization === undefined ? {} : { authorization } })
    for (const wrong of [undefined, 'Bearer ', 'Bearer the-token-of-the-figure', 'Bearer the-token-of-the-figures!', `Bearer ${(await watched.signUp('bob')).token ?? ''}`]) {
      const { status, body } = await ask(wrong)
      expect(status).toBe(401)
      expect(body).not.toContain('parley_')
    }
    await watched.close()
  })
})

describe('row 101: what graphql-cop looks for', () => {
  // Its checks, by their names there; each is asked as it asks.
  const post = (query: string, more: object = {}) => exchange(`${server.url}/graphql`, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, ...more }) })
  const dataOf = (body: string) => (JSON.parse(body) as { data?: unknown }).data ?? null

  test.each<[string, () => Promise<boolean>]>([
    ['Field Suggestions', async () => (await post('query cop { __schema { directive } }')).body.includes('Did you mean')],
    ['Introspection', async () => (await post('query cop { __schema { types { name fields { name } } } }')).body.includes('"types"')],
    ['GraphQL IDE', async () => /graphiql|playground/i.test((await get('/graphql', { accept: 'text/html' })).body)],
    ['Alias Overloading', async () => (await post(`query cop { ${many(101, 'alias#: __typename')} }`)).body.includes('alias100')],
    ['Array-based Query Batching', async () => {
      const { body } = await exchange(`${server.url}/graphql`, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' }))) })
      return Array.isArray(JSON.parse(body))
    }],
    ['Directive Overloading', async () => ((JSON.parse((await post('query cop { __typename @aa@aa@aa@aa@aa@aa@aa@aa@aa@aa }')).body) as { errors: unknown[] }).errors.length) >= 10],
    ['Circular Query via Introspection', async () => dataOf((await post(`query cop ${CIRCLES}`)).body) !== null],
    ['Field Duplication', async () => dataOf((await post(`query cop { ${'__typename '.repeat(500)} }`)).body) !== null],
    ['Mutation is allowed over GET', async () => dataOf((await get(`/graphql?query=${encodeURIComponent('mutation cop { __typename }')}`, { accept: 'application/json' })).body) !== null],
    ['POST based url-encoded query', async () => (await exchange(`${server.url}/graphql`, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `query=${encodeURIComponent('query cop { __typename }')}` })).body.includes('"data"')],
    ['Trace Mode', async () => (await post('query cop { __typename }')).body.includes('tracing')],
    ['Unhandled Errors Detection', async () => /exception|stacktrace/i.test((await post('qwerty cop { abc }')).body)],
  ])('%s is not found', async (_name, finds) => {
    expect(await finds()).toBe(false)
  })

  test('GET Method Query Support is found, and meant: such an answer is nobody’s but a bearer’s, kept by nobody and read by no foreign page', async () => {
    const { body, headers } = await get('/graphql?query={__typename}', { accept: 'application/json', cookie: 'parley_refresh=something', origin: 'https://evil.example' })
    expect(dataOf(body)).toEqual({ __typename: 'Query' })
    expect(headers['cache-control']).toBe('no-store')
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })
})
