import { connect } from 'node:net'
import WebSocket from 'ws'
import type { Maker } from './made.ts'

/** A server under attack, and somebody who is signed in there. */
export interface Aim {
  port: number
  token: () => string
}

/** What came of one input: what is wrong about it, or null. */
export type Shot = (aim: Aim, maker: Maker) => Promise<string | null>

/** So long an answer is waited for. One that does not come is none of the faults that are looked for, unless the server has gone. */
const PATIENCE_MS = 6000

/** Looks through an answer: nothing of the server's own fault may be in it. */
function faultIn(status: number | null, text: string): string | null {
  if (status !== null && status >= 500 && status !== 503) return `status ${status}: ${text.slice(0, 300)}`
  if (/INTERNAL_SERVER_ERROR|Unexpected error|UNAVAILABLE/.test(text)) return text.slice(0, 600)
  return null
}

async function post(aim: Aim, maker: Maker, body: string, headers: Record<string, string> = {}): Promise<string | null> {
  const response = await fetch(`http://127.0.0.1:${aim.port}/graphql`, { method: 'POST', body, headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', authorization: `Bearer ${aim.token()}`, ...headers }, signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null)
  if (response === null) return null
  const text = await response.text().catch(() => '')
  maker.see(text)
  return faultIn(response.status, text)
}

const documents: Shot = (aim, maker) => {
  const { random } = maker
  const query = random.chance(0.95) ? maker.operation() : maker.text()
  const variables = random.chance(0.3) ? { variables: maker.json() } : {}
  const body = JSON.stringify({ query, ...variables, ...(random.chance(0.1) ? { operationName: maker.json() } : {}), ...(random.chance(0.05) ? { [maker.text()]: maker.json() } : {}) })
  return post(aim, maker, random.chance(0.1) ? maker.mutated(body) : body, random.chance(0.05) ? { accept: 'text/event-stream', connection: 'close' } : {})
}

const CURSORED = ['query ($c: String) { chats(after: $c) { edges { cursor node { id } } pageInfo { endCursor } } }', 'query ($c: String) { chats(last: 2, before: $c) { edges { cursor } } }', 'query ($c: String) { users(after: $c) { edges { cursor } } }', 'query ($c: String) { searchMessages(query: "a", after: $c) { edges { cursor } } }', 'query ($c: String) { chats { nodes { id messages(last: 3, before: $c) { edges { cursor node { id } } } members(after: $c) { edges { cursor } } } } }', 'query ($c: ID!) { node(id: $c) { id __typename } }', 'query ($c: ID!) { nodes(ids: [$c, $c]) { id } }', 'query ($c: ID!) { chat(id: $c) { id } message(id: $c) { id } user(id: $c) { id } }', '{ eventCursor chats { nodes { id } } }']

/** A cursor or an ID that looks like one of the server's: the same form, with other values. */
function key(maker: Maker): string {
  const { random } = maker
  const form = random.pick([() => maker.text(), () => Buffer.from(JSON.stringify(maker.json())).toString('base64url'), () => Buffer.from(`${random.pick(['Chat', 'User', 'Message', 'Session', 'Attachment', 'constructor']) ?? ''}:${random.below(2 ** 31)}:${maker.text()}`).toString('base64url'), () => maker.mutated(random.pick(maker.seen) ?? '')])
  return form?.() ?? ''
}

const cursors: Shot = (aim, maker) => post(aim, maker, JSON.stringify({ query: maker.random.pick(CURSORED), variables: { c: key(maker) } }), maker.random.chance(0.2) ? { 'x-parley-resume-after': key(maker).replace(/[^\x21-\x7e]/g, '') } : {})

/** A socket that says all sorts of things; now and then it keeps to the protocol. */
const frames: Shot = (aim, maker) => {
  const { random } = maker
  return new Promise((resolve) => {
    let fault: string | null = null
    const socket = new WebSocket(`ws://127.0.0.1:${aim.port}/graphql`, random.chance(0.95) ? 'graphql-transport-ws' : 'graphql-ws')
    const done = () => {
      clearTimeout(timer)
      socket.terminate()
      resolve(fault)
    }
    const timer = setTimeout(done, 400)
    socket.on('error', done)
    socket.on('close', done)
    socket.on('unexpected-response', (_request, response) => {
      fault ??= faultIn(response.statusCode ?? null, '')
      done()
    })
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      maker.see(text)
      fault ??= faultIn(null, text)
    })
    socket.on('open', () => {
      if (random.chance(0.9)) socket.send(JSON.stringify({ type: 'connection_init', payload: random.chance(0.85) ? { token: aim.token(), ...(random.chance(0.3) ? { resumeAfter: key(maker) } : {}) } : maker.json() }))
      const say = (left: number) => {
        if (left === 0 || socket.readyState !== WebSocket.OPEN) return
        const frame = frameOf(maker, left)
        if (random.chance(0.03)) (socket as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256))))
        else socket.send(frame, { binary: random.chance(0.03), fin: !random.chance(0.02) })
        if (random.chance(0.1)) socket.ping(maker.text().slice(0, 60))
        setImmediate(say, left - 1)
      }
      setTimeout(say, 15, 3 + random.below(15))
    })
  })
}

function frameOf(maker: Maker, id: number): string {
  const { random } = maker
  const type = random.pick(['subscribe', 'subscribe', 'subscribe', 'subscribe', 'complete', 'ping', 'pong', 'connection_init', 'next', 'error', maker.text()])
  const payload = type === 'subscribe' && random.chance(0.9) ? { query: random.chance(0.3) ? 'subscription ($c: String) { events(after: $c) { cursor caughtUp events { __typename } } }' : maker.operation(), variables: random.chance(0.5) ? { c: key(maker) } : maker.json() } : maker.json()
  const frame = JSON.stringify({ type, id: random.chance(0.9) ? String(random.chance(0.8) ? id : random.below(4)) : maker.json(), payload })
  return random.chance(0.1) ? maker.mutated(frame) : frame
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT', 'PROPFIND', 'X']
const PATHS = ['/graphql', '/graphql?query={me{id}}', '/graphql?query=%', '/files/1', '/uploads/1', '/files/../../etc/passwd', '/health/ready', '/metrics', '/', '//', '*', 'http://evil.example/graphql', '/%00', '/graphql?extensions={"persistedQuery":{}}', '/graphql?variables=[[']
const HEADERS = ['content-type', 'content-length', 'transfer-encoding', 'authorization', 'accept', 'host', 'origin', 'upgrade', 'connection', 'sec-websocket-key', 'sec-websocket-version', 'sec-websocket-protocol', 'sec-websocket-extensions', 'content-range', 'range', 'cookie', 'x-forwarded-for', 'x-parley-server-key', 'x-parley-act-as', 'x-parley-resume-after', 'expect', 'te', 'if-none-match', 'repr-digest', 'traceparent']
const VALUES = ['application/json', 'application/graphql-response+json', 'text/event-stream', 'websocket', 'Upgrade', 'chunked', 'chunked, chunked', '0', '10', '-1', '99999999999999999999', 'Bearer x', 'bytes 0-1/2', 'bytes=0-', '100-continue', 'permessage-deflate', 'graphql-transport-ws', '13', 'dGhlIHNhbXBsZSBub25jZQ==', 'null', 'parley_refresh=x; parley_refresh=y']

/** Bytes at a bare socket. */
const http: Shot = (aim, maker) => {
  const { random } = maker
  const path = random.chance(0.85) ? random.pick(PATHS) : maker.text().replace(/[\r\n]/g, '')
  const headers = Array.from({ length: random.below(10) }, () => `${random.pick(HEADERS) ?? ''}: ${random.chance(0.8) ? (random.pick(VALUES) ?? '') : maker.text()}`)
  const body = random.pick(['', JSON.stringify({ query: maker.operation() }), maker.text(), `${random.below(99).toString(16)}\r\n${maker.text()}\r\n0\r\n\r\n`]) ?? ''
  const length = random.chance(0.6) ? [`content-length: ${Buffer.byteLength(body) + (random.chance(0.1) ? random.below(5) : 0)}`] : []
  const text = [`${random.pick(METHODS) ?? 'GET'} ${path ?? '/'} HTTP/1.${random.pick([0, 1, 1, 1, 2]) ?? 1}`, ...(random.chance(0.9) ? ['host: localhost'] : []), ...(random.chance(0.5) ? [`authorization: Bearer ${aim.token()}`] : []), ...headers, ...length, '', body].join('\r\n')
  return new Promise((resolve) => {
    const socket = connect(aim.port, '127.0.0.1')
    let answer = ''
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(faultIn(Number(/^HTTP\/1\.\d (\d+)/.exec(answer)?.[1] ?? '0'), answer))
    }
    const timer = setTimeout(done, 200)
    socket.on('data', (chunk: Buffer) => { answer += chunk.toString('latin1') })
    socket.on('error', done)
    socket.on('close', done)
    socket.write(Buffer.from(random.chance(0.1) ? maker.mutated(text) : text, 'latin1'))
    if (random.chance(0.1)) socket.end()
  })
}

/** What can be shot at, but for webhooks: those have a business of their own. */
export const TARGETS: Record<string, Shot> = { documents, cursors, frames, http }
