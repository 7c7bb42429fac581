import { once } from 'node:events'
import { connect } from 'node:net'
import { Writable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { exchange } from '../support/exchange.ts'

// As in lanes.test.ts: the short way of plain JSON, and Yoga's.
const LANES = ['/graphql', '/graphql?by=yoga'] as const

let server: TestServer
let alice: Client
const lines: string[] = []

beforeAll(async () => {
  const into = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString())
      done()
    },
  })
  server = await startServer({ log: pino({ level: 'info' }, into) })
  alice = await server.signUp('alice')
})
afterAll(() => server.close())

describe.each(LANES)('over one connection, %s', (path) => {
  const raw = (query: string) => {
    const body = JSON.stringify({ query })
    return `POST ${path} HTTP/1.1\r\nhost: parley\r\ncontent-type: application/json\r\nauthorization: Bearer ${alice.token}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  }
  const dial = () => {
    const { hostname, port } = new URL(server.url)
    return connect(Number(port), hostname)
  }

  test('several requests at once are answered one after the other', async () => {
    const socket = dial()
    socket.write(raw('{ me { username } }') + raw('{ me {') + raw('{ me { displayName } }'))
    let text = ''
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      text += chunk.toString()
      if (text.includes('displayName')) break
    }
    expect(text.match(/HTTP\/1.1 \d+|"(username|displayName)":"\w+"|Syntax Error/g)).toEqual(['HTTP/1.1 200', '"username":"alice"', 'HTTP/1.1 400', 'Syntax Error', 'HTTP/1.1 200', '"displayName":"Alice"'])
  })

  test('an upload that breaks off does nothing, and is no fault of the server', async () => {
    lines.length = 0
    const request = raw('mutation { logout { errors { message } } }')
    for (const at of [request.length - 1, request.indexOf('\r\n\r\n') + 4]) {
      const socket = dial()
      socket.write(request.slice(0, at))
      await once(socket, 'connect')
      // Answered on another connection: by now the first part of the other has been read.
      await alice.ask('{ me { username } }')
      socket.destroy()
      await once(socket, 'close')
    }
    expect((await alice.ask('{ me { username } }')).me).toEqual({ username: 'alice' })
    expect(lines).toEqual([])
  })
})

describe('what is kept of documents', () => {
  /** What the whole process holds, this test included, once the rest was thrown away. */
  const heldBytes = () => {
    setFlagsFromString('--expose-gc')
    ;(runInNewContext('gc') as () => void)()
    return process.memoryUsage().heapUsed
  }

  test.each([
    ['few, each too large', 6, 125_000],
    ['many, each small enough', 150, 1900],
  ])('stays small (%s)', { timeout: 60_000 }, async (_name, count, fields) => {
    for (const path of LANES) {
      const before = heldBytes()
      // 490 bytes for each field: 350 MB of the one sort, 130 MB of the other.
      for (let n = 0; n < count; n++) await exchange(`${server.url}${path}`, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: `# ${path} ${n}\n{ ${'a '.repeat(fields)} }` }) })
      expect((heldBytes() - before) / 2 ** 20).toBeLessThan(64)
    }
  })
})
