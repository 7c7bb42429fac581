import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { contentOf, mutation } from '../../support/refusal.ts'

let server: TestServer
let alice: Client
let garden: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  garden = await alice.group('Garden')
})
afterAll(() => server.close())

/** A message of Alice's as the body of a request: whoever takes it has a row more. */
function sending(text = 'hello'): string {
  return JSON.stringify({ query: mutation('sendMessage'), variables: { input: { chatId: garden, clientId: randomUUID(), text } } })
}

interface Exchange {
  status: number | undefined
  body: string
}

/** Sends a request exactly as it is given. */
function send(options: { method?: string; path?: string; headers?: Record<string, string>; body?: string; chunked?: boolean }): Promise<Exchange> {
  const { method = 'POST', path = '/graphql', body = '', chunked = false } = options
  const length: Record<string, string> = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(Buffer.byteLength(body)) }
  return new Promise((resolve, reject) => {
    const req = request(`${server.url}${path}`, { method, headers: { authorization: `Bearer ${alice.token}`, ...length, ...options.headers } }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('end', () => {
        resolve({ status: res.statusCode, body: Buffer.concat(chunks).toString() })
      })
    })
    req.on('error', reject)
    for (let at = 0; at < body.length; at += 16_384) req.write(body.slice(at, at + 16_384))
    req.end()
  })
}

/** The answer to a request that is refused before any operation; nothing was written by it. */
async function expectRefusal(options: Parameters<typeof send>[0], status: number, message: string): Promise<void> {
  const before = await contentOf(server)
  const answer = await send(options)
  expect({ ...answer, body: JSON.parse(answer.body) as unknown }).toEqual({ status, body: { errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] } })
  expect(await contentOf(server)).toEqual(before)
}

const JSON_TYPE = { 'content-type': 'application/json', accept: 'application/graphql-response+json' }

describe('a body that is too large', () => {
  const TOO_LARGE = 'The request body is over 256 KiB.'

  test('is refused by its announced length, as by the length it turns out to have', async () => {
    for (const size of [256 * 1024, 1024 * 1024]) {
      await expectRefusal({ headers: JSON_TYPE, body: sending('a'.repeat(size)) }, 413, TOO_LARGE)
      await expectRefusal({ headers: JSON_TYPE, body: sending('a'.repeat(size)), chunked: true }, 413, TOO_LARGE)
    }
  })

  test('is the only one: a text of 200 KB comes to the field that refuses it', async () => {
    for (const chunked of [false, true]) {
      const { status, body } = await send({ headers: JSON_TYPE, body: sending('a'.repeat(200_000)), chunked })
      expect(status).toBe(200)
      expect(body).toContain('text must have at most 10000 characters, it has 200000.')
    }
  })

  test('without an announced length is taken where it is small', async () => {
    const { status, body } = await send({ headers: JSON_TYPE, body: sending(), chunked: true })
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({ data: { sendMessage: { message: { text: 'hello' }, errors: [] } } })
  })
})

describe('a body of another type', () => {
  const TYPE = 'The content type of a POST must be application/json.'
  const form = () => `query=${encodeURIComponent(`mutation { sendMessage(input: { chatId: "${garden}", clientId: "${randomUUID()}", text: "hello" }) { message { id } } }`)}`
  const multipart = () => `--b\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${sending()}\r\n--b\r\ncontent-disposition: form-data; name="map"\r\n\r\n{}\r\n--b--\r\n`

  test.each([
    ['a form', 'application/x-www-form-urlencoded', form],
    ['plain text', 'text/plain', sending],
    ['JSON that calls itself plain text', 'text/plain;charset=UTF-8; application/json', sending],
    ['a multipart form', 'multipart/form-data; boundary=b', multipart],
    ['a bare document', 'application/graphql', () => 'mutation { logout { errors { message } } }'],
    ['no type', '', sending],
  ])('(%s) is not taken: a foreign page may send it without asking', async (_name, type, body) => {
    await expectRefusal({ headers: type === '' ? {} : { 'content-type': type }, body: body() }, 415, TYPE)
    await expectRefusal({ headers: { ...(type === '' ? {} : { 'content-type': type }), origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, body: body() }, 415, TYPE)
  })

  test('is not taken compressed', async () => {
    await expectRefusal({ headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: sending() }, 415, 'A compressed request body is not taken.')
  })
})

describe('a mutation over GET', () => {
  const REFUSED = 'Can only perform a mutation operation from a POST request.'

  test('is refused, and does nothing', async () => {
    const query = encodeURIComponent('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }')
    const variables = encodeURIComponent(JSON.stringify({ input: { chatId: garden, clientId: randomUUID(), text: 'hello' } }))
    const path = `/graphql?query=${query}&variables=${variables}`
    for (const accept of ['application/graphql-response+json', 'application/json', '*/*']) {
      await expectRefusal({ method: 'GET', path, headers: { accept } }, 405, REFUSED)
      await expectRefusal({ method: 'GET', path, headers: { ...JSON_TYPE, accept } }, 405, REFUSED)
    }
    const before = await contentOf(server)
    const { status, body } = await send({ method: 'GET', path, headers: { accept: 'text/event-stream' } })
    expect(status).toBe(405)
    expect(body).toContain(REFUSED)
    expect(await contentOf(server)).toEqual(before)
  })

  test('is not chosen by its name either', async () => {
    const path = `/graphql?operationName=Out&query=${encodeURIComponent('query In { me { id } } mutation Out { logout { errors { message } } }')}`
    await expectRefusal({ method: 'GET', path, headers: { accept: 'application/json' } }, 405, REFUSED)
    expect((await alice.ask('{ me { username } }')).me).toEqual({ username: 'alice' })
  })
})

describe('a body that is no request', () => {
  test.each([
    ['', 'POST body sent invalid JSON.'],
    ['{', 'POST body sent invalid JSON.'],
    ['"query"', 'POST body is expected to be object but received string'],
    ['null', 'POST body is expected to be object but received null'],
    ['{}', 'Must provide query string.'],
    ['{ "query": 1 }', 'Expected "query" param to be a string, but given number.'],
    ['{ "query": "{ me { id } }", "variables": "none" }', 'Expected "variables" param to be empty or an object, but given string.'],
    ['{ "query": "{ me { id } }", "variables": [] }', 'Expected "variables" param to be empty or an object, but given array.'],
    ['{ "query": "{ me { id } }", "user": "bob" }', 'Unexpected parameter "user" in the request body.'],
    ['[{ "query": "{ me { id } }" }]', 'Batching is not supported.'],
  ])('(%s) is refused', async (body, message) => {
    await expectRefusal({ headers: JSON_TYPE, body }, 400, message)
  })
})

describe('a document that cannot be run', () => {
  const CASES: [string, string, Record<string, unknown>, string, string][] = [
    ['that breaks off', '{ me {', {}, 'GRAPHQL_VALIDATION_FAILED', 'Syntax Error: Expected Name, found <EOF>.'],
    ['with half of a surrogate pair', 'mutation { sendMessage(input: { clientId: "1", text: "\\ud83c" }) { duplicate } }', {}, 'GRAPHQL_VALIDATION_FAILED', 'Syntax Error: Invalid Unicode escape sequence: "\\ud83c".'],
    ['with an unknown field', '{ me { shoeSize } }', {}, 'GRAPHQL_VALIDATION_FAILED', 'Cannot query field "shoeSize" on type "User".'],
    ['with an unknown field in the input', 'mutation { sendMessage(input: { clientId: "1", text: "a", senderId: "b" }) { duplicate } }', {}, 'GRAPHQL_VALIDATION_FAILED', 'Field "senderId" is not defined by type "SendMessageInput".'],
    ['without a required argument', '{ chat { id } }', {}, 'GRAPHQL_VALIDATION_FAILED', 'Field "chat" argument "id" of type "ID!" is required, but it was not provided.'],
    ['with a number beyond 32 bits', '{ chats(first: 4294967296) { totalCount } }', {}, 'GRAPHQL_VALIDATION_FAILED', 'Int cannot represent non 32-bit signed integer value: 4294967296'],
    ['with a variable of another type', 'query ($first: Int) { chats(first: $first) { totalCount } }', { first: 'ten' }, 'BAD_USER_INPUT', 'Variable "$first" got an invalid value; Int cannot represent non-integer value: "ten"'],
    ['with an object where an ID belongs', 'query ($id: ID!) { chat(id: $id) { id } }', { id: { id: 1 } }, 'BAD_USER_INPUT', 'Variable "$id" got an invalid value; ID cannot represent value: { id: 1 }'],
    ['with an unknown field in a variable', 'mutation ($input: LoginInput!) { login(input: $input) { accessToken } }', { input: { login: 'alice', password: 'a', roles: ['ADMIN'] } }, 'BAD_USER_INPUT', 'Variable "$input" got an invalid value; Field "roles" is not defined by type "LoginInput".'],
    ['without a required variable', 'query ($id: ID!) { chat(id: $id) { id } }', {}, 'BAD_USER_INPUT', 'Variable "$id" of required type "ID!" was not provided.'],
    ['with two operations and no name', 'query A { me { id } } query B { me { id } }', {}, 'OPERATION_RESOLUTION_FAILURE', 'Could not determine what operation to execute.'],
  ]

  test.each(CASES)('(one %s) is answered 400 with why', async (_name, document, variables, code, message) => {
    const { status, data, errors } = await alice.request(document, variables)
    expect(errors?.map((error) => ({ message: error.message, code: error.extensions?.code }))).toEqual([{ message, code }])
    expect({ status, data }).toEqual({ status: 400, data: undefined })
  })

  test('is answered 200 with the same errors to a client that takes plain JSON only', async () => {
    const answer = await alice.request('{ me {', {}, { accept: 'application/json' })
    expect(answer).toMatchObject({ status: 200, errors: [{ message: 'Syntax Error: Expected Name, found <EOF>.', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] })
  })
})
