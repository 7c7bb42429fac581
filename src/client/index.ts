import type { Client } from 'graphql-ws/client'
import { createConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import { createFeed } from './feed.ts'
import type { Feed, FeedOptions } from './feed.ts'
import type { FeedEvent } from './ledger.ts'
import { createOutbox } from './outbox.ts'
import type { Outbox, OutboxOptions } from './outbox.ts'
import { createPauses } from './pauses.ts'
import { createRequest } from './request.ts'
import type { Request } from './request.ts'
import { defaultStore, systemClock } from './types.ts'
import type { Clock, Store } from './types.ts'

export { keys, possibleTypes, typePolicies } from './caches.ts'
export { RequestFailed } from './request.ts'
export { memoryStore } from './types.ts'
export type { Connection, ConnectionState } from './connection.ts'
export type { Draft, SendFault } from './drafts.ts'
export type { Batch, Feed, FeedOptions, Gap } from './feed.ts'
export type { FeedEvent } from './ledger.ts'
export type { Outbox, OutboxOptions, Said } from './outbox.ts'
export type { GraphQLFault, Request } from './request.ts'
export type { Clock, Document, Store } from './types.ts'

export interface ParleyOptions {
  /** The GraphQL endpoint over HTTP, such as `https://chat.example.com/graphql`; the WebSocket is at the same place. */
  url: string
  /**
   * A token that is good for the next minute, as far as can be known; null: nobody is signed in. Asked for each request and each connection, so
   * answer what you have while it is good. Where it throws it is asked again, after a pause. Never answer the token of another person: make a
   * new Parley for them, and close this one.
   */
  token: () => Promise<string | null>
  /** Called with a token that the server did not take (401, or a socket closed with 4403), before `token` is asked again: trade it. */
  onTokenRefused?: (token: string) => unknown
  /** Keeps drafts, and a cursor where a feed says so. Without it `localStorage`, or the memory where there is none. Several tabs may share it. */
  storage?: Store
  /** A WebSocket for Node.js 20, which has none: that of the package `ws`. */
  webSocketImpl?: unknown
  /** Instead of the global one. */
  fetch?: typeof fetch
  /** Instead of the system's, for tests. The pings go by the system's clock. */
  clock?: Clock
  /** `print` of the package `graphql`, for documents that are not text. */
  print?: (document: never) => string
  /** How often the server is asked whether the line still works, in milliseconds; 10 seconds without it. A dead line is noticed after half as long again. */
  keepAliveMs?: number
}

/** One person's connection to one server. */
export interface Parley {
  /** Asks a query or mutation over HTTP, signed; a refused token is traded and the request sent once more. Answers its data. @throws {RequestFailed} */
  request: Request
  /** Applies the events of `events` from a cursor on, over every cut. One at a time: the connection brings its cursor. @throws {Error} where one is there already. */
  feed<E extends FeedEvent, V extends object = Record<string, unknown>>(options: FeedOptions<E, V>): Feed
  /** Sends what somebody says, once and in order, and what an earlier page had left. */
  outbox(options: OutboxOptions): Outbox
  /** Whether there is a connection. It is made for the first subscription. */
  connection: Connection
  /** The client of graphql-ws over the same connection, for other subscriptions such as typing, or Apollo's `GraphQLWsLink`. */
  socket: Client
  /** Ends the feed, the outboxes and the connection, for good. What was not sent stays in the storage. */
  close(): void
}

/** What an app needs to hear of everything once and to send without doubling. Does nothing before it is asked to. */
export function createParley(options: ParleyOptions): Parley {
  const { url, token, onTokenRefused = () => undefined, webSocketImpl, print, keepAliveMs = 10_000, clock = systemClock } = options
  const store = options.storage ?? defaultStore()
  const pauses = createPauses(clock)
  const request = createRequest({ url, token, onTokenRefused, fetch: options.fetch ?? ((...args) => fetch(...args)), clock, print })
  const cursor = () => feed?.cursor ?? null
  const { client, connection, bring, close } = createConnection({ url, token, onTokenRefused, webSocketImpl, keepAliveMs, clock, cursor }, pauses)
  let feed: Feed | null = null
  const outboxes: Outbox[] = []

  return {
    request,
    feed(feedOptions) {
      if (feed !== null) throw new Error('There is a feed already: stop it first.')
      const onStop = () => {
        feed = null
      }
      const made = createFeed(feedOptions, { client, bring, request, pauses, store, clock, print, onStop })
      feed = made
      return made
    },
    outbox(outboxOptions) {
      const outbox = createOutbox(outboxOptions, { request, pauses, store, clock })
      outboxes.push(outbox)
      return outbox
    },
    connection,
    socket: client,
    close() {
      feed?.stop()
      for (const outbox of outboxes) outbox.stop()
      close()
      pauses.end()
    },
  }
}
