import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { exchange } from '../support/exchange.ts'
import { Line, closeLines } from '../support/line.ts'
import { rootOperations } from '../support/operations.ts'
import { mutation } from '../support/refusal.ts'
import { askAll } from './support.ts'

let server: TestServer
let alice: Client
let garden: string
beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  garden = await alice.group('Garden')
})
afterEach(() => {
  closeLines()
})
afterAll(() => server.close())

const codesOf = (errors: readonly Untyped[]) => errors.map(({ extensions }) => extensions.code as string)

describe('row 37: texts that break what reads them', () => {
  const TEXTS: [string, string][] = [
    ['for backtracking', `${'a'.repeat(9_990)}!`],
    ['of 10,000 signs that mention', '@'.repeat(10_000)],
    ['of mentions without an end', '@a'.repeat(5_000)],
    ['of quotation marks and brackets', '"(['.repeat(3_000)],
    ['of emoji that are joined', '👩‍👩‍👧‍👦'.repeat(300)],
    ['that turns the line around', '\u202eevil\u2066\u2067'.repeat(100)],
    ['of what combines', 'e' + '\u0301'.repeat(5_000)],
    ['of a NUL', 'a\0b'],
    ['of half a surrogate pair', 'a\ud800b'],
    ['of 64 KB and one more', 'a'.repeat(65_537)],
    ['of line ends', '\r\n\u2028\u2029\u0085'.repeat(500)],
    ['of a prototype', '__proto__ constructor toString'],
  ]
  test.each(TEXTS)('(%s) are taken or refused, and never a fault', async (_name, text) => {
    const deeds: [string, Record<string, unknown>][] = [
      [mutation('sendMessage'), { input: { chatId: garden, clientId: randomUUID(), text } }],
      ['query ($text: String!) { searchMessages(query: $text) { nodes { id } } }', { text }],
      ['query ($text: String!) { users(search: $text) { nodes { id } } }', { text }],
      [mutation('updateProfile'), { input: { displayName: text } }],
      ['query ($text: ID!) { node(id: $text) { id } }', { text }],
    ]
    for (const [document, variables] of deeds) {
      const { http, ws } = await askAll(server, alice, document, variables)
      for (const { errors } of [http, ws]) expect(codesOf(errors).filter((code) => code !== 'BAD_USER_INPUT')).toEqual([])
    }
  })
})

describe('row 38: a body that is not what it should be', () => {
  const headers = () => ({ 'content-type': 'application/json', authorization: `Bearer ${alice.token}` })
  const ME = JSON.stringify({ query: '{ me { id } }' })

  test.each(['utf-16', 'utf-7', 'iso-8859-1', 'ibm037', 'x-user-defined'])('in the charset %s is refused with 415', async (charset) => {
    expect(await exchange(`${server.url}/graphql`, { headers: { ...headers(), 'content-type': `application/json; charset=${charset}` }, body: ME })).toMatchObject({ status: 415 })
  })

  test('that is compressed is refused with 415 before it is opened, however large it would be', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, ' ')).toString('latin1')
    for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'gzip, gzip']) expect(await exchange(`${server.url}/graphql`, { headers: { ...headers(), 'content-encoding': encoding }, body: bomb })).toMatchObject({ status: 415 })
  })
})

test('row 38: parameters that are no JSON and a host that is none are refused with 400, and show nothing of the server', async () => {
  const headers = () => ({ authorization: `Bearer ${alice.token}`, accept: 'application/json' })
  for (const query of ['query={me{id}}&variables={', 'query={me{id}}&extensions=[', 'variables=[[', 'query={me{id}}&variables=%7B', 'variables=null&variables=x']) {
    expect(await exchange(`${server.url}/graphql?${query}`, { method: 'GET', headers: headers() })).toMatchObject({ status: 400, body: expect.stringContaining('must be JSON') })
  }
  expect(await exchange(`${server.url}/graphql?query={me{id}}&variables=`, { method: 'GET', headers: headers() })).toMatchObject({ status: 200 })
  const { hostname, port } = new URL(server.url)
  for (const host of ["' or 1=1 --", 'a b', '[', 'a:b:c', '%', '<script>']) {
    for (const head of [`GET /graphql?query={me{id}} HTTP/1.1`, 'DELETE /graphql HTTP/1.1', 'POST /graphql?x HTTP/1.1\r\ncontent-type: application/json']) {
      const socket = connect(Number(port), hostname)
      let answer = ''
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
      const ended = new Promise((resolve) => socket.once('close', resolve))
      socket.write(`${head}\r\nhost: ${host}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      await ended
      expect(answer).toMatch(/^HTTP\/1\.1 400 /)
      expect(answer).not.toMatch(/at \w|node:|TypeError/)
    }
  }
})

describe('row 39: work for nobody', () => {
  const SEARCH = '{ searchMessages(query: "roses") { nodes { id } } }'
  const waiting = async () => (await server.app.services.sql<{ count: number }[]>`select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)[0]?.count
  const headers = () => ({ 'content-type': 'application/json', authorization: `Bearer ${alice.token}` })

  test('a search whose client is gone is cancelled in the database: over HTTP, and over WebSocket', async () => {
    await server.sql.begin(async (tx) => {
      await tx`lock table message in access exclusive mode`
      const abort = new AbortController()
      const asked = fetch(`${server.url}/graphql`, { method: 'POST', signal: abort.signal, headers: headers(), body: JSON.stringify({ query: SEARCH }) }).catch(() => null)
      await expect.poll(waiting, { interval: 5, timeout: 4000 }).toBe(1)
      abort.abort()
      await asked
      await expect.poll(waiting, { interval: 5, timeout: 4000 }).toBe(0)
      const line = await new Line(server).greet(alice)
      line.send({ type: 'subscribe', id: '1', payload: { query: SEARCH } })
      await expect.poll(waiting, { interval: 5, timeout: 4000 }).toBe(1)
      line.send({ type: 'complete', id: '1' })
      await expect.poll(waiting, { interval: 5, timeout: 4000 }).toBe(0)
    })
    expect((await alice.request(SEARCH)).errors).toBeUndefined()
  })

  test('what takes longer than it may is stopped, in the database too, and says so with a code to try again', async () => {
    const hasty = await startServer({ databaseUrl: server.databaseUrl, settings: { LIMITS: 'operationMs=700' } })
    await server.sql.begin(async (tx) => {
      await tx`lock table message in access exclusive mode`
      const { http, ws } = await askAll(hasty, at(hasty), SEARCH)
      expect(http.status).toBe(503)
      for (const { errors } of [http, ws]) expect(errors).toMatchObject([{ message: expect.stringMatching(/took (too long|longer than 700 milliseconds) and was stopped/), extensions: { code: 'UNAVAILABLE', retryable: true } }])
      await expect.poll(waiting, { interval: 5, timeout: 4000 }).toBe(0)
    })
    expect((await at(hasty).request(SEARCH)).errors).toBeUndefined()
    await hasty.close()
  })

  /** Alice at another server. */
  function at(other: TestServer): Client {
    const client = other.anonymous()
    client.token = alice.token
    return client
  }
})

describe('row 100: texts that are statements', () => {
  const STARTS = ["'", '"', "')", "'))", '\\', "\\'", '$$', '`', ';', '0', "1'", "%'", "_'", '{', "E'\\x27"]
  const STATEMENTS = [' or 1=1 --', '; drop table users; --', ' union select null, version() --', ' and (select pg_sleep(5)) is null --', "||(select body from message limit 1)||'", '; copy users to program \'id\' --', ' order by 99 --', '/**/or/**/true', '); delete from message; --', '::int', ' returning *', '%00', "' || pg_read_file('/etc/passwd') || '"]
  const CORPUS = STARTS.flatMap((start) => STATEMENTS.flatMap((statement) => [`${start}${statement}`, `alice${start}${statement}`, `Chat:1${start}${statement}`]))

  test('reach no statement: in every argument of every operation, and nothing is written or lost', async () => {
    const mallory = server.anonymous()
    await mallory.register('mallory', 'long enough a password')
    expect(CORPUS.length).toBeGreaterThan(500)
    const operations = rootOperations(schema).filter(({ kind, document }) => kind !== 'subscription' && document.includes('"something"') && !document.includes('deleteAccount'))
    expect(operations.length).toBeGreaterThan(20)
    let next = 0
    const unexpected: unknown[] = []
    const attack = async (document: string) => {
      const text = CORPUS[next++ % CORPUS.length] ?? ''
      const { errors, status } = await mallory.request(document.replaceAll('"something"', JSON.stringify(text)))
      if (status >= 500 || errors?.some(({ extensions }) => !['BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED', 'UNAUTHENTICATED'].includes(String(extensions?.code)))) unexpected.push({ document, text, status, errors })
    }
    const SEARCHES = ['{ users(search: "something") { nodes { username } } }', '{ searchMessages(query: "something") { nodes { id } } }', '{ chats(after: "something") { totalCount } }', '{ users(after: "something") { totalCount } }', '{ me { blockedUsers(after: "something") { totalCount } } }', '{ node(id: "something") { id } }', '{ chatByInvite(code: "something") { title } }']
    for (let round = 0; round < CORPUS.length / 24; round++) {
      await Promise.all([...SEARCHES, ...SEARCHES, ...SEARCHES].map(attack))
    }
    for (let round = 0; round < 4; round++) await Promise.all(operations.map(({ document }) => attack(document)))
    expect(unexpected).toEqual([])
    const [{ users } = { users: 0 }] = await server.sql<{ users: number }[]>`select count(*)::int as users from users where username in ('alice', 'mallory')`
    expect(users).toBe(2)
  })
})
