import { existsSync, readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { runInNewContext } from 'node:vm'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { buildSchema, parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { renderScript } from './graphiql-page.ts'
import { tabs } from './graphiql-tabs.ts'
import { createGraphiQL } from './graphiql.ts'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8' }

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

const errors: unknown[] = []
const graphiql = createGraphiQL({ endpoint: '/graphql', onError: (error) => errors.push(error) })
const server = createServer((req, res) => {
  if (!graphiql(req, res)) res.writeHead(418).end('for somebody else')
})

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.close()
  expect(errors).toEqual([])
})

/** Not fetch: that would unpack the body and hide how it came. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks) }))
      res.on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}

/** The addresses of everything that the page loads, in the page's order. */
async function assetPaths(): Promise<string[]> {
  const html = (await ask('/graphql', browser)).body.toString()
  return [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address = '']) => new URL(address, 'http://parley/graphql').pathname)
}

async function assetPath(start: string): Promise<string> {
  const path = (await assetPaths()).find((candidate) => candidate.startsWith(`/graphql/assets/${start}-`))
  if (path === undefined) throw new Error(`The page does not load ${start}`)
  return path
}

describe('the page', () => {
  it('answers a browser that opens the endpoint', async () => {
    const { status, headers, body } = await ask('/graphql', browser)
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['cache-control']).toBe('no-store')
    expect(headers.vary).toBe('accept')
    expect(body.toString()).toContain('<title>Parley</title>')
    expect(body.length).toBeLessThan(2_000)
  })

  it('answers a browser that follows a link with a query', async () => {
    expect((await ask('/graphql?query=%7Bme%7Bid%7D%7D', browser)).headers['content-type']).toMatch('text/html')
  })

  it.each([
    ['JSON', { accept: 'application/json' }],
    ['a GraphQL response', { accept: 'application/graphql-response+json, application/json;q=0.9' }],
    ['JSON or HTML', { accept: 'application/json, text/html;q=0.1' }],
    ['events', { accept: 'text/event-stream' }],
    ['anything', { accept: '*/*' }],
    ['nothing in particular', {}],
  ])('leaves a client that asks for %s to the API', async (_, headers: Record<string, string>) => {
    expect((await ask('/graphql?query=%7B__typename%7D', headers)).status).toBe(418)
  })

  it.each([
    ['POST', '/graphql'],
    ['OPTIONS', '/graphql'],
    ['GET', '/'],
    ['GET', '/graphql/'],
    ['GET', '/graphqlx'],
    ['GET', '/graphql/assets'],
    ['GET', '/health'],
  ])('leaves %s %s to somebody else', async (method, path) => {
    expect((await ask(path, browser, method)).status).toBe(418)
  })

  it('answers HEAD without a body', async () => {
    const { status, headers, body } = await ask('/graphql', browser, 'HEAD')
    expect(status).toBe(200)
    expect(Number(headers['content-length'])).toBeGreaterThan(100)
    expect(body.length).toBe(0)
  })

  it('names no address outside this server, and runs and styles nothing inline', async () => {
    const html = (await ask('/graphql', browser)).body.toString()
    expect(html).not.toMatch(/\/\//)
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\bstyle=|\son\w+=|javascript:/i)
  })

  it('lets the browser reach this server alone, and lets nobody frame it', async () => {
    const { headers } = await ask('/graphql', browser)
    const policy = new Map(String(headers['content-security-policy']).split('; ').map((part) => [part.split(' ')[0], part.split(' ').slice(1).join(' ')]))
    expect(policy.get('default-src')).toBe("'none'")
    expect(policy.get('script-src')).toBe("'self'")
    expect(policy.get('connect-src')).toBe("'self'")
    expect(policy.get('worker-src')).toBe("'self'")
    expect(policy.get('frame-ancestors')).toBe("'none'")
    expect(headers['content-security-policy']).not.toMatch(/https?:|\*|unsafe-eval/)
    expect(headers['x-frame-options']).toBe('DENY')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['referrer-policy']).toBe('no-referrer')
  })
})

describe('the assets', () => {
  it('are all there, cacheable for good, each with its type', async () => {
    const paths = await assetPaths()
    const script = (await ask(await assetPath('page'))).body.toString()
    const workers = [...script.matchAll(/"graphql(\/assets\/\w+-worker-[^"]+)"/g)].map(([, path = '']) => `/graphql${path}`)
    expect(paths).toHaveLength(5)
    expect(workers).toHaveLength(3)
    for (const path of [...paths, ...workers]) {
      const { status, headers } = await ask(path, {}, 'HEAD')
      expect(status, path).toBe(200)
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable')
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers.vary).toBe('accept-encoding')
      const extension = path.slice(path.lastIndexOf('.') + 1)
      expect(headers['content-type']).toBe({ js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' }[extension])
    }
  })

  it('come compressed as the browser allows', async () => {
    const path = await assetPath('graphiql')
    const plain = await ask(path)
    const packed = async (acceptEncoding: string): Promise<Answer> => ask(path, { 'accept-encoding': acceptEncoding })
    const brotli = await packed('gzip, deflate, br, zstd')
    const gzip = await packed('gzip, deflate')
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(brotli.headers['content-encoding']).toBe('br')
    expect(gzip.headers['content-encoding']).toBe('gzip')
    expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true)
    expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true)
    expect(brotli.body.length).toBeLessThan(plain.body.length / 2)
    expect(Number(brotli.headers['content-length'])).toBe(brotli.body.length)
    expect((await packed('br;q=0, gzip;q=0.5')).headers['content-encoding']).toBe('gzip')
    expect((await packed('identity')).headers['content-encoding']).toBeUndefined()
    expect((await packed('*')).headers['content-encoding']).toBe('br')
  })

  it('load nothing from elsewhere', async () => {
    const css = (await ask((await assetPaths()).find((path) => path.endsWith('.css')) ?? '')).body.toString()
    const addresses = [...css.matchAll(/url\(\s*["']?([^"')\s]{0,40})|@import\s+(.{0,40})/g)].map(([, url, imported]) => url ?? imported)
    expect(addresses.length).toBeGreaterThan(0)
    for (const address of addresses) expect(address).toMatch(/^(data:|#)/)
    for (const path of await assetPaths()) expect((await ask(path)).body.includes('sourceMappingURL')).toBe(false)
  })

  it('answer an old or foreign name with 404 and a write with 405', async () => {
    expect((await ask('/graphql/assets/graphiql-000000000000.js')).status).toBe(404)
    expect((await ask('/graphql/assets/../../package.json')).status).toBe(404)
    expect((await ask('/graphql/assets/__proto__')).status).toBe(404)
    const written = await ask(await assetPath('page'), {}, 'POST')
    expect(written.status).toBe(405)
    expect(written.headers.allow).toBe('GET, HEAD')
  })
})

describe('a fault', () => {
  it('is told, answered with 500, and tried again by the next browser', async () => {
    const told: unknown[] = []
    const broken = createServer((req, res) => void faulty(req, res))
    const faulty = createGraphiQL({ endpoint: '/graphql', onError: (error) => told.push(error) })
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(broken.address() as AddressInfo).port}/graphql`
    vi.doMock('@graphql-yoga/render-graphiql/graphiql', () => {
      throw new Error('gone')
    })
    expect((await fetch(url, { headers: browser })).status).toBe(500)
    expect(told).toHaveLength(1)
    vi.doUnmock('@graphql-yoga/render-graphiql/graphiql')
    expect((await fetch(url, { headers: browser })).status).toBe(200)
    expect(told).toHaveLength(1)
    broken.close()
  })
})

describe('the tabs', () => {
  it('are small enough for the editor, and each tells first what it is for', () => {
    expect(tabs.map(({ query }) => query.split('\n')[0]?.slice(0, 4))).toEqual(['# 1.', '# 2.', '# 3.', '# 4.'])
    for (const { query } of tabs) for (const line of query.split('\n')) expect(line.length, line).toBeLessThanOrEqual(56)
  })

  const schemaFile = new URL('../../schema.graphql', import.meta.url)
  if (existsSync(schemaFile)) {
    const schema = buildSchema(readFileSync(schemaFile, 'utf8'))
    it.each(tabs.map(({ query }) => [query.split('\n')[0], query]))('%s holds against the schema', (_, query = '') => {
      expect(validate(schema, parse(query))).toEqual([])
    })
  } else {
    it.todo('hold against schema.graphql, which is not there yet')
  }
})

/** What the script hands to GraphiQL, as far as these tests use it. */
interface Props {
  fetcher: (params: { query: string; operationName?: string; variables?: object }, options?: { headers?: object; documentAST?: object }) => unknown
  query?: string
  defaultTabs: { query: string }[]
  shouldPersistHeaders: boolean
}
interface Sent {
  url: string
  headers: Record<string, string>
  body: { query: string; operationName?: string; variables: Record<string, unknown> }
}
interface Client {
  url: string
  connectionParams: () => Record<string, unknown>
  shouldRetry: (cause: unknown) => boolean
}
interface Sink {
  next: (result: unknown) => void
  error: (cause: unknown) => void
  complete: () => void
}

/** The page's script in a browser that is not there: it shows what would be sent, and answers what the test says. */
function openPage({ address = 'http://localhost:4000/graphql', sessionStorage = new Map<string, string>(), localStorage = new Map<string, string>() } = {}) {
  const url = new URL(address)
  const storageOf = (map: Map<string, string>) => ({
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => map.set(key, value),
    removeItem: (key: string) => map.delete(key),
  })
  const sent: Sent[] = []
  const clients: Client[] = []
  const sinks: Sink[] = []
  const shown: string[] = []
  let answer: unknown = {}
  let props: Props | undefined
  runInNewContext(renderScript({ tabs, workers: {} }), {
    URL,
    crypto,
    location: url,
    history: { replaceState: (_state: unknown, _title: string, path: string) => shown.push(path) },
    self: {},
    sessionStorage: storageOf(sessionStorage),
    localStorage: storageOf(localStorage),
    document: { getElementById: () => null, querySelector: () => ({ href: '' }) },
    React: { createElement: () => null },
    fetch: (path: string, init: { headers: Record<string, string>; body: string }) => {
      sent.push({ url: path, headers: init.headers, body: JSON.parse(init.body) as Sent['body'] })
      const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
      return Promise.resolve({ status: 200, statusText: 'OK', text: () => Promise.resolve(text) })
    },
    graphqlWs: {
      createClient: (options: Client) => {
        clients.push(options)
        return { subscribe: (_body: unknown, sink: Sink) => (sinks.push(sink), () => undefined), dispose: () => undefined }
      },
    },
    YogaGraphiQL: { renderYogaGraphiQL: (_root: unknown, given: Props) => (props = given) },
  })
  if (props === undefined) throw new Error('The script did not start GraphiQL')
  const { fetcher } = props
  return {
    props,
    sent,
    clients,
    sinks,
    shown,
    sessionStorage,
    /** Presses the run button. */
    async run(query: string, { operationName, headers, answered = {}, variables }: { operationName?: string; headers?: object; answered?: unknown; variables?: object } = {}) {
      answer = answered
      return fetcher({ query, operationName, variables }, { headers, documentAST: parse(query) })
    },
    /** Presses the run button on a subscription; what GraphiQL would show comes into `results`. */
    listen(query: string, headers?: object) {
      const results: unknown[] = []
      const source = fetcher({ query }, { headers, documentAST: parse(query) }) as { subscribe: (observer: object) => { unsubscribe: () => void } }
      const { unsubscribe } = source.subscribe({ next: (result: unknown) => results.push(result), complete: () => results.push('complete') })
      return { results, unsubscribe }
    },
    get lastSent() {
      const last = sent.at(-1)
      if (last === undefined) throw new Error('Nothing was sent')
      return last
    },
  }
}

const signedIn = { data: { login: { accessToken: 'alice-token', user: { username: 'alice' }, errors: [] } } }
const unauthenticated = { errors: [{ message: 'Sign in first', extensions: { code: 'UNAUTHENTICATED' } }] }

describe('the script', () => {
  it('sends no token before anybody has signed in, and then the one from the answer', async () => {
    const page = openPage()
    await page.run('mutation { login { accessToken } }', { answered: signedIn })
    expect(page.lastSent.headers.authorization).toBeUndefined()
    await page.run('{ me { id } }')
    expect(page.lastSent.headers.authorization).toBe('Bearer alice-token')
    expect(page.lastSent.url).toBe('/graphql')
  })

  it('remembers the token when the page is loaded again in the same browser tab', async () => {
    const page = openPage()
    await page.run('mutation { register { accessToken } }', { answered: { data: { register: { accessToken: 'bob-token' } } } })
    const again = openPage({ sessionStorage: page.sessionStorage })
    await again.run('{ me { id } }')
    expect(again.lastSent.headers.authorization).toBe('Bearer bob-token')
  })

  it('keeps the token it has when a sign-in fails', async () => {
    const page = openPage()
    await page.run('mutation { login { accessToken } }', { answered: signedIn })
    await page.run('mutation { login { accessToken } }', { answered: { data: { login: { accessToken: null, errors: [{ message: 'no' }] } } } })
    await page.run('{ me { id } }')
    expect(page.lastSent.headers.authorization).toBe('Bearer alice-token')
  })

  it('lets the Headers tab win, over HTTP and over WebSocket', async () => {
    const page = openPage()
    await page.run('mutation { login { accessToken } }', { answered: signedIn })
    await page.run('{ me { id } }', { headers: { Authorization: 'Bearer typed', 'X-Other': 1 } })
    expect(page.lastSent.headers).toMatchObject({ authorization: 'Bearer typed', 'x-other': '1' })
    page.listen('subscription { events { cursor } }', { Authorization: 'Bearer typed', 'X-Other': 1 })
    expect(page.clients[0]?.connectionParams()).toEqual({ token: 'typed', headers: { 'x-other': '1' }, resumeAfter: undefined })
  })

  it('forgets a token that the server no longer takes, but not for what another one did', async () => {
    const page = openPage()
    await page.run('mutation { login { accessToken } }', { answered: signedIn })
    await page.run('{ chats { id } }', { headers: { authorization: 'Bearer typed' }, answered: unauthenticated })
    await page.run('{ chats { id } }', { answered: unauthenticated })
    expect(page.lastSent.headers.authorization).toBe('Bearer alice-token')
    await page.run('{ me { id } }')
    expect(page.lastSent.headers.authorization).toBeUndefined()
    expect(page.sessionStorage.has('parley:session')).toBe(false)
  })

  it('forgets the token after a logout that worked', async () => {
    const page = openPage()
    await page.run('mutation { login { accessToken } }', { answered: signedIn })
    await page.run('mutation { logout { errors { message } } }', { answered: { data: { logout: { errors: [] } } } })
    await page.run('{ me { id } }')
    expect(page.lastSent.headers.authorization).toBeUndefined()
  })

  it('subscribes over a WebSocket of the same address, and resumes where it stood', async () => {
    const page = openPage({ address: 'https://chat.example.com/api/graphql' })
    await page.run('mutation { login { accessToken } }', { answered: signedIn })
    const { results } = page.listen('subscription { events { cursor } }')
    const [client] = page.clients
    expect(client?.url).toBe('wss://chat.example.com/api/graphql')
    expect(client?.connectionParams()).toMatchObject({ token: 'alice-token', resumeAfter: undefined })
    page.sinks[0]?.next({ data: { events: { cursor: 'c7' } } })
    expect(client?.connectionParams()).toMatchObject({ resumeAfter: 'c7' })
    expect(results).toEqual([{ data: { events: { cursor: 'c7' } } }])
  })

  it('shows why a subscription ended', () => {
    const page = openPage()
    const { results } = page.listen('subscription { events { cursor } }')
    page.sinks[0]?.error([{ message: 'Sign in first' }])
    expect(results).toEqual([{ errors: [{ message: 'Sign in first' }] }, 'complete'])
    const { results: closed } = page.listen('subscription { events { cursor } }')
    page.sinks[1]?.error({ code: 4429, reason: 'Too many' })
    expect(closed).toEqual([{ errors: [{ message: 'The server closed the connection: 4429 Too many' }] }, 'complete'])
  })

  it('keeps silent about a subscription that was stopped', () => {
    const page = openPage()
    const { results, unsubscribe } = page.listen('subscription { events { cursor } }')
    unsubscribe()
    page.sinks[0]?.next({ data: { events: { cursor: 'late' } } })
    page.sinks[0]?.complete()
    expect(results).toEqual([])
  })

  it('does not try an expired token again', async () => {
    const page = openPage()
    await page.run('mutation { login { accessToken } }', { answered: signedIn })
    page.listen('subscription { events { cursor } }')
    expect(page.clients[0]?.shouldRetry({ code: 1012 })).toBe(true)
    expect(page.clients[0]?.shouldRetry({ code: 4403 })).toBe(false)
    page.sinks[0]?.error({ code: 4403, reason: 'Forbidden' })
    expect(page.sessionStorage.has('parley:session')).toBe(false)
  })

  it('sends only the operation that runs, with its fragments, each in its place', async () => {
    const page = openPage()
    const query = '# one\nquery A {\n  me { ...Name }\n}\n\nquery B { me { ...Other } }\nfragment Name on User { id }\nfragment Other on User { id }\n'
    await page.run(query, { operationName: 'A' })
    const { body } = page.lastSent
    expect(parse(body.query).definitions.map((part) => 'name' in part && part.name?.value)).toEqual(['A', 'Name'])
    expect(body.query.indexOf('fragment Name')).toBe(query.indexOf('fragment Name'))
    expect(body.operationName).toBe('A')
  })

  it('fills in the two variables of a message, unless they are given', async () => {
    const page = openPage()
    const send = 'mutation Send($recipientId: ID!, $clientId: String!, $text: String) { send }'
    await page.run('query { userByUsername { id } }', { answered: { data: { userByUsername: { id: 'bob-id' } } } })
    expect(page.lastSent.body.variables).toEqual({})
    await page.run(send)
    const first = page.lastSent.body.variables
    expect(first).toEqual({ recipientId: 'bob-id', clientId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) as string })
    await page.run(send)
    expect(page.lastSent.body.variables.clientId).not.toBe(first.clientId)
    await page.run(send, { variables: { recipientId: 'mine', clientId: 'mine too', text: 'Hi' } })
    expect(page.lastSent.body.variables).toEqual({ recipientId: 'mine', clientId: 'mine too', text: 'Hi' })
  })

  it('shows an answer that is not JSON', async () => {
    const page = openPage()
    expect(await page.run('{ me { id } }', { answered: '<h1>Bad gateway</h1>' })).toEqual({
      errors: [{ message: 'The server answered 200 OK without JSON: <h1>Bad gateway</h1>' }],
    })
  })

  it('opens the four tabs, and a linked query before them and out of the address', () => {
    const first = openPage()
    expect(first.props.defaultTabs).toEqual(tabs)
    expect(first.props.query).toBeUndefined()
    expect(first.props.shouldPersistHeaders).toBe(false)
    const linked = openPage({ address: 'http://localhost:4000/graphql?query=%7Bme%7Bid%7D%7D' })
    expect(linked.props.defaultTabs).toEqual([{ query: '{me{id}}' }, ...tabs])
    expect(linked.shown).toEqual(['/graphql'])
  })

  it('opens the tab that was open last', () => {
    const saved = JSON.stringify({ activeTabIndex: 1, tabs: [{ query: 'a' }, { query: 'b' }] })
    expect(openPage({ localStorage: new Map([['parley:graphiql:tabState', saved]]) }).props.query).toBe('b')
  })
})
