import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import WebSocket from 'ws'
import { signToken } from '../src/auth/token.ts'
import { encodeId } from '../src/base/id.ts'
import { createLog } from '../src/base/log.ts'
import { createSecrets } from '../src/base/secrets.ts'
import { startEmbedded } from '../src/db/embedded.ts'
import type { Database } from '../src/db/index.ts'
import { openDatabase } from '../src/db/open.ts'

// Many people connected to one server, each with one socket that hears all their chats, while some of them write: what a connection costs, how
// long a message takes to all who hear it, and what it is like when a third of the people come back at once.

const CONNECTIONS = Number(process.env.CONNECTIONS ?? 10_000)
const SENDS_PER_SECOND = Number(process.env.SENDS ?? 50)
const SECONDS = Number(process.env.SECONDS ?? 30)
const MEMBERS = 50
const PORT = Number(process.env.PORT ?? 4900)
const SECRET = 'a secret key for benchmarks, long enough'

interface Person {
  token: string
  chatId: string
}

/** A socket with its stream of events, as a client keeps it. */
class Listener {
  readonly person: Person
  socket: WebSocket | null = null
  cursor: string | null = null
  onText: (text: string) => void = () => undefined

  constructor(person: Person) {
    this.person = person
  }

  /** Resolves with the first batch. */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${PORT}/graphql`, 'graphql-transport-ws', { perMessageDeflate: false })
      this.socket = socket
      socket.once('error', reject)
      socket.once('open', () => {
        socket.send(JSON.stringify({ type: 'connection_init', payload: { token: this.person.token, resumeAfter: this.cursor } }))
      })
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString()) as { type: string; payload: { data: { events: { cursor: string; events: { message?: { text: string } }[] } } } }
        if (frame.type === 'connection_ack') {
          socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: 'subscription { events { cursor events { chatId seq ... on MessageAdded { message { id text sender { displayName } } } } } }' } }))
        } else if (frame.type === 'ping') socket.send('{"type":"pong"}')
        else if (frame.type === 'next') {
          const { cursor, events } = frame.payload.data.events
          this.cursor = cursor
          for (const { message } of events) if (message !== undefined) this.onText(message.text)
          resolve()
        }
      })
    })
  }
}

const at = (sorted: readonly number[], part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(0)
const mb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`

const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'))
const postgres = await startEmbedded({ dataDir: folder, log: createLog({ level: 'warn', pretty: false }), settings: { fsync: 'off' } })
const database = await openDatabase(postgres.url, { poolSize: 2 })
const server = spawn(process.execPath, ['dist/main.js'], {
  env: { ...process.env, DATABASE_URL: postgres.url, PORT: String(PORT), HOST: '127.0.0.1', JWT_SECRET_KEY: SECRET, RATE_LIMITS: 'off', LOG_LEVEL: 'warn', DATA_DIR: folder },
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const people = await seed(database)
  await once(server.stdout, 'data')
  await run(people)
} finally {
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  await ended
  await database.close()
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
}

/** People with a session each, in groups of 50. */
async function seed({ sql }: Database): Promise<Person[]> {
  await sql`insert into users (username, display_name, search_text) select 'user' || i, 'User ' || i, ' user' || i from generate_series(1, ${CONNECTIONS}) as i`
  await sql`insert into stream (id) select id from users`
  const chats = await sql<{ id: number }[]>`insert into chat (kind, title, member_count) select 'GROUP', 'Chat ' || i, ${MEMBERS} from generate_series(1, ${CONNECTIONS / MEMBERS}::int) as i returning id`
  await sql`insert into stream (id) select id from chat`
  await sql`
    insert into member (chat_id, user_id, role, from_seq, history_from, delivered_up_to, read_up_to)
    select (${chats.map(({ id }) => id)}::bigint[])[1 + (u.n - 1) / ${MEMBERS}], u.id, 'MEMBER', 1, 1, 0, 0 from (select id, row_number() over (order by id)::int as n from users) as u`
  const sessions = await sql<{ id: number; user_id: number; chat_id: number }[]>`
    with made as (insert into session (user_id) select id from users returning id, user_id) select made.id, made.user_id, m.chat_id from made join member m using (user_id)`
  await sql`analyze`
  const secrets = createSecrets({ secretKey: SECRET, algorithm: 'HS256', expiresInMinutes: 600, serverKey: null })
  return Promise.all(sessions.map(async (row) => ({ token: (await signToken(secrets, row.user_id, row.id)).token, chatId: encodeId('Chat', row.chat_id) })))
}

async function run(people: readonly Person[]): Promise<void> {
  const before = memory()
  const listeners = people.map((person) => new Listener(person))
  const connecting = performance.now()
  await inTurns(listeners, 100, (listener) => listener.connect())
  console.log(`${listeners.length} connections, each with its stream, in ${((performance.now() - connecting) / 1000).toFixed(1)} s.`)
  await delay(5000)
  const after = memory()
  console.log(`Memory of the server: ${mb(before)} before, ${mb(after)} with them: ${((after - before) / 1024 / listeners.length).toFixed(1)} KiB each.`)

  const delays: number[] = []
  for (const listener of listeners) {
    listener.onText = (text) => {
      const at = Number(/^at (\d+\.\d+)/.exec(text)?.[1])
      delays.push(performance.now() - at)
    }
  }
  let sent = 0
  const cpu = cpuSeconds()
  const began = performance.now()
  while (performance.now() - began < SECONDS * 1000) {
    const person = people[Math.floor(Math.random() * people.length)]
    if (person !== undefined) void send(person)
    sent++
    await delay(Math.max(0, began + (sent * 1000) / SENDS_PER_SECOND - performance.now()))
  }
  await delay(3000)
  const busy = (cpuSeconds() - cpu) / SECONDS
  delays.sort((a, b) => a - b)
  console.log(`${sent} messages at ${SENDS_PER_SECOND}/s, each to ${MEMBERS}: ${delays.length} of ${sent * MEMBERS} deliveries, p50 ${at(delays, 0.5)} ms, p99 ${at(delays, 0.99)} ms from the send; the server used ${(busy * 100).toFixed(0)} % of a core.`)

  const third = listeners.filter((_, index) => index % 3 === 0)
  for (const { socket } of third) socket?.terminate()
  const storm = performance.now()
  const back: number[] = []
  // As clients do: half a second at first, not all at the same moment.
  await Promise.all(third.map(async (listener) => {
    await delay(250 + Math.random() * 250)
    for (;;) {
      const came = await listener.connect().then(() => true, () => false)
      if (came) break
      await delay(500 + Math.random() * 500)
    }
    back.push(performance.now() - storm)
  }))
  back.sort((a, b) => a - b)
  console.log(`${third.length} of them cut, and back with their cursors: p50 ${at(back, 0.5)} ms, p99 ${at(back, 0.99)} ms, all after ${at(back, 1)} ms. Memory: ${mb(memory())}.`)
  for (const { socket } of listeners) socket?.terminate()
}

async function send({ token, chatId }: Person): Promise<void> {
  const input = { chatId, clientId: crypto.randomUUID(), text: `at ${performance.now().toFixed(3)}` }
  await fetch(`http://127.0.0.1:${PORT}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { errors { message } } }', variables: { input } }),
  }).then((response) => response.arrayBuffer())
}

async function inTurns<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  await Promise.all(Array.from({ length: width }, async () => { for (const item of queue) await work(item) }))
}

/** The server's resident memory, in bytes (proc(5)). */
function memory(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1024
}

/** Time that the server has used of its cores (proc(5), fields 14 and 15, in hundredths). */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
