import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { exchange } from '../support/exchange.ts'
import type { Answered, Asked } from '../support/exchange.ts'
import { mutation } from '../support/refusal.ts'

// Plain JSON goes a short way through the server, all else through Yoga. A query behind the path sends a request to Yoga and changes nothing else:
// whatever it is, the two must answer it alike.

const LANES = ['/graphql', '/graphql?by=yoga'] as const

const KEY = 'the key of the product, long enough'
const JSON_ONLY = { 'content-type': 'application/json' }
const GRAPHQL = { ...JSON_ONLY, accept: 'application/graphql-response+json' }

let server: TestServer
let alice: Client
let garden: string

beforeAll(async () => {
  const settings = { SERVER_KEY: KEY, CORS_ORIGINS: 'https://chat.example', RATE_LIMITS: 'users=1/3600', REGISTRATION_OPEN: 'true' }
  server = await startServer({ settings })
  alice = await server.signUp('alice')
  garden = await alice.group('Garden')
  await alice.request('{ users(search: "somebody") { totalCount } }')
})
afterAll(() => server.close())

/** An answer without what no two answers have in common. */
function comparable({ status, headers: { date: _date, ...headers }, body }: Answered): Answered {
  const text = JSON.stringify(headers)
    .replace(/[\da-f]{8}-[\da-f-]{27}/g, '<uuid>')
    .replace(/parley_refresh=[\w.-]+/, 'parley_refresh=<token>')
    .replace(/"(content-length|retry-after)":"\d+"/g, '"$1":"<number>"')
  const hidden = body
    .replace(/[\da-f]{8}-[\da-f-]{27}/g, '<uuid>')
    .replace(/("retryAfterSeconds":)\d+/g, '$1<number>')
    .replace(/("accessToken":")[^"]+/, '$1<token>')
  return { status, headers: JSON.parse(text) as Answered['headers'], body: hidden }
}

/** Asks both lanes; they answer alike, with this status. */
async function expectAlike(asked: Asked | (() => Asked | Promise<Asked>), status: number): Promise<Answered> {
  const answers: Answered[] = []
  for (const path of LANES) {
    const request = typeof asked === 'function' ? await asked() : asked
    const authorization = request.headers?.authorization === undefined ? { authorization: `Bearer ${alice.token}` } : {}
    answers.push(await exchange(`${server.url}${path}`, { ...request, headers: { ...authorization, ...request.headers } }))
  }
  const [short, long] = answers
  if (short === undefined || long === undefined) throw new Error('two were asked')
  expect(comparable(short)).toEqual(comparable(long))
  expect({ status: short.status, body: short.body.slice(0, 300) }).toEqual({ status, body: expect.any(String) })
  // Of fixed text the lengths must agree too.
  if (comparable(short).body === short.body) expect(short.headers['content-length']).toBe(long.headers['content-length'])
  return short
}

const ask = (query: string, more: object = {}, headers: Asked['headers'] = GRAPHQL): Asked => ({ headers, body: JSON.stringify({ query, ...more }) })

const ME = '{ me { username } }'
const TWO = 'query A { me { username } } query B { me { displayName } }'
const NONE = { authorization: '' }

describe('both ways answer alike', () => {
  test.each<[string, Asked, number]>([
    ['a query', ask(ME), 200],
    ['one of two operations', ask(TWO, { operationName: 'B' }), 200],
    ['no name, no variables, no extensions, said so', ask(ME, { operationName: null, variables: null, extensions: null }), 200],
    ['variables and extensions', ask('query ($n: Int) { chats(first: $n) { totalCount } }', { variables: { n: 2 }, extensions: { a: 1 } }), 200],
    ['a variable too many', ask(ME, { variables: { spare: 1 } }), 200],
    ['a fragment', ask('query { me { ...Name } } fragment Name on User { username }'), 200],
    ['type names', ask('{ __typename me { __typename } }'), 200],
    ['introspection', ask('{ __type(name: "User") { name } }'), 200],
    ['another alphabet', ask('query ($id: ID!) { node(id: $id) { id } }', { variables: { id: 'Müßiggang 🎈' } }), 200],
    ['a field said twice', { headers: GRAPHQL, body: `{ "query": "{ nothing }", "query": ${JSON.stringify(ME)} }` }, 200],
    ['a public field without sign-in', ask('{ serverInfo { maxTextLength } }', {}, { ...GRAPHQL, ...NONE }), 200],
    ['a closed field without sign-in', ask(ME, {}, { ...GRAPHQL, ...NONE }), 200],
    ['a token that is none', ask(ME, {}, { ...GRAPHQL, authorization: 'Bearer nothing' }), 200],
    ['an error of a field', ask('{ me { username } chat(id: "nothing") { id } }'), 200],
    ['more errors than are told', ask(`{ ${[1, 2, 3, 4, 5, 6, 7].map((n) => `a${n}: chat(id: "nothing") { id }`).join(' ')} }`), 200],
    ['a mutation', ask(mutation('setTyping'), { variables: { input: { chatId: 'nothing', typing: true } } }), 200],
    ['a quota that is used up', ask('{ users(search: "somebody") { totalCount } }'), 429],
    ['a query by its user’s product', ask(ME, {}, { ...GRAPHQL, 'x-parley-server-key': KEY }), 200],
    ['a wrong server key', ask(ME, {}, { ...GRAPHQL, 'x-parley-server-key': 'wrong' }), 401],
    ['a user to act as, without the key', ask(ME, {}, { ...GRAPHQL, 'x-parley-act-as': 'somebody' }), 400],
    ['a user to act as who is none', ask(ME, {}, { ...JSON_ONLY, 'x-parley-server-key': KEY, 'x-parley-act-as': 'somebody' }), 400],
  ])('(%s)', async (_name, asked, status) => {
    await expectAlike(asked, status)
  })

  test.each<[string, string, number]>([
    ['nothing', '', 400],
    ['half a body', '{', 400],
    ['a mark of byte order', '\ufeff{"query":"{ me { username } }"}', 400],
    ['a text', '"query"', 400],
    ['a number', '1', 400],
    ['null', 'null', 400],
    ['an empty batch', '[]', 400],
    ['a batch', `[${JSON.stringify({ query: ME })}]`, 400],
    ['no query', '{}', 400],
    ['a query of null', '{ "query": null }', 400],
    ['a query that is a number', '{ "query": 1 }', 400],
    ['an empty query', '{ "query": "" }', 400],
    ['variables that are a text', JSON.stringify({ query: ME, variables: 'none' }), 400],
    ['variables that are a list', JSON.stringify({ query: ME, variables: [] }), 400],
    ['extensions that are a text', JSON.stringify({ query: ME, extensions: 'none' }), 400],
    ['an operation’s name that is a number', JSON.stringify({ query: ME, operationName: 1 }), 400],
    ['an empty operation’s name', JSON.stringify({ query: ME, operationName: '' }), 400],
    ['a name that no operation has', JSON.stringify({ query: TWO, operationName: 'C' }), 400],
    ['two operations and no name', JSON.stringify({ query: TWO }), 400],
    ['no operation', JSON.stringify({ query: 'fragment Name on User { username }' }), 400],
    ['a parameter that there is not', JSON.stringify({ query: ME, user: 'bob' }), 400],
    ['a parameter that there is not, of null', JSON.stringify({ query: ME, user: null }), 200],
    ['a prototype', `{ "query": ${JSON.stringify(ME)}, "__proto__": { "a": 1 } }`, 400],
  ])('(a body of %s)', async (_name, body, status) => {
    await expectAlike({ headers: GRAPHQL, body }, status)
  })

  const DOCUMENTS: [string, Asked][] = [
    ['a query', ask(ME)],
    ['a document that breaks off', ask('{ me {')],
    ['a document with unknown fields', ask('{ me { shoeSize a: hat b: hat c: hat d: hat e: hat usernam } }')],
    ['a variable of another type', ask('query ($n: Int) { chats(first: $n) { totalCount } }', { variables: { n: 'ten' } })],
    ['a required variable left out', ask('query ($id: ID!) { chat(id: $id) { id } }')],
    ['an error of a field', ask('{ chat(id: "nothing") { id } }')],
    ['a closed field without sign-in', ask(ME, {}, { ...GRAPHQL, ...NONE })],
    ['a subscription that cannot begin', ask('subscription { messageAdded(chatId: "nothing") { id } }')],
  ]
  const ACCEPTS = [
    undefined,
    '',
    '*/*',
    '*',
    'application/*',
    '*/json',
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json; charset=iso-8859-1',
    'application/graphql-response+json',
    'application/json, application/graphql-response+json',
    'application/graphql-response+json, application/json;q=0.9',
    'application/graphql-response+json; charset=utf-8, application/json; charset=utf-8',
    'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    'text/html, */*;q=0.1',
    'text/html',
    'text/event-stream',
    'multipart/mixed',
  ]
  test.each(ACCEPTS.map((accept) => [accept] as const))('(whoever takes %s)', async (accept) => {
    for (const [name, { body, headers = {} }] of DOCUMENTS) {
      const { accept: _accept, ...rest } = headers
      const answers = await Promise.all(LANES.map((path) => exchange(`${server.url}${path}`, { body, headers: { authorization: `Bearer ${alice.token}`, ...rest, ...(accept === undefined ? {} : { accept }) } })))
      const [short, long] = answers.map(comparable)
      expect({ name, ...short }).toEqual({ name, ...long })
    }
  })

  test.each<[string, number]>([
    ['application/json; charset=utf-8', 200],
    ['application/json;charset="UTF-8"', 200],
    ['application/json; charset=iso-8859-1', 415],
    ['application/json ; charset=utf-8', 415],
    ['Application/JSON', 415],
    ['application/graphql+json', 200],
    ['application/json, text/plain', 415],
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
  ])('(a body that calls itself %s)', async (type, status) => {
    await expectAlike(ask(ME, {}, { ...GRAPHQL, 'content-type': type }), status)
  })

  test.each<[string, Asked, number]>([
    ['over 256 KiB', ask(`# ${'a'.repeat(256 * 1024)}\n${ME}`), 413],
    ['over 256 KiB, unannounced', { ...ask(`# ${'a'.repeat(300 * 1024)}\n${ME}`), chunked: true }, 413],
    ['of 200 KB', ask(`# ${'a'.repeat(200_000)}\n${ME}`), 200],
    ['of no announced length', { ...ask(ME), chunked: true }, 200],
    ['that is compressed', ask(ME, {}, { ...GRAPHQL, 'content-encoding': 'gzip' }), 415],
    ['that is not compressed, said so', ask(ME, {}, { ...GRAPHQL, 'content-encoding': 'identity' }), 200],
    ['of a document too large to be remembered', ask(`# ${'a'.repeat(100_000)}\n{ nodes(ids: [${'"a" '.repeat(1900)}]) { id } }`), 200],
  ])('(a body %s)', async (_name, asked, status) => {
    await expectAlike(asked, status)
  })

  test.each<[string, string, boolean]>([
    ['a known page', 'https://chat.example', true],
    ['a foreign page', 'https://evil.example', false],
    ['a page without origin', 'null', false],
  ])('(to %s)', async (_name, origin, known) => {
    for (const query of [ME, '{ me {', '{ chat(id: "nothing") { id } }']) {
      const { headers } = await expectAlike(ask(query, {}, { ...GRAPHQL, origin }), query === '{ me {' ? 400 : 200)
      expect(headers['access-control-allow-origin']).toBe(known ? origin : undefined)
    }
    await expectAlike({ method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } }, 204)
  })

  test('(to the server’s own page)', async () => {
    const { headers } = await expectAlike(ask(ME, {}, { ...GRAPHQL, origin: server.url }), 200)
    expect(headers['access-control-allow-credentials']).toBe('true')
  })

  test.each([
    ['PUT', 405],
    ['DELETE', 405],
    ['PATCH', 405],
  ])('(%s)', async (method, status) => {
    await expectAlike({ ...ask(ME), method }, status)
  })

  test('(a subscription that is answered as events)', async () => {
    const [short, long] = await Promise.all(LANES.map((path) => firstEvent(`${server.url}${path}`)))
    expect(short).toEqual(long)
    expect(short).toMatchObject({ status: 200, type: 'text/event-stream' })
  })

  test('(mutations, and what they leave)', async () => {
    const send = () => ask(mutation('sendMessage', 'message { text sender { displayName } }').replace('id text', 'text'), { variables: { input: { chatId: garden, clientId: randomUUID(), text: 'hello' } } })
    const { body } = await expectAlike(send, 200)
    expect(body).toBe('{"data":{"sendMessage":{"message":{"text":"hello","sender":{"displayName":"Alice"}},"duplicate":false,"errors":[]}}}')
    const { chat } = await alice.ask('query ($id: ID!) { chat(id: $id) { messages(last: 10) { nodes { text } } } }', { id: garden })
    expect(chat.messages.nodes).toEqual([{ text: 'hello' }, { text: 'hello' }])
  })

  test('(a refresh by cookie)', async () => {
    const refresh = async () => {
      const login = ask('mutation ($input: LoginInput!) { login(input: $input) { accessToken refreshToken errors { message } } }', { variables: { input: { login: 'alice', password: PASSWORD, cookie: true } } })
      const { headers } = await exchange(`${server.url}/graphql`, login)
      const cookie = String(headers['set-cookie']).split(';')[0] ?? ''
      return ask('mutation { refreshSession(input: {}) { accessToken refreshToken errors { message } } }', {}, { ...GRAPHQL, ...NONE, cookie })
    }
    const { headers, body } = await expectAlike(refresh, 200)
    expect(headers['set-cookie']).toMatchObject([expect.stringMatching(/^parley_refresh=[\w.-]{20,}; .*HttpOnly/)])
    expect(body).toContain('"errors":[]')
  })

  test('(a fault)', async () => {
    await server.sql`alter table users rename column search_text to elsewhere`
    try {
      await expectAlike(ask('{ users(search: "bob") { nodes { id } } }', {}, { ...GRAPHQL, 'x-parley-server-key': KEY }), 200)
    } finally {
      await server.sql`alter table users rename column elsewhere to search_text`
    }
    await server.sql`alter table users rename to away`
    await server.sql.unsafe(`create function gone() returns setof away language plpgsql as $$ begin raise exception using errcode = '57P03', message = 'starting up'; end $$`)
    await server.sql.unsafe('create view users as select * from gone()')
    try {
      const { headers } = await expectAlike(ask('{ users(search: "bob") { nodes { id } } }', {}, { ...GRAPHQL, 'x-parley-server-key': KEY }), 503)
      expect(headers['retry-after']).toBe('1')
    } finally {
      await server.sql.unsafe('drop view users; drop function gone(); alter table away rename to users')
    }
  })
})

/** Subscribes over HTTP; answers how the stream begins. */
async function firstEvent(url: string): Promise<{ status: number; type: string | null; event: string }> {
  const controller = new AbortController()
  const body = JSON.stringify({ query: 'subscription { events { caughtUp } }' })
  const response = await fetch(url, { method: 'POST', body, signal: controller.signal, headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${alice.token}` } })
  let event = ''
  for await (const chunk of response.body ?? []) {
    event += Buffer.from(chunk as Uint8Array).toString()
    if (event.includes('caughtUp')) break
  }
  controller.abort()
  return { status: response.status, type: response.headers.get('content-type'), event: event.slice(event.indexOf('event: next')) }
}
