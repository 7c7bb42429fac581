import { runInNewContext } from 'node:vm'
import { parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { renderScript } from './graphiql-page.ts'
import { tabs } from './graphiql-tabs.ts'

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
