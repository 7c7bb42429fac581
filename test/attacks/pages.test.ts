import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import type { Client } from '../client.ts'
import { PASSWORD, startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { exchange } from '../support/exchange.ts'
import { Line, closeLines } from '../support/line.ts'
import { contentOf, mutation } from '../support/refusal.ts'

// What a page of another site can make a visitor's browser do.

let server: TestServer
let alice: Client
let garden: string
beforeAll(async () => {
  server = await startServer({ settings: { CORS_ORIGINS: 'https://app.example.com', COOKIE_SECURE: 'true', COOKIE_SAMESITE: 'strict' } })
  alice = await server.signUp('alice')
  garden = await alice.group('Garden')
})
afterEach(() => {
  closeLines()
})
afterAll(() => server.close())

const EVIL = 'https://evil.example'
const FOREIGN = [EVIL, 'null', 'https://app.example.com.evil.example', 'https://evil-app.example.com', 'https://sub.app.example.com', 'http://app.example.com', 'https://app.example.com:8443', 'https://app.example.com@evil.example', 'file://', 'chrome-extension://abc']
const send = () => JSON.stringify({ query: mutation('sendMessage'), variables: { input: { chatId: garden, clientId: randomUUID(), text: 'hello' } } })
const own = () => ({ authorization: `Bearer ${alice.token}` })

describe('rows 40 to 43: a request that a browser sends for a foreign page', () => {
  test.each([
    ['cross-site', EVIL],
    ['same-site', 'https://evil.example.com'],
    ['cross-site', 'null'],
    ['cross-site', undefined],
  ])('is refused with 403 where it says so itself (%s, %s), and does nothing', async (site, origin) => {
    const before = await contentOf(server)
    const headers = { ...own(), 'content-type': 'application/json', 'sec-fetch-site': site, ...(origin === undefined ? {} : { origin }) }
    expect(await exchange(`${server.url}/graphql`, { headers, body: send() })).toMatchObject({ status: 403, body: expect.stringContaining('CORS_ORIGINS') })
    expect(await exchange(`${server.url}/graphql`, { headers: { ...headers, accept: 'text/event-stream' }, body: JSON.stringify({ query: 'subscription { events { cursor } }' }) })).toMatchObject({ status: 403 })
    expect(await contentOf(server)).toEqual(before)
  })

  test('is taken from the pages that the settings name, and from programs', async () => {
    for (const headers of [{ origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' }, { origin: server.url, 'sec-fetch-site': 'same-origin' }, {}]) {
      expect(await exchange(`${server.url}/graphql`, { headers: { ...own(), 'content-type': 'application/json', ...headers }, body: send() })).toMatchObject({ status: 200 })
    }
  })

  test('by a form, as plain text or with a type that is several is refused with 415, though the cookie comes along', async () => {
    const login = await exchange(`${server.url}/graphql`, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: mutation('login'), variables: { input: { login: 'alice', password: PASSWORD, cookie: true } } }) })
    const cookie = String(login.headers['set-cookie']).split(';')[0]
    const before = await contentOf(server)
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'text/plain; application/json', 'multipart/form-data; boundary=b', 'application/json, text/plain', 'application/jsonp', 'message/rfc822', 'application/pdf', 'image/png', 'text/html;charset=utf-8']) {
      const body = JSON.stringify({ query: 'mutation { refreshSession(input: {}) { accessToken } }' })
      expect(await exchange(`${server.url}/graphql`, { headers: { 'content-type': type, cookie }, body })).toMatchObject({ status: 415 })
    }
    // Over GET, with whatever type: a mutation is refused, and the cookie says nothing of who asks.
    const mutating = `${server.url}/graphql?query=${encodeURIComponent('mutation { refreshSession(input: {}) { accessToken } }')}`
    for (const type of ['', 'application/json', 'text/plain']) expect(await exchange(mutating, { method: 'GET', headers: { cookie, accept: 'application/json', ...(type === '' ? {} : { 'content-type': type }) } })).toMatchObject({ status: 405 })
    const reading = await exchange(`${server.url}/graphql?query=${encodeURIComponent('{ me { id } }')}`, { method: 'GET', headers: { cookie, accept: 'application/json' } })
    expect(JSON.parse(reading.body)).toEqual({ data: { me: null } })
    expect(await contentOf(server)).toEqual(before)
  })
})

describe('row 44: CORS', () => {
  test.each(FOREIGN)('%s is let read nothing, and is told so before it asks', async (origin) => {
    for (const asked of [
      { headers: { ...own(), 'content-type': 'application/json', origin }, body: JSON.stringify({ query: '{ me { id } }' }) },
      { method: 'GET', headers: { ...own(), origin, accept: 'application/json' } },
      { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' } },
    ]) {
      const { headers } = await exchange(`${server.url}/graphql${asked.method === 'GET' ? '?query={me{id}}' : ''}`, asked)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
  })

  test('the named page may, by its name and never by a star', async () => {
    const { headers } = await exchange(`${server.url}/graphql`, { headers: { ...own(), 'content-type': 'application/json', origin: 'https://app.example.com' }, body: JSON.stringify({ query: '{ me { id } }' }) })
    expect(headers).toMatchObject({ 'access-control-allow-origin': 'https://app.example.com', 'access-control-allow-credentials': 'true' })
  })
})

describe('row 45: a WebSocket', () => {
  test.each(FOREIGN)('of a page of %s is refused with 403 before it is one', async (origin) => {
    expect(await new Line(server, origin).ended).toBe(403)
  })

  test('with a cookie alone is nobody’s: cookies are not read', async () => {
    const login = await exchange(`${server.url}/graphql`, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: mutation('login'), variables: { input: { login: 'alice', password: PASSWORD, cookie: true } } }) })
    const cookie = String(login.headers['set-cookie']).split(';')[0] ?? ''
    const socket = new WebSocket(server.wsUrl, 'graphql-transport-ws', { headers: { cookie } })
    const frames: string[] = []
    socket.on('message', (data: Buffer) => frames.push(data.toString()))
    await new Promise((resolve) => socket.once('open', resolve))
    socket.send(JSON.stringify({ type: 'connection_init' }))
    await expect.poll(() => frames.length, { timeout: 10_000 }).toBe(1)
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: 'mutation { refreshSession(input: {}) { accessToken errors { code } } }' } }))
    socket.send(JSON.stringify({ type: 'subscribe', id: '2', payload: { query: '{ me { id } }' } }))
    await expect.poll(() => frames.length, { timeout: 10_000 }).toBe(5)
    socket.terminate()
    expect(frames.join()).toContain('"me":null')
    expect(frames.join()).toContain('{"refreshSession":{"accessToken":null,"errors":[{"code":"INVALID_CREDENTIALS"}]}}')
  })
})

test('row 72: the cookie is for this host over TLS alone, and no script reads it; a sign-in is a session of its own', async () => {
  const login = async (cookie = '') =>
    exchange(`${server.url}/graphql`, { headers: { 'content-type': 'application/json', cookie }, body: JSON.stringify({ query: mutation('login'), variables: { input: { login: 'alice', password: PASSWORD, cookie: true } } }) })
  const first = await login()
  const [set] = first.headers['set-cookie'] as string[]
  expect(set).toMatch(/^__Host-parley_refresh=[\w-]{43}; Path=\/; HttpOnly; Max-Age=2592000; SameSite=Strict; Secure$/)
  // Neither a cookie that somebody has planted nor an earlier one is taken over.
  const second = await login(`__Host-parley_refresh=${'A'.repeat(43)}; parley_refresh=planted`)
  expect((second.headers['set-cookie'] as string[])[0]).not.toContain('A'.repeat(43))
  expect((second.headers['set-cookie'] as string[])[0]).not.toBe(set)
  const sessionOf = ({ body }: { body: string }) => (JSON.parse(Buffer.from((JSON.parse(body) as { data: { login: { accessToken: string } } }).data.login.accessToken.split('.')[1] ?? '', 'base64url').toString()) as { sid: string }).sid
  expect(sessionOf(second)).not.toBe(sessionOf(first))
})
