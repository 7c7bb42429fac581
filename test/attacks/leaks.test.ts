import { isObjectType } from 'graphql'
import type { GraphQLField } from 'graphql'
import { Writable } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../../src/base/log.ts'
import { schema } from '../../src/graphql/schema.ts'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { exchange } from '../support/exchange.ts'
import { Line, closeLines } from '../support/line.ts'
import { rootOperations } from '../support/operations.ts'
import { mutation } from '../support/refusal.ts'
import { askAll } from './support.ts'

afterEach(() => {
  closeLines()
})

/** The product's own log, down to the last detail, and what it wrote. */
function wholeLog() {
  const written: string[] = []
  const into = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString())
      done()
    },
  })
  return { log: createLog({ level: 'trace', pretty: false, into }), written }
}

describe('row 98: what is secret', () => {
  const METRICS_TOKEN = 'canary-metrics-token'
  const SERVER_KEY = 'canary-server-key-long-enough-for-it'
  const JWT_SECRET_KEY = 'canary-jwt-secret-key-long-enough-for-it'
  const { log, written } = wholeLog()
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ log, settings: { LOG_LEVEL: 'trace', METRICS_TOKEN, SERVER_KEY, JWT_SECRET_KEY, RATE_LIMITS: 'users=3/900' } })
  })
  afterAll(() => server.close())

  test('reaches neither the log nor the figures nor an error: passwords, tokens, keys, texts, addresses; and a line stays a line', async () => {
    const alice = server.anonymous()
    const TEXT = 'canary-text\r\n{"level":60,"msg":"forged"}'
    const secrets: Record<string, string> = {
      password: 'canary-password-one',
      newPassword: 'canary-password-two',
      wrongPassword: 'canary-password-wrong',
      email: 'canary-mail@example.com',
      text: TEXT,
      METRICS_TOKEN,
      SERVER_KEY,
      JWT_SECRET_KEY,
    }
    const shown: string[] = []
    const ask = async (client: Client, document: string, variables: Record<string, unknown>, headers: Record<string, string> = {}) => {
      const { http, ws } = Object.keys(headers).length > 0 ? { http: await client.request(document, variables, headers), ws: { errors: [] } } : await askAll(server, client, document, variables)
      shown.push(JSON.stringify([http.errors, ws.errors]))
      return http.data as Untyped
    }
    const { register } = (await alice.ask(mutation('register'), { input: { username: 'alice', email: secrets.email, password: secrets.password } })) as Untyped
    alice.token = secrets.token = register.accessToken
    secrets.refreshToken = register.refreshToken
    // What works, what fails, and what breaks: all by the same words.
    const { createGroupChat } = await ask(alice, mutation('createGroupChat'), { input: { title: 'Garden', memberIds: [] } })
    const chatId = createGroupChat.chat.id as string
    await ask(alice, mutation('sendMessage'), { input: { chatId, clientId: crypto.randomUUID(), text: secrets.text } })
    await ask(alice, mutation('login'), { input: { login: 'alice', password: secrets.wrongPassword } })
    await ask(alice, mutation('login'), { input: { login: secrets.email, password: secrets.password, extra: secrets.password } })
    await ask(alice, mutation('changePassword'), { input: { currentPassword: secrets.wrongPassword, newPassword: secrets.newPassword } })
    await ask(alice, 'mutation ($input: LoginInput!) { login(input: $input) { nothing } }', { input: { password: secrets.password } })
    await ask(alice, 'mutation ($input: LoginInput!) { login(input: $input) { accessToken } }', { input: { login: [secrets.email], password: { is: secrets.password } } })
    await ask(alice, mutation('refreshSession'), { input: { refreshToken: `${secrets.refreshToken ?? ''}x` } })
    await ask(alice, '{ me { id } }', {}, { 'x-parley-server-key': `${SERVER_KEY}x` })
    await ask(alice, '{ me { id } }', {}, { 'x-parley-server-key': SERVER_KEY, 'x-parley-act-as': TEXT.slice(0, 11) })
    await ask(alice, '{ me { id } }', {}, { authorization: `Bearer ${secrets.token ?? ''}x`, cookie: `parley_refresh=${secrets.refreshToken ?? ''}` })
    for (let n = 0; n < 4; n++) await ask(alice, 'query ($search: String) { users(search: $search) { nodes { id } } }', { search: secrets.email })
    await exchange(`${server.url}/graphql`, { headers: { 'content-type': 'application/json', authorization: `Bearer ${alice.token ?? ''}` }, body: `{"query": ${secrets.text}` })
    for (const frame of [TEXT, { type: 'connection_init', payload: { token: `${secrets.token ?? ''}x`, serverKey: secrets.SERVER_KEY } }]) {
      const line = new Line(server)
      await new Promise((resolve) => line.socket.once('open', resolve))
      line.send(frame)
      await line.ended
    }
    for (const [table, deed] of [['message', mutation('sendMessage')], ['users', mutation('login')], ['users', mutation('register')], ['message', 'query ($input: String!) { searchMessages(query: $input) { nodes { id } } }']] as const) {
      await server.sql.unsafe(`alter table ${table} rename to elsewhere`)
      try {
        const input = deed.includes('searchMessages') ? 'canary-text' : deed.includes('sendMessage') ? { chatId, clientId: crypto.randomUUID(), text: secrets.text } : deed.includes('register') ? { username: 'bob', email: secrets.email, password: secrets.password } : { login: secrets.email, password: secrets.password }
        await ask(alice, deed, { input })
      } finally {
        await server.sql.unsafe(`alter table elsewhere rename to ${table}`)
      }
    }
    const figures = await exchange(`${server.url}/metrics`, { method: 'GET', headers: { authorization: `Bearer ${METRICS_TOKEN}` } })
    expect(figures.status).toBe(200)

    const log = written.join('')
    // There is something to look through.
    expect(written.length).toBeGreaterThan(6)
    expect(log).toContain('A request failed')
    for (const [name, secret] of Object.entries(secrets)) {
      for (const [where, text] of Object.entries({ log, figures: figures.body, errors: shown.join('\n') })) {
        if (name === 'text' || !text.includes(secret)) expect({ name, where, leaks: text.includes(secret) || (name === 'text' && text.includes('canary-text')) }).toEqual({ name, where, leaks: false })
        else expect(`${name} in ${where}: ${text.slice(Math.max(0, text.indexOf(secret) - 200), text.indexOf(secret) + 100)}`).toBe('')
      }
    }
    for (const line of written) expect(line.trim().split('\n')).toHaveLength(1)
  })
})

describe('row 99: a fault anywhere', () => {
  const CANARY = 'CANARY select * from users where password = /src/secret.ts'
  let server: TestServer
  let alice: Client
  beforeAll(async () => {
    server = await startServer()
    alice = await server.signUp('alice')
  })
  afterAll(() => server.close())

  /** Has these fields fail as long as the work takes. */
  async function failing(fields: GraphQLField<unknown, unknown>[], error: () => unknown, work: () => Promise<void>): Promise<void> {
    const before = fields.map((field) => ({ field, resolve: field.resolve, subscribe: field.subscribe }))
    const fail = () => { throw error() }
    for (const field of fields) Object.assign(field, { resolve: fail, ...(field.subscribe === undefined ? {} : { subscribe: fail }) })
    try {
      await work()
    } finally {
      for (const { field, resolve, subscribe } of before) Object.assign(field, { resolve, subscribe })
    }
  }

  const fieldsOf = (name: string) => {
    const type = schema.getType(name)
    return isObjectType(type) ? Object.values(type.getFields()) as GraphQLField<unknown, unknown>[] : []
  }

  test('of a root field is masked, and has an id by which the log is found: every operation, over HTTP and WebSocket', async () => {
    const operations = rootOperations(schema)
    expect(operations.length).toBeGreaterThan(50)
    const errors = [() => new Error(CANARY), () => Object.assign(new Error(CANARY), { code: '42P01', query: CANARY }), () => CANARY, () => ({ extensions: { code: 'X' }, message: CANARY })]
    let next = 0
    await failing(['Query', 'Mutation', 'Subscription'].flatMap(fieldsOf), () => errors[next++ % errors.length]?.(), async () => {
      const line = await new Line(server).greet(alice)
      for (const { document } of operations.filter(({ kind }) => kind !== 'subscription')) {
        line.send({ type: 'subscribe', id: document, payload: { query: document } })
        const answers: Untyped[] = [await alice.request(document), (await line.next()).payload]
        expect((await line.next()).type).toBe('complete')
        for (const answer of answers) {
          const text = JSON.stringify(answer)
          expect(text).not.toMatch(/CANARY|select|password|secret\.ts|node_modules|\.ts:/)
          expect(text).toMatch(/"message":"Unexpected error\.".*"code":"INTERNAL_SERVER_ERROR","requestId":"[\da-f-]{36}"/)
        }
      }
      // A stream that could not begin ends the connection: its client comes again.
      for (const { document } of operations.filter(({ kind }) => kind === 'subscription')) {
        const live = await new Line(server).greet(alice)
        live.send({ type: 'subscribe', id: '1', payload: { query: document } })
        expect([1012, 1013]).toContain(await live.ended)
      }
    })
  })

  test('in the middle of a stream ends the connection with a code after which clients come again, and shows nothing', async () => {
    const garden = await alice.group('Garden')
    const line = await new Line(server).greet(alice)
    line.send({ type: 'subscribe', id: '1', payload: { query: 'subscription { events { events { ... on MessageAdded { message { text } } } } }' } })
    expect((await line.next()).type).toBe('next')
    await failing(fieldsOf('MessageAdded').filter(({ name }) => name === 'message'), () => new Error(CANARY), async () => {
      await alice.send(garden, 'hello')
      expect([1012, 1013]).toContain(await line.ended)
    })
    expect((await alice.ask('{ me { username } }')).me).toEqual({ username: 'alice' })
  })
})
