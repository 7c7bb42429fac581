import type { Sql } from 'postgres'
import WebSocket from 'ws'
import { signToken } from '../../src/auth/token.ts'
import { encodeId } from '../../src/base/id.ts'
import { createSecrets } from '../../src/base/secrets.ts'

// Thousands of people who are there and do little else: each with one connection that hears of one group. Here and in bench/connections.ts.

/** So many in each group. */
export const MEMBERS = 50

export interface Person {
  id: number
  token: string
  /** The group's number, and its id in the API. */
  chat: number
  chatId: string
}

/** So many people with a session each, in groups. `prefix` begins their names. */
export async function seedCrowd(sql: Sql, options: { count: number; secretKey: string; prefix: string }): Promise<Person[]> {
  const { count, prefix } = options
  const users = await sql<{ id: number }[]>`
    insert into users (username, display_name, search_text) select ${prefix}::text || i, 'User ' || i, ' user' || i from generate_series(1, ${count}) as i returning id`
  const chats = await sql<{ id: number }[]>`
    insert into chat (kind, title, member_count) select 'GROUP', 'Chat ' || i, ${MEMBERS} from generate_series(1, ${Math.ceil(count / MEMBERS)}::int) as i returning id`
  const [userIds, chatIds] = [users.map(({ id }) => Number(id)), chats.map(({ id }) => Number(id))]
  await sql`insert into stream (id) select unnest(${[...userIds, ...chatIds]}::bigint[])`
  await sql`
    insert into member (chat_id, user_id, role, from_seq, history_from, delivered_up_to, read_up_to)
    select (${chatIds}::bigint[])[1 + (u.n - 1) / ${MEMBERS}], u.id, 'MEMBER', 1, 1, 0, 0 from unnest(${userIds}::bigint[]) with ordinality as u (id, n)`
  const sessions = await sql<{ id: number; user: number; chat: number }[]>`
    with made as (insert into session (user_id) select unnest(${userIds}::bigint[]) returning id, user_id)
    select made.id, made.user_id as user, m.chat_id as chat from made join member m using (user_id)`
  await sql`analyze`
  const secrets = createSecrets({ secretKey: options.secretKey, algorithm: 'HS256', expiresInMinutes: 600, serverKey: null })
  return Promise.all(
    sessions.map(async (row) => ({ id: Number(row.user), token: (await signToken(secrets, Number(row.user), Number(row.id))).token, chat: Number(row.chat), chatId: encodeId('Chat', Number(row.chat)) })),
  )
}

export interface Heard {
  number: number
  text: string
}

interface Frame {
  type: string
  payload: { data: { events: { cursor: string; caughtUp: boolean; reset: object | null; events: { message?: Heard }[] } } }
}

const EVENTS = 'subscription { events { cursor caughtUp reset { reason } events { chatId seq ... on MessageAdded { message { id number text sender { displayName } } } } } }'

/** A socket with its stream of events, as a client keeps it. */
export class Listener {
  readonly person: Person
  socket: WebSocket | null = null
  cursor: string | null = null
  /** What comes is not all that happened. */
  resets = 0
  onMessage: (message: Heard) => void = () => undefined
  onClose: () => void = () => undefined

  constructor(person: Person) {
    this.person = person
  }

  /** Resolves once it has all that happened meanwhile. */
  connect(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', { perMessageDeflate: false })
      this.socket = socket
      let up = false
      socket.on('error', reject)
      socket.once('close', () => {
        reject(new Error('closed'))
        if (up) this.onClose()
      })
      socket.once('open', () => {
        socket.send(JSON.stringify({ type: 'connection_init', payload: { token: this.person.token, resumeAfter: this.cursor } }))
      })
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString()) as Frame
        if (frame.type === 'connection_ack') socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: EVENTS } }))
        else if (frame.type === 'ping') socket.send('{"type":"pong"}')
        else if (frame.type === 'next') {
          const { cursor, caughtUp, reset, events } = frame.payload.data.events
          this.cursor = cursor
          if (reset !== null) this.resets += 1
          for (const { message } of events) if (message !== undefined) this.onMessage(message)
          if (caughtUp) {
            up = true
            resolve()
          }
        } else if (frame.type === 'error' || frame.type === 'complete') socket.terminate()
      })
    })
  }
}

/** Sends once; answers the message's number. @throws where it was not acknowledged. */
export async function sendOnce(port: number, { token, chatId }: Person, clientId: string, text: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    signal: AbortSignal.timeout(10_000),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { number } errors { message } } }', variables: { input: { chatId, clientId, text } } }),
  })
  const { data } = (await response.json()) as { data?: { sendMessage?: { message: { number: number } | null } } }
  const number = data?.sendMessage?.message?.number
  if (number === undefined) throw new Error('not acknowledged')
  return number
}

/** So many at a time. */
export async function inTurns<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  await Promise.all(Array.from({ length: width }, async () => { for (const item of queue) await work(item) }))
}
